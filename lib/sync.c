/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Flushing and syncing. What can take a write-back error from the kernel, which tells it once, runs
 * inside a batch of the file's commit, or is a call that only starts write-back. Either latches the
 * error before a batch ends whose data it may concern. All of it is the business of one process:
 * the children that it forks share its open file description, and would take its errors.
 */
#include <errno.h>

#include "base/checked.h"
#include "base/sync-annotations.h"
#include "file.h"
#include "os/os.h"

/* So little is sooner synced whole than range by range. */
#define LITTLE_DIRTY (UINT64_C(4) << 20)

static void latch(struct rmmap_file *file, int err)
{
        if (wb_error_latch(&file->wb_error, err))
                PROBE2(error, file, err);
}

/* One that its file system can't sync is as one that can't be opened: describe tells. */
static int sync_directory(struct rmmap_file *file)
{
        int err = writeback_sync(file->directory, true);

        if (err == 0 || !is_unavailable(-err))
                return err;
        atomic_store_explicit(&file->entry_unsynced, true, memory_order_relaxed);
        return 0;
}

/* [start, end) was written back, or is going to be. On tmpfs nothing is, and what is warm stays. */
static void note_writeback(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        if (start >= end || file->page_state.state == NULL ||
            file->file_system.reservation == RESERVES_PAGES)
                return;
        for (size_t region = region_of(start); region <= region_of(end - 1); region++)
                if (page_state_note_writeback(&file->page_state, &file->clean_entries, region))
                        file_drop_clean_entries(file, region);
}

static int sync_ranges(struct rmmap_file *file, const struct sync_set *work)
{
        int err = 0;

        /* An error is everybody's; the rest is better on the disk all the same. */
        for (unsigned int i = 0; i < work->count; i++) {
                const struct sync_set_range *range = &work->ranges[i];
                int this = mapping_sync(&file->mapping, range->start, range->end - range->start);

                note_writeback(file, range->start, range->end);
                err = err != 0 ? err : this;
        }
        return err;
}

/*
 * Each range by itself waits for the device once more, and everything waits for all that is dirty.
 * dirty: so many bytes at most, as far as they were counted, since everything was synced last.
 */
static bool suits_everything(struct rmmap_file *file, const struct sync_set *work,
                             bool entry_pending, uint64_t dirty)
{
        if (work->everything || file->base == NULL || MSYNC_IS_SEEN_AS_READ)
                return true;
        /* Of a mapping that can't be written msync syncs nothing; the descriptor's call does. */
        if (file->read_only)
                return true;
        /* Without a directory the name is the file's to save; and its size is, if nothing else. */
        if (entry_pending && (file->directory < 0 || work->count == 0))
                return true;
        return work->count > 1 && dirty <= LITTLE_DIRTY;
}

static int sync_everything(struct rmmap_file *file, bool entry_pending)
{
        uint64_t made = file_dirtied(file); /* before it is synced, so that none is forgotten */
        int err = writeback_sync(file->fd, entry_pending);

        if (err == 0)
                file->dirtied_before = made;
        note_writeback(file, 0, file->size);
        return err;
}

static int sync_data(struct rmmap_file *file, const struct sync_set *work, bool entry_pending)
{
        uint64_t dirty = file_dirtied(file) - file->dirtied_before;

        if (suits_everything(file, work, entry_pending, dirty))
                return sync_everything(file, entry_pending);
        return sync_ranges(file, work);
}

static void sync_now(void *context, const struct sync_set *work)
{
        struct rmmap_file *file = context;
        struct sync_set_range span = sync_set_span(work, file->size);
        /* Only a batch touches this, and batches run one at a time. */
        bool entry_pending = atomic_load_explicit(&file->entry_pending, memory_order_relaxed);
        uint64_t began = PROBE_BEGIN(sync_batch);
        struct sync_set pieces, wider = *work;
        int err;

        convert_begin(file, work, &pieces);
        sync_set_join(&wider, &pieces);
        err = sync_data(file, &wider, entry_pending);
        convert_end(file, &pieces);
        /* A created file's size is of its data; its name is its directory's. */
        if (err == 0 && entry_pending && file->directory >= 0)
                err = sync_directory(file);
        if (err == 0 && entry_pending)
                atomic_store_explicit(&file->entry_pending, false, memory_order_relaxed);
        populate_learn(&file->populate, file_written(file));
        PROBE5(sync_batch, file, span.start, span.end, probe_since(began), err);
        latch(file, err);
        wb_error_settle(&file->wb_error);
}

static int sync_with_others(struct rmmap_file *file, const struct sync_set *work)
{
        bool nothing = !work->everything && work->count == 0;
        int before, err = durability_error(file);

        if (err != 0)
                return err;
        if (nothing && !atomic_load_explicit(&file->entry_pending, memory_order_relaxed))
                return 0;
        before = cancellation_off();
        group_commit_run(&file->group_commit, work, sync_now, file);
        cancellation_restore(before);
        return durability_error(file);
}

int durability_sync(struct rmmap_file *file, const struct sync_set *work)
{
        struct sync_set_range span = sync_set_span(work, file->size);
        uint64_t began = PROBE_BEGIN(sync_return);
        int err;

        PROBE3(sync_entry, file, span.start, span.end);
        err = sync_with_others(file, work);
        PROBE5(sync_return, file, span.start, span.end, probe_since(began), err);
        return err;
}

/*
 * One system call instead of two. Only where space is reserved: elsewhere a full disk at the write
 * couldn't be told from lost data at the sync, and would stay. Only alone in a batch, for the
 * error's sake; when others sync as well, joining them is cheaper anyway.
 */
static bool can_write_durably(const struct rmmap_file *file)
{
        return !file->engine.never_calls && (file->facts & RMMAP_FACT_RESERVED) &&
               (file->facts & RMMAP_FACT_COHERENT) &&
               file->file_system.reservation != RESERVES_BY_MAP &&
               !atomic_load_explicit(&file->entry_pending, memory_order_relaxed) &&
               !atomic_load_explicit(&file->writes_then_syncs, memory_order_relaxed);
}

/* A write that syncs itself takes nothing along. */
static int convert_before(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        struct sync_set pieces, work = {.everything = false};
        int err;

        sync_set_add(&work, offset, offset + length);
        convert_begin(file, &work, &pieces);
        if (pieces.count == 0)
                return 0;
        err = sync_data(file, &pieces, false);
        convert_end(file, &pieces);
        latch(file, err);
        return err;
}

/* Of a region only this was written back: it stays as warm as it is. */
static void note_durable_write(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        if (file->clean_entries.state == NULL || length == 0)
                return;
        for (size_t region = region_of(offset); region <= region_of(offset + length - 1); region++)
                if (page_state_note_durable_write(&file->clean_entries, region))
                        file_drop_clean_entries(file, region);
}

static int write_in_batch(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        int err = file->guarded ? fault_check_size(file) : 0;

        if (err == 0)
                err = convert_before(file, offset, length);
        if (err != 0)
                return err;
        err = writeback_pwrite_durable(file->fd, offset, data, length);
        if (err == -EOPNOTSUPP) /* the next one needn't try */
                atomic_store_explicit(&file->writes_then_syncs, true, memory_order_relaxed);
        /* What is refused for the caller's memory or a limit says nothing of the disk. */
        if (err == -EOPNOTSUPP || err == -EFAULT || err == -EFBIG)
                return err;
        latch(file, err);
        note_durable_write(file, offset, length);
        if (err == 0)
                count(&file->pwrite_bytes, length);
        if (err == 0 && file->guarded)
                err = fault_check_size(file);
        return err;
}

int durability_write(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        uint64_t began;
        int before, err;

        if (!can_write_durably(file))
                return -EOPNOTSUPP;
        err = storage_check_limit(offset + length);
        if (err != 0)
                return err;
        before = cancellation_off();
        err = -EOPNOTSUPP;
        if (group_commit_try_enter(&file->group_commit)) {
                began = PROBE_BEGIN(write_durable);
                err = durability_error(file);
                if (err == 0)
                        err = write_in_batch(file, offset, data, length);
                PROBE5(write_durable, file, offset, length, probe_since(began), err);
                wb_error_settle(&file->wb_error);
                group_commit_leave(&file->group_commit);
                /* An error that another call met meanwhile may be of these bytes. */
                if (err == 0)
                        err = durability_error(file);
        }
        cancellation_restore(before);
        return err;
}

static int sync_piece(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        struct sync_set work = {.everything = false};

        sync_set_add(&work, offset, offset + length);
        return durability_sync(file, &work);
}

int rmmap_sync_range(struct rmmap_file *file, struct rmmap_receipt receipt)
{
        int err;

        if (file == NULL)
                return -EINVAL;
        err = receipt_check(&receipt, file->owner);
        if (err != 0)
                return err;
        if (file_forked(file))
                return -EPERM;
        return sync_piece(file, receipt.opaque[WORD_START],
                          receipt.opaque[WORD_END] - receipt.opaque[WORD_START]);
}

int rmmap_sync_ranges(struct rmmap_file *file, const struct rmmap_receipt *receipts, size_t count)
{
        struct sync_set work = {.everything = false};

        if (file == NULL || (receipts == NULL && count != 0))
                return -EINVAL;
        for (size_t i = 0; i < count; i++) {
                int err = receipt_check(&receipts[i], file->owner);

                if (err != 0)
                        return err;
                sync_set_add(&work, receipts[i].opaque[WORD_START], receipts[i].opaque[WORD_END]);
        }
        if (file_forked(file))
                return -EPERM;
        return durability_sync(file, &work);
}

int rmmap_sync_within(struct rmmap_file *file, struct rmmap_range range, uint64_t offset,
                      uint64_t length)
{
        int err;

        if (file == NULL)
                return -EINVAL;
        err = range_check(&range, file->owner);
        if (err != 0)
                return err;
        if (file_forked(file))
                return -EPERM;
        if (!within(offset, length, range_length(&range)))
                return -ERANGE;
        return sync_piece(file, range_start(&range) + offset, length);
}

int rmmap_sync_all(struct rmmap_file *file)
{
        struct sync_set work = {.everything = true};

        if (file == NULL)
                return -EINVAL;
        return file_forked(file) ? -EPERM : durability_sync(file, &work);
}

int rmmap_raw_sync(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        if (file == NULL)
                return -EINVAL;
        if (file_forked(file))
                return -EPERM;
        if (!within(offset, length, file->size))
                return -ERANGE;
        return sync_piece(file, offset, length);
}

/* To the kernel a length of 0 means all the rest: not here. */
static int start_writeback(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        int before = cancellation_off();
        unsigned int phase = wb_error_start_begin(&file->wb_error);
        int err = writeback_start(file->fd, offset, length);

        if (err != -EOPNOTSUPP)
                latch(file, err);
        wb_error_start_end(&file->wb_error, phase);
        note_writeback(file, offset, offset + length);
        PROBE4(flush, file, offset, length, err);
        cancellation_restore(before);
        return err;
}

int durability_write_behind(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        int err = file_forked(file) ? 0 : start_writeback(file, offset, length);

        return err == -EOPNOTSUPP ? 0 : err;
}

static int flush_piece(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        if (length == 0)
                return 0;
        count(&file->flush_calls, 1);
        return start_writeback(file, offset, length);
}

int rmmap_flush(struct rmmap_file *file)
{
        if (file == NULL)
                return -EINVAL;
        return file_forked(file) ? -EPERM : flush_piece(file, 0, file->size);
}

int rmmap_flush_range(struct rmmap_file *file, struct rmmap_receipt receipt)
{
        int err;

        if (file == NULL)
                return -EINVAL;
        err = receipt_check(&receipt, file->owner);
        if (err != 0)
                return err;
        if (file_forked(file))
                return -EPERM;
        return flush_piece(file, receipt.opaque[WORD_START],
                           receipt.opaque[WORD_END] - receipt.opaque[WORD_START]);
}

int rmmap_raw_flush(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        if (file == NULL)
                return -EINVAL;
        if (file_forked(file))
                return -EPERM;
        if (!within(offset, length, file->size))
                return -ERANGE;
        return flush_piece(file, offset, length);
}
