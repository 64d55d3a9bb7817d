/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Both calls, always: POSIX doesn't say that fsync writes what was only stored in a mapping; and
 * systems differ in whether msync also writes the metadata that leads to the pages, and whether it
 * empties the device's cache.
 */
#include "os/inside.h"

int writeback_sync(int fd, const struct mapping *mapping, bool with_metadata)
{
        int err = 0;

        if (mapping != NULL && mapping->base != NULL)
                err = msync_pages(mapping, 0, mapping->length);
        return err != 0 ? err : fsync_device(fd, with_metadata);
}

int mapping_sync(const struct mapping *mapping, int fd, uint64_t offset, uint64_t length)
{
        int err = msync_pages(mapping, offset, length);

        return err != 0 ? err : fsync_device(fd, false);
}

int mapping_settle(const struct mapping *mapping)
{
        return mapping->base == NULL ? 0 : msync_pages(mapping, 0, mapping->length);
}
