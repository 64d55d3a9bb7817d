/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Only Linux punches holes here. Windows does it in sparse files only, whose space can't be
 * reserved. macOS could, but see darwin/preallocate.c for what sparse files do there.
 */
#include "os/os.h"

bool storage_can_punch(int fd, uint64_t size)
{
        (void)fd;
        (void)size;
        return false;
}

int storage_punch(int fd, uint64_t offset, uint64_t length)
{
        (void)fd;
        (void)offset;
        (void)length;
        return -EOPNOTSUPP;
}
