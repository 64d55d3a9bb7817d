/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * From a set of ranges to the disk. The steps of a batch, in this order: expand the set by space to
 * convert, issue the I/O, make the name durable, note the new page state and what was learnt, latch
 * the error, settle.
 */
#include <errno.h>

#include "allocator-shared.h"
#include "base/checked.h"
#include "base/sync-annotations.h"
#include "checkpoint.h"
#include "guarded-copy.h"
#include "memory-check.h"
#include "os/os.h"
#include "punch.h"
#include "sync-exec.h"

/* With at most this many dirty bytes, syncing everything is faster than range by range. */
#define LITTLE_DIRTY (UINT64_C(4) << 20)

/*
 * From this many bytes on a range's write-back begins before its batch does. Durable writes of 512
 * KiB and 1 MiB by 2 to 8 threads then take 0.8 to 0.93 times as long, of 256 KiB 0.94 to 1.08.
 */
#define LARGE_RANGE (UINT64_C(512) << 10)

static void latch(struct rmmap_file *file, int err)
{
        if (wb_error_latch(&file->sync.error, err))
                PROBE2(error, file, err);
}

/* ---- the page state */

/*
 * [start, end) was written back, or is about to be: its pages are, or become, clean. The page table
 * entries that are left of mapped regions are dropped, unless the caller asked for them: they would
 * make each later sync in their region take 10 to 20 us longer, dropping takes 35 us. tmpfs has no
 * write-back: its regions stay mapped.
 */
static void note_writeback(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        if (start >= end || file->io.page_state.state == NULL || file_in_memory(file))
                return;
        for (size_t region = region_of(start); region <= region_of(end - 1); region++) {
                if (!page_state_note_writeback(&file->io.page_state, region) ||
                    file->config.populated)
                        continue;
                mapping_forget(&file->os.mapping, (uint64_t)region << REGION_SHIFT, REGION_SIZE);
                /* The next large read there is a first one again. */
                if (file->io.read_state.state != NULL)
                        region_set(&file->io.read_state, region, REGION_COLD);
        }
}

/* ---- issue */

/*
 * Should the set be synced as everything? Each single range waits for the device once more;
 * everything waits for all dirty bytes. Their number is at most what was counted since the last
 * sync of everything.
 */
static bool suits_everything(struct rmmap_file *file, const struct sync_set *set,
                             bool entry_pending)
{
        uint64_t dirty = file_dirtied(file) - file->sync.dirtied_before;

        if (set->everything || file->os.mapping.base == NULL || MSYNC_IS_SEEN_AS_READ)
                return true;
        /* msync of a read-only mapping syncs nothing; fdatasync by the descriptor does. */
        if (file->config.read_only)
                return true;
        /* Without a directory, fsync saves the name; for an empty set, the size. */
        if (entry_pending && (file->os.entry.directory < 0 || set->count == 0))
                return true;
        return set->count > 1 && dirty <= LITTLE_DIRTY;
}

static int issue_everything(struct rmmap_file *file, bool entry_pending)
{
        /* Read before the sync: later bytes count as dirty. */
        uint64_t made = file_dirtied(file), written = file_written(file);
        int err = writeback_sync(file->os.fd, &file->os.mapping, entry_pending);

        if (err == 0)
                file->sync.dirtied_before = made;
        note_writeback(file, 0, file_size(file));
        if (err == 0) {
                page_state_restart(&file->io.page_state);
                dirty_synced_all(file, written);
        }
        return err;
}

static int issue_ranges(struct rmmap_file *file, const struct sync_set *set)
{
        uint64_t issued = 0;
        int err = 0;

        /*
         * After an error the other ranges are synced all the same; the error concerns every
         * request.
         */
        for (unsigned int i = 0; i < set->count; i++) {
                const struct sync_set_range *range = &set->ranges[i];
                int this = mapping_sync(&file->os.mapping, file->os.fd, range->start,
                                        range->end - range->start);

                note_writeback(file, range->start, range->end);
                issued += range->end - range->start;
                err = err != 0 ? err : this;
        }
        /* Less than was asked for where two threads asked for the same bytes. */
        if (err == 0)
                dirty_synced_some(file, min_u64(set->bytes, issued));
        return err;
}

static int issue(struct rmmap_file *file, const struct sync_set *set, bool entry_pending)
{
        if (suits_everything(file, set, entry_pending))
                return issue_everything(file, entry_pending);
        return issue_ranges(file, set);
}

/* A directory that can't be synced is treated as one that can't be opened. */
static int issue_directory(struct rmmap_file *file, int directory)
{
        int err = writeback_sync(directory, NULL, true);

        if (err == 0 || !is_unavailable(-err))
                return err;
        atomic_store_explicit(&file->sync.entry_unsynced, true, memory_order_relaxed);
        return 0;
}

/* ---- a batch */

/* The I/O of one batch. Batches run one at a time. */
static void sync_batch(void *context, const struct sync_set *asked)
{
        struct rmmap_file *file = context;
        struct sync_set_range span = sync_set_span(asked, file_size(file));
        bool entry_pending = atomic_load_explicit(&file->sync.entry_pending, memory_order_relaxed);
        uint64_t began = PROBE_BEGIN(sync_batch);
        struct sync_set converted, set = *asked;
        int err;

        if (file->checkpoint != NULL && asked->records)
                checkpoint_collect(file->checkpoint, asked);
        unwritten_convert(file, asked, &converted);
        sync_set_join(&set, &converted);
        err = allocator_shared_mark(&file->allocator, span.end);
        if (err == 0)
                err = issue(file, &set, entry_pending);
        unwritten_converted(file, &converted);
        /* Data and size first; then the name, which the directory holds. */
        if (err == 0 && entry_pending && file->os.entry.directory >= 0)
                err = issue_directory(file, file->os.entry.directory);
        if (err == 0 && entry_pending)
                atomic_store_explicit(&file->sync.entry_pending, false, memory_order_relaxed);
        populate_learn(&file->io.populate, file_written(file), file_size(file));
        PROBE5(sync_batch, file, span.start, span.end, probe_since(began), err);
        latch(file, err);
        wb_error_settle(&file->sync.error);
        /* An error that another call received meanwhile may concern these bytes. */
        if (file->checkpoint != NULL && asked->records && sync_error(file) == 0)
                checkpoint_record(file);
}

/*
 * Begins the write-back of the large ranges, so that the disk writes them while this request waits
 * for the batch that runs now. Where write-back starts by advice, that would empty the page cache.
 */
static void start_large_ranges(struct rmmap_file *file, const struct sync_set *set)
{
        for (unsigned int i = 0; i < set->count && !file->os.file_system.layered; i++) {
                uint64_t start = set->ranges[i].start, length = set->ranges[i].end - start;

                if (length >= LARGE_RANGE)
                        (void)sync_start_writeback(file, start, length);
        }
}

static bool is_nothing(const struct sync_set *set)
{
        return !set->everything && set->count == 0;
}

static int join_batch(struct rmmap_file *file, const struct sync_set *set, uint64_t calls)
{
        bool records = set->records && file->checkpoint != NULL;
        int before, err = sync_error(file);

        if (err != 0)
                return err;
        if (is_nothing(set) &&
            !atomic_load_explicit(&file->sync.entry_pending, memory_order_relaxed) &&
            !(records && checkpoint_error(file->checkpoint) != 0))
                return 0;
        before = cancellation_off();
        start_large_ranges(file, set);
        group_commit_run(&file->sync.group_commit, set, calls, sync_batch, file);
        cancellation_restore(before);
        err = sync_error(file);
        return err == 0 && records ? checkpoint_error(file->checkpoint) : err;
}

int sync_run(struct rmmap_file *file, const struct sync_set *set, uint64_t calls)
{
        struct sync_set_range span = sync_set_span(set, file_size(file));
        uint64_t began = PROBE_BEGIN(sync_return);
        int err;

        PROBE3(sync_entry, file, span.start, span.end);
        err = join_batch(file, set, calls);
        PROBE5(sync_return, file, span.start, span.end, probe_since(began), err);
        return err;
}

int sync_piece(struct rmmap_file *file, uint64_t start, uint64_t end, bool records)
{
        struct sync_set set = {.records = records};

        sync_set_add(&set, start, end);
        return sync_run(file, &set, 1);
}

int sync_latch(struct rmmap_file *file, int err)
{
        latch(file, err);
        return err;
}

/* ---- publishing: no other thread uses the handle */

int sync_content(struct rmmap_file *file)
{
        uint64_t written = file_written(file);
        int err = allocator_shared_mark(&file->allocator, file_size(file));

        if (err == 0)
                err = writeback_sync(file->os.fd, NULL, true);
        latch(file, err);
        if (err == 0)
                dirty_synced_all(file, written);
        return sync_error(file);
}

int sync_directory(struct rmmap_file *file, const struct entry *entry)
{
        int err = 0;

        if (entry->directory >= 0)
                err = issue_directory(file, entry->directory);
        else
                atomic_store_explicit(&file->sync.entry_unsynced, true, memory_order_relaxed);
        latch(file, err);
        return sync_error(file);
}

int sync_settle(struct rmmap_file *file)
{
        latch(file, mapping_settle(&file->os.mapping));
        return sync_error(file);
}

/* ---- a write that syncs itself, alone in a batch */

/*
 * Writing and syncing in one system call. Requires reserved space: elsewhere a full disk at the
 * write looks like lost data at the sync, and would become the sticky error. Requires a batch of
 * its own, because the kernel reports an error to one call only; when other threads sync as well,
 * joining their batch is cheaper anyway.
 */
static bool can_write_durably(const struct rmmap_file *file)
{
        return !file->config.engine.never_calls && file->config.reserved &&
               file->os.file_system.coherent && file_has_calls(file) &&
               !atomic_load_explicit(&file->sync.entry_pending, memory_order_relaxed) &&
               !atomic_load_explicit(&file->sync.writes_then_syncs, memory_order_relaxed);
}

/* This write syncs only its own bytes: space that is to be converted is synced before it. */
static int convert_before(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        struct sync_set converted, set = {.everything = false};
        int err;

        sync_set_add(&set, offset, offset + length);
        unwritten_convert(file, &set, &converted);
        if (converted.count == 0)
                return 0;
        err = issue(file, &converted, false);
        unwritten_converted(file, &converted);
        latch(file, err);
        return err;
}

static int write_in_batch(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        int err = file->config.catch_faults ? fault_check_size(file) : 0;

        if (err == 0) {
                err = allocator_shared_mark(&file->allocator, offset + length);
                latch(file, err);
        }
        if (err == 0)
                err = convert_before(file, offset, length);
        if (err != 0)
                return err;
        err = writeback_pwrite_durable(file->os.fd, offset, data, length);
        if (err == -EOPNOTSUPP) /* later calls needn't try */
                atomic_store_explicit(&file->sync.writes_then_syncs, true, memory_order_relaxed);
        /* Refused because of the caller's memory or a limit: that is no error of the disk. */
        if (err == -EOPNOTSUPP || err == -EFAULT || err == -EFBIG)
                return err;
        latch(file, err);
        if (err == 0) {
                memory_count_pwrite(file, length);
                dirty_synced_some(file, length);
        }
        if (err == 0 && file->config.catch_faults)
                err = fault_check_size(file);
        return err;
}

/* As in a batch. */
static int record_write(struct rmmap_file *file, uint64_t offset, size_t length)
{
        struct sync_set set = {.records = true};

        if (file->checkpoint == NULL || sync_error(file) != 0)
                return sync_error(file);
        checkpoint_note_written(file->checkpoint, offset, offset + length);
        sync_set_add(&set, offset, offset + length);
        checkpoint_collect(file->checkpoint, &set);
        checkpoint_record(file);
        return checkpoint_error(file->checkpoint);
}

int sync_write(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        uint64_t began;
        int before, err;

        if (!can_write_durably(file) || punch_any(file, offset, length))
                return -EOPNOTSUPP;
        err = storage_check_limit(offset + length);
        if (err != 0)
                return err;
        before = cancellation_off();
        err = -EOPNOTSUPP;
        if (group_commit_try_enter(&file->sync.group_commit)) {
                began = PROBE_BEGIN(write_durable);
                err = sync_error(file);
                if (err == 0)
                        err = write_in_batch(file, offset, data, length);
                PROBE5(write_durable, file, offset, length, probe_since(began), err);
                wb_error_settle(&file->sync.error);
                if (err == 0)
                        err = record_write(file, offset, length);
                group_commit_leave(&file->sync.group_commit);
                /* An error that another call received meanwhile may concern these bytes. */
                if (err == 0)
                        err = sync_error(file);
        }
        cancellation_restore(before);
        return err;
}

/* ---- write-back without waiting */

/* Where the kernel can only be advised it reports no errors: not where space may be missing. */
bool sync_can_start(const struct rmmap_file *file)
{
        return !file->os.file_system.layered || file->config.reserved;
}

static int start_by_advice(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        if (!sync_can_start(file))
                return -EOPNOTSUPP;
        writeback_drop_cache(file->os.fd, offset, length);
        return 0;
}

static int start_or_finish(struct rmmap_file *file, uint64_t offset, uint64_t length, bool finish)
{
        if (file->os.file_system.layered)
                return finish ? 0 : start_by_advice(file, offset, length);
        return finish ? writeback_finish(file->os.fd, offset, length)
                      : writeback_start(file->os.fd, offset, length);
}

static int start_writeback(struct rmmap_file *file, uint64_t offset, uint64_t length, bool finish)
{
        int before = cancellation_off();
        unsigned int phase = wb_error_start_begin(&file->sync.error);
        int err;

        /*
         * First: writing back a page that is mapped for writing makes its entry read-only, and has
         * all processors that run the program's threads drop it, page by page. Dropping a region's
         * entries does it once. 128 MiB in records of 512 bytes by 4 threads in 64 MiB of memory
         * take 0.3 times as long. A sync drops them afterwards: there the order made no difference,
         * because the other threads mostly wait.
         */
        note_writeback(file, offset, offset + length);
        err = start_or_finish(file, offset, length, finish);
        if (finish || err != -EOPNOTSUPP)
                latch(file, err);
        wb_error_start_end(&file->sync.error, phase);
        PROBE4(flush, file, offset, length, err);
        cancellation_restore(before);
        return err;
}

int sync_start_writeback(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        return start_writeback(file, offset, length, false);
}

int sync_finish_writeback(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        return start_writeback(file, offset, length, true);
}

int sync_write_behind(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        int err = file_forked(file) ? 0 : sync_start_writeback(file, offset, length);

        return err == -EOPNOTSUPP ? 0 : err;
}
