/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <fcntl.h>
#include <sys/mman.h>

#include "os/os.h"
#include "os/posix/calls.h"

void mapping_advise(const struct mapping *mapping, int fd, enum mapping_order order)
{
        bool in_order = order == MAPPING_IN_ORDER;

        (void)os_calls.fcntl(fd, F_RDAHEAD, in_order ? 1 : 0);
        if (mapping->base != NULL)
                (void)posix_madvise(mapping->base, mapping->length,
                                    in_order ? POSIX_MADV_SEQUENTIAL : POSIX_MADV_RANDOM);
}
