/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A file that becomes longer while threads write and read it. Nothing moves: the mapping covers the
 * highest size from the start. The steps have this order: the disk, the handle's size, the
 * allocator; so whoever gets a range finds its bytes.
 *
 * Several handles, also of several processes, may let one file grow. A thread that changes its size
 * on the disk holds the lock of growth, and reads the size under it, so that it cuts nothing that
 * another handle has added. Where there is no such lock only one handle may grow.
 */
#include <errno.h>

#include "allocator-shared.h"
#include "api-check.h"

/* ---- on the disk */

/*
 * No lock where other machines may have the file, too: they needn't see it. Nor where the open file
 * description is shared with the caller, and so with other handles: they would have the same lock.
 */
int file_lock_growth(const struct rmmap_file *file, bool *locked)
{
        int err = -EOPNOTSUPP;

        if (file->os.file_system.coherent && !file->os.errors_shared)
                err = file_lock_wait(file->os.fd, FILE_LOCK_GROWTH, LOCK_TRIES);
        *locked = err == 0;
        return err == -EOPNOTSUPP ? 0 : err;
}

static int reserve(const struct rmmap_file *file, uint64_t start, uint64_t end)
{
        int err;

        if (!file->config.preallocates || start >= end)
                return 0;
        err = storage_reserve_ahead(file->os.fd, start, end);
        return err == -EOPNOTSUPP && !file->config.reserved ? 0 : err;
}

/* Unless another program changed the size meanwhile. */
static void cut_back(const struct rmmap_file *file, uint64_t from, uint64_t to)
{
        uint64_t now;

        if (storage_size(file->os.fd, &now) == 0 && now == from)
                (void)storage_resize(file->os.fd, to);
}

/* The caller holds the lock of growth. */
static int extend(const struct rmmap_file *file, uint64_t start, uint64_t end, uint64_t *before,
                  uint64_t *size)
{
        int err = storage_size(file->os.fd, before);

        if (err != 0)
                return err;
        if (*before < start)
                return -ESTALE;
        *size = max_u64(*before, end);
        if (file->config.read_only)
                return 0;
        if (end > *before)
                err = storage_check_limit(end);
        if (err != 0)
                return err;
        err = reserve(file, start, min_u64(*size, file->growth.max_size));
        if (err == 0 && *size > *before)
                err = storage_resize(file->os.fd, *size);
        /* ext4 keeps what it could reserve of a request that failed. */
        if (err != 0)
                cut_back(file, *before, *before);
        return err;
}

int file_extend(const struct rmmap_file *file, uint64_t start, uint64_t end, uint64_t *before,
                uint64_t *size)
{
        bool locked = false;
        int err = file->config.read_only ? 0 : file_lock_growth(file, &locked);

        if (err != 0)
                return err;
        err = extend(file, start, end, before, size);
        if (locked)
                growth_lock_drop(file->os.fd);
        return err;
}

void file_cut_back(const struct rmmap_file *file, uint64_t from, uint64_t to)
{
        bool locked;

        if (file_lock_growth(file, &locked) != 0)
                return;
        cut_back(file, from, to);
        if (locked)
                growth_lock_drop(file->os.fd);
}

/* ---- in the handle. The caller holds its lock. */

/* Release: a thread that sees the size may use the bytes. */
static int take_over(struct rmmap_file *file, uint64_t size)
{
        if (size > file_size(file)) {
                page_state_grow(&file->io.page_state, size);
                page_state_grow(&file->io.read_state, size);
                atomic_store_explicit(&file->growth.size, size, memory_order_release);
        }
        return size > allocator_total(&file->allocator) ? allocator_grow(&file->allocator, size)
                                                        : 0;
}

static int grow(struct rmmap_file *file, uint64_t end)
{
        uint64_t old, size;
        int before, err;

        if (file->allocator.ops.grow == NULL)
                return -EOPNOTSUPP;
        before = cancellation_off();
        err = file_extend(file, file_size(file), end, &old, &size);
        if (err == 0)
                err = take_over(file, min_u64(size, file->growth.max_size));
        PROBE3(grow, file, file_size(file), err);
        cancellation_restore(before);
        return err;
}

static void lock(struct rmmap_file *file)
{
        mutex_lock(&file->growth.lock);
        file->growth.used = true;
}

/* The fewest steps after which length bytes may be left: one at least. */
static uint64_t next_size(const struct rmmap_file *file, uint64_t length)
{
        const struct file_growth *growth = &file->growth;
        uint64_t total, taken = allocator_taken(&file->allocator, &total);
        uint64_t left = total - taken, missing = length > left ? length - left : 1;
        uint64_t steps = (missing - 1) / growth->step + 1;

        if (steps > (growth->max_size - total) / growth->step)
                return growth->max_size;
        return total + steps * growth->step;
}

int file_grow_for(struct rmmap_file *file, uint64_t before, uint64_t length)
{
        int err = 0;

        lock(file);
        if (allocator_total(&file->allocator) == before)
                err = grow(file, next_size(file, length));
        mutex_unlock(&file->growth.lock);
        return err;
}

int file_follow(struct rmmap_file *file, uint64_t end)
{
        uint64_t total = allocator_total(&file->allocator);
        int err;

        if (!allocator_is_shared(&file->allocator) || end <= total ||
            total == file->growth.max_size || file_forked(file))
                return 0;
        lock(file);
        err = grow(file, 0);
        mutex_unlock(&file->growth.lock);
        return err;
}

int rmmap_grow(struct rmmap_file *file, uint64_t size)
{
        int err = check_handle(file);

        if (err != 0)
                return err;
        if (file->publish.sealed || (file->config.read_only && size > file_size(file)))
                return -EROFS;
        if (size > file->growth.max_size)
                return -EFBIG;
        if (size != 0 && size <= allocator_total(&file->allocator))
                return 0;
        if (file->growth.max_size == allocator_total(&file->allocator))
                return 0;
        lock(file);
        err = grow(file, size);
        mutex_unlock(&file->growth.lock);
        return err;
}
