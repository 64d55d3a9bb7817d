/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A lock of Windows keeps others from reading and writing the bytes that it covers. These cover
 * bytes where no file has data. They belong to the handle, and end with it, or with the process.
 */
#include <errno.h>

#include "os/windows/inside.h"

#define LOCKED_BYTE ((uint64_t)INT64_MAX - 1)
#define GROWTH_BYTE ((uint64_t)INT64_MAX - 2)

static int take(int fd, uint64_t byte, DWORD flags)
{
        struct io io;
        int err = io_begin(&io, byte);

        if (err != 0)
                return err;
        err = io_end(&io, fd,
                     windows_calls.LockFileEx(handle_of(fd), LOCKFILE_FAIL_IMMEDIATELY | flags, 0,
                                              1, 0, &io.overlapped),
                     NULL);
        return err == 0 || err == -EBUSY || err == -ENOMEM ? err : unavailable_or(-err);
}

static void drop(int fd, uint64_t byte)
{
        struct io io;

        if (io_begin(&io, byte) == 0)
                (void)io_end(&io, fd,
                             windows_calls.UnlockFileEx(handle_of(fd), 0, 1, 0, &io.overlapped),
                             NULL);
}

/*
 * As with flock, a handle that has a lock changes it, and has none in between: two locks of one
 * handle conflict here.
 */
int file_lock_take(int fd, enum file_lock lock)
{
        drop(fd, LOCKED_BYTE);
        return take(fd, LOCKED_BYTE,
                    lock == FILE_LOCK_EXCLUSIVE ? (DWORD)LOCKFILE_EXCLUSIVE_LOCK : 0);
}

int file_lock_change(int fd, enum file_lock lock)
{
        return file_lock_take(fd, lock);
}

void file_lock_drop(int fd)
{
        drop(fd, LOCKED_BYTE);
}

int growth_lock_try(int fd)
{
        return take(fd, GROWTH_BYTE, LOCKFILE_EXCLUSIVE_LOCK);
}

void growth_lock_drop(int fd)
{
        drop(fd, GROWTH_BYTE);
}
