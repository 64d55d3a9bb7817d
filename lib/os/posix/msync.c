/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <sys/mman.h>

#include "base/checked.h"
#include "os/inside.h"
#include "os/posix/calls.h"

int msync_pages(const struct mapping *mapping, uint64_t offset, uint64_t length)
{
        size_t page = mapping_page_size();
        size_t first = (size_t)align_down_to(offset, page);
        size_t end = (size_t)min_u64(align_up_to(offset + length, page), mapping->length);

        if (end <= first)
                return 0;
        while (os_calls.msync(mapping->base + first, end - first, MS_SYNC) != 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}
