/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <sys/file.h>

#include "os/os.h"
#include "os/posix/calls.h"

/* Half a second in all. */
#define EXCLUSIVE_TRIES (BACKOFF_YIELDS + 500)

int file_lock_take(int fd, enum file_lock lock)
{
        int operation = lock == FILE_LOCK_EXCLUSIVE ? LOCK_EX : LOCK_SH;

        while (os_calls.flock(fd, operation | LOCK_NB) != 0) {
                if (errno == EWOULDBLOCK)
                        return -EBUSY;
                if (errno == EBADF) /* NFS requires a writable descriptor for an exclusive lock */
                        return -EOPNOTSUPP;
                if (errno != EINTR)
                        return unavailable_or(errno);
        }
        return 0;
}

int file_lock_outlast(int fd)
{
        int err = file_lock_take(fd, FILE_LOCK_EXCLUSIVE);

        for (unsigned int tries = 0; err == -EBUSY && tries < EXCLUSIVE_TRIES; tries++) {
                backoff(tries);
                err = file_lock_take(fd, FILE_LOCK_EXCLUSIVE);
        }
        return err;
}

void file_lock_drop(int fd)
{
        while (os_calls.flock(fd, LOCK_UN) != 0 && errno == EINTR)
                ;
}

void file_lock_close(int fd, bool locked)
{
        if (locked)
                file_lock_drop(fd);
        storage_close(fd);
}
