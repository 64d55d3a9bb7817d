/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "alone.h"
#include "os/os.h"
#include "sync-exec.h"

/* Acquire and release: the next call sees what this one did. */
bool alone_enter(struct rmmap_file *file)
{
        return refcount_is_one(&file->references) &&
               !atomic_exchange_explicit(&file->publish.busy, true, memory_order_acquire);
}

void alone_leave(struct rmmap_file *file)
{
        atomic_store_explicit(&file->publish.busy, false, memory_order_release);
}

static bool keeps_exclusive(const struct rmmap_file *file)
{
        return file->config.lock_file || !file->os.locked;
}

int alone_lock(struct rmmap_file *file)
{
        int err = keeps_exclusive(file) ? 0 : file_lock_change(file->os.fd, FILE_LOCK_EXCLUSIVE);

        return err == -EOPNOTSUPP ? 0 : err;
}

/* A size that can't be read says nothing of the lock. */
static int check_size(struct rmmap_file *file, bool may_grow)
{
        uint64_t size, mine = file_size(file);
        int err = storage_size(file->os.fd, &size);

        if (err == 0 && (size < mine || (size > mine && !may_grow)))
                wb_error_latch(&file->sync.error, -ESTALE);
        return err;
}

int alone_unlock(struct rmmap_file *file, int err, bool may_grow)
{
        int lost;

        if (keeps_exclusive(file))
                return err;
        lost = file_lock_downgrade(file->os.fd, may_grow ? LOCK_TRIES_SHORT : 0);
        if (lost != 0)
                file->os.locked = false;
        else if (err == 0)
                err = check_size(file, may_grow);
        if (lost != 0 && lost != -EOPNOTSUPP)
                wb_error_latch(&file->sync.error, -ESTALE);
        lost = sync_error(file);
        return lost != 0 ? lost : err;
}
