/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A lock of Windows keeps others from reading and writing the bytes that it covers. This one covers
 * a byte where no file has data. It belongs to the handle, and ends with it, or with the process.
 */
#include <errno.h>

#include "os/windows/inside.h"

#define LOCKED_BYTE ((uint64_t)INT64_MAX - 1)

/*
 * As with flock, a handle that has a lock changes it, and has none in between: two locks of one
 * handle conflict here.
 */
int file_lock_take(int fd, enum file_lock lock)
{
        DWORD flags = LOCKFILE_FAIL_IMMEDIATELY |
                      (lock == FILE_LOCK_EXCLUSIVE ? (DWORD)LOCKFILE_EXCLUSIVE_LOCK : 0);
        struct io io;
        int err;

        file_lock_drop(fd);
        err = io_begin(&io, LOCKED_BYTE);
        if (err != 0)
                return err;
        err = io_end(&io, fd,
                     windows_calls.LockFileEx(handle_of(fd), flags, 0, 1, 0, &io.overlapped), NULL);
        return err == 0 || err == -EBUSY || err == -ENOMEM ? err : unavailable_or(-err);
}

void file_lock_drop(int fd)
{
        struct io io;

        if (io_begin(&io, LOCKED_BYTE) == 0)
                (void)io_end(&io, fd,
                             windows_calls.UnlockFileEx(handle_of(fd), 0, 1, 0, &io.overlapped),
                             NULL);
}
