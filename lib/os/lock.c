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

/* About five seconds in all. */
#define GROWTH_TRIES (BACKOFF_YIELDS + 4800)

int growth_lock_take(int fd)
{
        int err = growth_lock_try(fd);

        for (unsigned int tries = 0; err == -EBUSY && tries < GROWTH_TRIES; tries++) {
                backoff(tries);
                err = growth_lock_try(fd);
        }
        return err;
}

void file_lock_close(int fd, bool locked)
{
        if (locked)
                file_lock_drop(fd);
        storage_close(fd);
}
