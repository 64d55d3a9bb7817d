/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <fcntl.h>
#include <sys/mman.h>

#include "os/linux/calls.h"
#include "os/os.h"

/* Only advice: a failure is no error. */
void mapping_advise(const struct mapping *mapping, int fd, enum mapping_order order)
{
        bool in_order = order == MAPPING_IN_ORDER;

        (void)posix_fadvise(fd, 0, 0, in_order ? POSIX_FADV_SEQUENTIAL : POSIX_FADV_RANDOM);
        /* In order, the descriptor's larger read-ahead also serves the mapping. MADV_SEQUENTIAL
         * isn't set: it treats each fault of another thread as the start of a new sequence, which
         * is 1.7 times slower with two readers. */
        if (mapping->base != NULL && !in_order)
                (void)linux_calls.madvise(mapping->base, mapping->length, MADV_RANDOM);
}
