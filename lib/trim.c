/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rmmap_trim: the file ends where the allocator's never used space begins. The steps of growth in
 * reverse: the allocator, the disk, the handle's size; no other thread sees what is in between. No
 * pointer moves. The exclusive lock shows that nobody else loses pages; the lock of growth keeps
 * handles away that have no lock of the file.
 */
#include "alone.h"
#include "api-check.h"
#include "os/os.h"
#include "probes.h"
#include "sync-exec.h"

/* What grows there again later was never touched. */
static void forget_end(struct rmmap_file *file, uint64_t size)
{
        page_state_cut(&file->io.page_state, size);
        page_state_cut(&file->io.read_state, size);
        unwritten_forget(&file->sync.unwritten, size);
        atomic_store_explicit(&file->growth.size, size, memory_order_release);
        /* The next sync of anything makes the size durable. */
        atomic_store_explicit(&file->sync.entry_pending, true, memory_order_relaxed);
}

static int cut(struct rmmap_file *file)
{
        uint64_t before = allocator_total(&file->allocator), on_disk, size = 0;
        int err = storage_size(file->os.fd, &on_disk);

        if (err == 0 && on_disk != file_size(file))
                err = -ESTALE;
        if (err == 0)
                err = allocator_trim(&file->allocator, &size);
        if (err != 0 || size == on_disk)
                return err;
        err = storage_resize(file->os.fd, size);
        if (err == 0)
                forget_end(file, size);
        else
                (void)allocator_grow(&file->allocator, before);
        return err;
}

static int trim(struct rmmap_file *file)
{
        bool locked = false;
        int err = alone_lock(file);

        /* A lock that can't be had may have taken the shared one away. */
        if (err != 0)
                return alone_unlock(file, err, true);
        err = file_lock_growth(file, &locked);
        if (err == 0)
                err = cut(file);
        if (locked)
                growth_lock_drop(file->os.fd);
        return alone_unlock(file, err, true);
}

/* Where no mapping reaches beyond the end of a file, none may remain there either. */
static bool can_cut(const struct rmmap_file *file)
{
        return file->os.mapping.base == NULL || mapping_reaches_beyond(&file->os.file_system);
}

int rmmap_trim(struct rmmap_file *file)
{
        int before, err = check_unsealed(file);

        if (err == 0 && file->config.read_only)
                err = -EROFS;
        /* Before its lock may be lost for a moment, in which another process may cut the file. */
        if (err == 0 &&
            (!can_cut(file) || file->checkpoint != NULL || file->allocator.ops.trim == NULL))
                err = -EOPNOTSUPP;
        if (err == 0)
                err = sync_error(file);
        if (err != 0)
                return err;
        if (!alone_enter(file))
                return -EBUSY;
        before = cancellation_off();
        err = trim(file);
        PROBE3(trim, file, file_size(file), err);
        alone_leave(file);
        cancellation_restore(before);
        return err;
}
