/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What is the same for the locks of every system. */
#include <errno.h>

#include "os/os.h"

static int try_lock(int fd, enum file_lock lock)
{
        return lock == FILE_LOCK_GROWTH ? growth_lock_try(fd) : file_lock_take(fd, lock);
}

int file_lock_wait(int fd, enum file_lock lock, unsigned int tries)
{
        int err = try_lock(fd, lock);

        for (unsigned int done = 0; err == -EBUSY && done < tries; done++) {
                backoff(done);
                err = try_lock(fd, lock);
        }
        return err;
}

int file_lock_downgrade(int fd, unsigned int tries)
{
        int err = file_lock_change(fd, FILE_LOCK_SHARED);

        return err == -EBUSY ? file_lock_wait(fd, FILE_LOCK_SHARED, tries) : err;
}

void file_lock_close(int fd, bool locked)
{
        if (locked)
                file_lock_drop(fd);
        storage_close(fd);
}
