/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <sys/mman.h>

#include "os/os.h"

void mapping_advise(const struct mapping *mapping, int fd, enum mapping_order order)
{
        (void)fd;
        if (mapping->base != NULL)
                (void)posix_madvise(mapping->base, mapping->length,
                                    order == MAPPING_IN_ORDER ? POSIX_MADV_SEQUENTIAL
                                                              : POSIX_MADV_RANDOM);
}
