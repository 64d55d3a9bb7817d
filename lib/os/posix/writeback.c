/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* msync(MS_ASYNC) and the like promise to start nothing, and start nothing. */
#include "os/os.h"

int writeback_start(int fd, uint64_t offset, uint64_t length)
{
        (void)fd;
        (void)offset;
        (void)length;
        return -EOPNOTSUPP;
}

int writeback_pwrite_durable(int fd, uint64_t offset, const void *data, size_t length)
{
        (void)fd;
        (void)offset;
        (void)data;
        (void)length;
        return -EOPNOTSUPP;
}
