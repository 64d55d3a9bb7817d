/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What is the same for the locks of every system. */
#include <errno.h>

#include "os/os.h"

/* Half a second in all. */
#define EXCLUSIVE_TRIES (BACKOFF_YIELDS + 500)

int file_lock_outlast(int fd)
{
        int err = file_lock_take(fd, FILE_LOCK_EXCLUSIVE);

        for (unsigned int tries = 0; err == -EBUSY && tries < EXCLUSIVE_TRIES; tries++) {
                backoff(tries);
                err = file_lock_take(fd, FILE_LOCK_EXCLUSIVE);
        }
        return err;
}

void file_lock_close(int fd, bool locked)
{
        if (locked)
                file_lock_drop(fd);
        storage_close(fd);
}
