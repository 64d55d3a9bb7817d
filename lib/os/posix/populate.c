/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "os/os.h"

bool mapping_want_huge_pages(const struct mapping *mapping)
{
        (void)mapping;
        return false;
}

int mapping_populate(const struct mapping *mapping, uint64_t size, bool read_only)
{
        (void)mapping;
        (void)size;
        (void)read_only;
        return -EOPNOTSUPP;
}

int mapping_populate_region(const struct mapping *mapping, uint64_t offset, uint64_t length)
{
        (void)mapping;
        (void)offset;
        (void)length;
        return -EOPNOTSUPP;
}

int mapping_dirty(const struct mapping *mapping, uint64_t offset, uint64_t length, bool at_random)
{
        (void)at_random;
        return mapping_populate_region(mapping, offset, length);
}

bool mapping_is_cached(const struct mapping *mapping, uint64_t offset)
{
        (void)mapping;
        (void)offset;
        return true;
}

/* Not by POSIX_MADV_DONTNEED: some systems may then lose what was stored. */
bool mapping_forget(const struct mapping *mapping, uint64_t offset, uint64_t length)
{
        (void)mapping;
        (void)offset;
        (void)length;
        return false;
}
