/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Flushing and syncing. All that can take a write-back error from the kernel, which tells it once,
 * runs inside a round of the file's commit, and latches the error before the round ends.
 */
#include <errno.h>

#include "checked.h"
#include "private.h"
#include "storage.h"
#include "sync-annotations.h"
#include "uncancellable.h"
#include "writeback.h"

/*
 * Shared by processes, so a child is never left with a lock that nobody holds; robust, so neither
 * is whoever outlives a process that was killed.
 */
int durability_init(struct rmmap_file *file)
{
        struct shared_error *error = process_shared_page();
        pthread_mutexattr_t attributes;
        int err;

        if (error == NULL)
                return -ENOMEM;
        pthread_mutexattr_init(&attributes);
        pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
        pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
        err = -pthread_mutex_init(&error->telling, &attributes);
        pthread_mutexattr_destroy(&attributes);
        atomic_init(&error->latched, 0);
        NOTE_ATOMIC(&error->latched);
        file->error = error;
        return err;
}

/* The first error stays. Release: who sees it sees the round that met it as over. */
static void latch(struct rmmap_file *file, int err)
{
        int none = 0;

        if (err != 0 &&
            atomic_compare_exchange_strong_explicit(&file->error->latched, &none, err,
                                                    memory_order_acq_rel, memory_order_acquire))
                PROBE2(error, file, err);
}

/* Threads of one process never meet here: their rounds run one at a time anyway. */
static void telling_begins(struct rmmap_file *file)
{
        if (pthread_mutex_lock(&file->error->telling) != EOWNERDEAD)
                return;
        /* Killed between asking and telling: it may have taken an error along, so there was one. */
        latch(file, -EIO);
        pthread_mutex_consistent(&file->error->telling);
}

static void telling_ends(struct rmmap_file *file)
{
        pthread_mutex_unlock(&file->error->telling);
}

/* One that its file system can't sync is as one that can't be opened: describe tells. */
static int sync_directory(struct rmmap_file *file)
{
        int err = writeback_sync(file->directory, true);

        if (err != -EINVAL)
                return err;
        atomic_store_explicit(&file->entry_unsynced, true, memory_order_relaxed);
        return 0;
}

static int sync_data(struct rmmap_file *file, const struct commit_work *work, bool entry_pending)
{
        /* Without a directory the name is the file's to save; of an empty range the size still is. */
        bool file_first = entry_pending && (file->directory < 0 || work->start == work->end);

        if (work->everything || file_first || file->base == NULL || MSYNC_IS_SEEN_AS_READ)
                return writeback_sync(file->fd, entry_pending);
        return mapping_sync(&file->mapping, work->start, work->end - work->start);
}

/* What is told of it: offsets in the file. */
static uint64_t first_of(const struct commit_work *work)
{
        return work->everything ? 0 : work->start;
}

static uint64_t end_of(const struct rmmap_file *file, const struct commit_work *work)
{
        return work->everything ? file->size : work->end;
}

static void sync_now(void *context, const struct commit_work *work)
{
        struct rmmap_file *file = context;
        /* Only a round touches this, and rounds run one at a time. */
        bool entry_pending = atomic_load_explicit(&file->entry_pending, memory_order_relaxed);
        uint64_t began = PROBE_BEGIN(sync_round);
        int err;

        telling_begins(file);
        err = sync_data(file, work, entry_pending);
        /* A created file's size is of its data; its name is its directory's. */
        if (err == 0 && entry_pending && file->directory >= 0)
                err = sync_directory(file);
        if (err == 0 && entry_pending)
                atomic_store_explicit(&file->entry_pending, false, memory_order_relaxed);
        if (file->windows.state != NULL) {
                windows_note_writeback(&file->windows, first_of(work), end_of(file, work));
                patience_learn(&file->patience, file_written(file));
        }
        PROBE5(sync_round, file, first_of(work), end_of(file, work), probe_since(began), err);
        latch(file, err);
        telling_ends(file);
}

static int sync_with_others(struct rmmap_file *file, const struct commit_work *work)
{
        int before, err = durability_error(file);

        if (err != 0)
                return err;
        before = cancellation_off();
        commit_run(&file->commit, work, sync_now, file);
        cancellation_restore(before);
        return durability_error(file);
}

int durability_sync(struct rmmap_file *file, const struct commit_work *work)
{
        uint64_t began = PROBE_BEGIN(sync_return);
        int err;

        PROBE3(sync_entry, file, first_of(work), end_of(file, work));
        err = sync_with_others(file, work);
        PROBE5(sync_return, file, first_of(work), end_of(file, work), probe_since(began), err);
        return err;
}

/*
 * One system call instead of two. Only where space is reserved: elsewhere a full disk at the write
 * couldn't be told from lost data at the sync, and would stay. Only alone in a round, for the
 * error's sake; when others sync as well, joining them is cheaper anyway.
 */
static bool can_write_durably(const struct rmmap_file *file)
{
        return !file->policy.never_calls && (file->facts & RMMAP_FACT_RESERVED) &&
               (file->facts & RMMAP_FACT_COHERENT) &&
               file->file_system.reservation != RESERVES_BY_MAP &&
               !atomic_load_explicit(&file->entry_pending, memory_order_relaxed);
}

static int write_in_round(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        int err = file->guarded ? fault_check_size(file) : 0;

        if (err != 0)
                return err;
        err = writeback_pwrite_durable(file->fd, offset, data, length);
        if (err == -EPERM) /* a sealed memfd: by the mapping it may still go */
                err = -EOPNOTSUPP;
        if (err == -EOPNOTSUPP || err == -EFAULT) /* the caller's memory, not the disk */
                return err;
        latch(file, err);
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
        if (commit_try_enter(&file->commit)) {
                telling_begins(file);
                began = PROBE_BEGIN(write_durable);
                err = durability_error(file);
                if (err == 0)
                        err = write_in_round(file, offset, data, length);
                PROBE5(write_durable, file, offset, length, probe_since(began), err);
                telling_ends(file);
                commit_leave(&file->commit);
        }
        cancellation_restore(before);
        return err;
}

static int sync_piece(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        struct commit_work work = {false, offset, offset + length};

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
        return sync_piece(file, receipt.opaque[WORD_START],
                          receipt.opaque[WORD_END] - receipt.opaque[WORD_START]);
}

int rmmap_sync_ranges(struct rmmap_file *file, const struct rmmap_receipt *receipts, size_t count)
{
        struct commit_work work = {false, UINT64_MAX, 0};
        uint64_t asked = 0;

        if (file == NULL || (receipts == NULL && count != 0))
                return -EINVAL;
        for (size_t i = 0; i < count; i++) {
                int err = receipt_check(&receipts[i], file->owner);

                if (err != 0)
                        return err;
                work.start = min_u64(work.start, receipts[i].opaque[WORD_START]);
                work.end = max_u64(work.end, receipts[i].opaque[WORD_END]);
                asked += receipts[i].opaque[WORD_END] - receipts[i].opaque[WORD_START];
        }
        if (count == 0)
                return durability_error(file);
        /* One range where they are neighbours; what lies between them isn't worth two calls. */
        work.everything = (work.end - work.start) / 2 > asked;
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
        if (!within(offset, length, range_length(&range)))
                return -ERANGE;
        return sync_piece(file, range_start(&range) + offset, length);
}

int rmmap_sync_all(struct rmmap_file *file)
{
        struct commit_work work = {.everything = true};

        return file == NULL ? -EINVAL : durability_sync(file, &work);
}

int rmmap_raw_sync(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        if (file == NULL)
                return -EINVAL;
        if (!within(offset, length, file->size))
                return -ERANGE;
        return sync_piece(file, offset, length);
}

/* To the kernel a length of 0 means all the rest: not here. */
static int start_writeback(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        int before = cancellation_off();
        int err = writeback_start(file->fd, offset, length);

        if (file->windows.state != NULL)
                windows_note_writeback(&file->windows, offset, offset + length);
        PROBE4(flush, file, offset, length, err);
        cancellation_restore(before);
        return err;
}

void durability_write_behind(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        (void)start_writeback(file, offset, length);
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
        return file == NULL ? -EINVAL : flush_piece(file, 0, file->size);
}

int rmmap_flush_range(struct rmmap_file *file, struct rmmap_receipt receipt)
{
        int err;

        if (file == NULL)
                return -EINVAL;
        err = receipt_check(&receipt, file->owner);
        if (err != 0)
                return err;
        return flush_piece(file, receipt.opaque[WORD_START],
                           receipt.opaque[WORD_END] - receipt.opaque[WORD_START]);
}

int rmmap_raw_flush(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        if (file == NULL)
                return -EINVAL;
        if (!within(offset, length, file->size))
                return -ERANGE;
        return flush_piece(file, offset, length);
}
