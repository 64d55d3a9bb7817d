/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where the file system can't reserve, posix_fallocate may write into the file instead, and doesn't
 * report it. So nothing is ever reserved here.
 */
#include "os/os.h"

int storage_reserve(int fd, const struct file_system *file_system, uint64_t size, bool *reserved)
{
        (void)fd;
        (void)file_system;
        (void)size;
        (void)reserved;
        return -EOPNOTSUPP;
}

int storage_reserve_ahead(int fd, uint64_t start, uint64_t end)
{
        (void)fd;
        (void)start;
        (void)end;
        return -EOPNOTSUPP;
}

bool storage_is_reserved(int fd, const struct file_system *file_system, uint64_t size)
{
        (void)fd;
        (void)file_system;
        (void)size;
        return false;
}
