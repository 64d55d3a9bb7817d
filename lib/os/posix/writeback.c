/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* POSIX has no call that must start write-back: msync(MS_ASYNC) may do nothing. */
#include "os/os.h"

int writeback_start(int fd, uint64_t offset, uint64_t length)
{
        (void)fd;
        (void)offset;
        (void)length;
        return -EOPNOTSUPP;
}

int writeback_finish(int fd, uint64_t offset, uint64_t length)
{
        return writeback_start(fd, offset, length);
}

void writeback_drop_cache(int fd, uint64_t offset, uint64_t length)
{
        (void)fd;
        (void)offset;
        (void)length;
}

int writeback_pwrite_durable(int fd, uint64_t offset, const void *data, size_t length)
{
        (void)fd;
        (void)offset;
        (void)data;
        (void)length;
        return -EOPNOTSUPP;
}
