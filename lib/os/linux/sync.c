/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* fsync and fdatasync find what was stored in any mapping; msync does what fdatasync does. */
#include "os/inside.h"

int writeback_sync(int fd, const struct mapping *mapping, bool with_metadata)
{
        (void)mapping;
        return fsync_device(fd, with_metadata);
}

int mapping_sync(const struct mapping *mapping, int fd, uint64_t offset, uint64_t length)
{
        (void)fd;
        return msync_pages(mapping, offset, length);
}

/* What was stored is in the page cache, where fsync finds it. */
int mapping_settle(const struct mapping *mapping)
{
        (void)mapping;
        return 0;
}
