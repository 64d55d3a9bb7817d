/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/checked.h"
#include "base/sync-annotations.h"
#include "dirty-budget.h"
#include "file.h"
#include "os/os.h"
#include "sync-exec.h"

/*
 * A run is what a thread wrote without a gap. Its write-back starts at the end of a region, or when
 * the thread goes on elsewhere. Shorter runs aren't worth a system call each: a sweep over the file
 * takes them to the disk.
 */
#define SHORTEST_RUN ((uint64_t)64 << 10)
#define SWEEP_AFTER ((uint64_t)8 << 20)
#define SWEEP_PIECE ((uint64_t)4 << 20)

/*
 * What a thread may have on its way to the disk: with less the disk waits between two runs. More
 * where nobody asked for a limit: 1 GiB in 1 MiB at random by one thread, in 256 MiB of memory,
 * took 0.73 s with 4 MiB, 0.66 s with 16, and 0.58 s with 32; fallocate + pwrite took 0.55 s.
 */
#define LEAST_BACKLOG ((uint64_t)4 << 20)
#define MOST_BACKLOG ((uint64_t)32 << 20)

/* The limit that the library chooses, as a part of the memory that is left. */
#define PART_OF_ROOM 8

/* What a call does at the disk, after it has unlocked the backlog. */
struct work {
        struct dirty_piece start[2];
        struct dirty_piece finish[DIRTY_PIECES + 2];
        unsigned int starts, finishes;
        unsigned int epoch; /* of the backlog */
        uint64_t next;      /* small writes in order have come to the region here; or 0 */
        bool sweep;
};

/* Release: a thread that sees the backlogs sees them empty. false: there is no memory. */
static bool make_backlogs(struct dirty_budget *budget)
{
        const size_t size = IO_STATS_SHARDS * sizeof(struct dirty_backlog);
        struct dirty_backlog *made = memory_aligned(CACHE_LINE, size), *none = NULL;

        if (made == NULL)
                return false;
        memset(made, 0, size);
        for (int i = 0; i < IO_STATS_SHARDS; i++)
                atomic_flag_clear_explicit(&made[i].busy, memory_order_relaxed);
        NOTE_ATOMICS(made, size);
        if (!atomic_compare_exchange_strong_explicit(&budget->backlogs, &none, made,
                                                     memory_order_release, memory_order_relaxed))
                memory_free(made); /* another thread was first */
        return true;
}

/* From now on each thread bounds its backlog. Without memory for that, the kernel does as ever. */
static bool bound(struct dirty_budget *budget)
{
        if (atomic_load_explicit(&budget->backlogs, memory_order_relaxed) == NULL &&
            !make_backlogs(budget))
                return false;
        atomic_store_explicit(&budget->mode, DIRTY_BOUNDED, memory_order_relaxed);
        return true;
}

int dirty_budget_create(struct dirty_budget *budget, uint64_t limit, bool uncached)
{
        budget->limit = limit;
        budget->uncached = uncached;
        atomic_init(&budget->backlogs, NULL);
        atomic_init(&budget->mode, limit != 0 ? DIRTY_WATCHED : DIRTY_UNBOUNDED);
        atomic_init(&budget->drops, uncached);
        atomic_init(&budget->unavailable, false);
        atomic_init(&budget->epoch, 0);
        atomic_init(&budget->synced, 0);
        atomic_flag_clear_explicit(&budget->sweeping, memory_order_relaxed);
        atomic_init(&budget->chosen, DIRTY_NOT_CHOSEN);
        atomic_init(&budget->unswept, 0);
        dirty_estimate_init(&budget->estimate);
        NOTE_ATOMIC(&budget->backlogs);
        NOTE_ATOMIC(&budget->mode);
        NOTE_ATOMIC(&budget->drops);
        NOTE_ATOMIC(&budget->unavailable);
        NOTE_ATOMIC(&budget->epoch);
        NOTE_ATOMIC(&budget->synced);
        NOTE_ATOMIC(&budget->sweeping);
        NOTE_ATOMIC(&budget->chosen);
        NOTE_ATOMIC(&budget->unswept);
        return uncached && !bound(budget) ? -ENOMEM : 0;
}

void dirty_budget_destroy(struct dirty_budget *budget)
{
        memory_free(atomic_load_explicit(&budget->backlogs, memory_order_relaxed));
}

bool dirty_is_possible(const struct rmmap_file *file)
{
        return !file_in_memory(file) &&
               !atomic_load_explicit(&file->dirty.unavailable, memory_order_relaxed);
}

static unsigned int epoch_of(const struct dirty_budget *budget)
{
        return atomic_load_explicit(&budget->epoch, memory_order_relaxed);
}

/*
 * A writer has seen length bytes on the disk. A sync of everything since then counted them. Where
 * one ends in this moment they may count twice, or not at all; the next one puts that right.
 */
static void note_finished(struct rmmap_file *file, unsigned int epoch, uint64_t length)
{
        if (!file->os.file_system.layered && epoch_of(&file->dirty) == epoch)
                dirty_estimate_cleaned(file, length);
}

/* ---- a thread's backlog */

static void take_oldest(struct dirty_backlog *backlog, struct work *work)
{
        struct dirty_piece piece = backlog->pieces[backlog->first];

        backlog->first = (backlog->first + 1) % DIRTY_PIECES;
        backlog->count--;
        backlog->bytes -= piece.end - piece.start;
        work->finish[work->finishes++] = piece;
}

static uint64_t most_backlog(const struct dirty_budget *budget)
{
        uint64_t chosen = atomic_load_explicit(&budget->chosen, memory_order_relaxed);

        if (budget->uncached || budget->limit != 0)
                return LEAST_BACKLOG;
        return min_u64(max_u64(chosen, LEAST_BACKLOG), MOST_BACKLOG);
}

static void end_run(const struct dirty_budget *budget, struct dirty_backlog *backlog,
                    struct work *work)
{
        struct dirty_piece run = backlog->run;

        backlog->run.start = run.end;
        if (run.end - run.start < SHORTEST_RUN) {
                backlog->scattered += run.end - run.start;
                return;
        }
        if (backlog->count == DIRTY_PIECES)
                take_oldest(backlog, work);
        backlog->pieces[(backlog->first + backlog->count++) % DIRTY_PIECES] = run;
        backlog->bytes += run.end - run.start;
        work->start[work->starts++] = run;
        while (backlog->bytes > most_backlog(budget))
                take_oldest(backlog, work);
}

/* What was on its way before a sync of everything is on the disk. */
static void forget(struct dirty_backlog *backlog, unsigned int epoch)
{
        backlog->epoch = epoch;
        backlog->first = backlog->count = 0;
        backlog->run = (struct dirty_piece){0, 0};
        backlog->bytes = backlog->scattered = 0;
}

static void add(struct dirty_budget *budget, struct dirty_backlog *backlog, uint64_t start,
                uint64_t end, struct work *work)
{
        work->epoch = epoch_of(budget);
        if (backlog->epoch != work->epoch)
                forget(backlog, work->epoch);
        if (start != backlog->run.end) {
                end_run(budget, backlog, work);
                backlog->run.start = start;
        }
        backlog->run.end = end;
        if (region_of(end) != region_of(backlog->run.start)) {
                if (backlog->run.start < start && end - start < REGION_LARGE_WRITE)
                        work->next = end;
                end_run(budget, backlog, work);
        }
        /* Nobody asked for a limit: then the kernel cares for short runs. */
        work->sweep = (budget->uncached || budget->limit != 0) && backlog->scattered >= SWEEP_AFTER;
        if (!work->sweep)
                return;
        atomic_fetch_add_explicit(&budget->unswept, backlog->scattered, memory_order_relaxed);
        backlog->scattered = 0;
}

/* ---- at the disk */

/*
 * What is mapped stays in the page cache, so its page table entries go first. Not where space may
 * be missing: the system call may start write-back, and would not report the error.
 */
static void drop(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        uint64_t page = align_down_to(start, mapping_page_size());

        if (!file->config.reserved || file->config.populated)
                return;
        if (file->os.mapping.base != NULL)
                mapping_forget(&file->os.mapping, page, end - page);
        writeback_drop_cache(file->os.fd, start, end - start);
}

/* -EOPNOTSUPP: the system can't do it, and isn't asked again. */
static int start(struct rmmap_file *file, struct dirty_piece piece)
{
        int err = sync_start_writeback(file, piece.start, piece.end - piece.start);

        if (err == -EOPNOTSUPP) {
                atomic_store_explicit(&file->dirty.unavailable, true, memory_order_relaxed);
                atomic_store_explicit(&file->dirty.mode, DIRTY_UNBOUNDED, memory_order_relaxed);
        }
        return err;
}

/* Waits until the piece is on the disk; then it may leave the page cache. */
static int finish(struct rmmap_file *file, struct dirty_piece piece)
{
        int err = sync_finish_writeback(file, piece.start, piece.end - piece.start);

        if (err == 0 && atomic_load_explicit(&file->dirty.drops, memory_order_relaxed))
                drop(file, piece.start, piece.end);
        return err;
}

/* Pieces, because each sync of the file waits for the piece that is being written back. */
static int finish_all(struct rmmap_file *file)
{
        int err = 0;

        for (uint64_t at = 0; err == 0 && at < file_size(file); at += SWEEP_PIECE) {
                uint64_t end = min_u64(at + SWEEP_PIECE, file_size(file));

                err = finish(file, (struct dirty_piece){at, end});
        }
        return err;
}

/* One thread does it for the short runs of all. */
static int sweep(struct rmmap_file *file, unsigned int epoch)
{
        uint64_t taken;
        int err;

        if (atomic_flag_test_and_set_explicit(&file->dirty.sweeping, memory_order_relaxed))
                return 0;
        taken = atomic_exchange_explicit(&file->dirty.unswept, 0, memory_order_relaxed);
        err = start(file, (struct dirty_piece){0, file_size(file)});
        if (err == 0)
                err = finish_all(file);
        if (err == 0)
                note_finished(file, epoch, taken);
        else if (err == -EOPNOTSUPP)
                err = 0;
        atomic_flag_clear_explicit(&file->dirty.sweeping, memory_order_relaxed);
        return err;
}

static int perform(struct rmmap_file *file, const struct work *work)
{
        int err = 0;

        for (unsigned int i = 0; err == 0 && i < work->starts; i++)
                err = start(file, work->start[i]);
        if (err == -EOPNOTSUPP)
                return 0;
        if (work->next != 0)
                page_state_note_in_order(&file->io.page_state, work->next);
        for (unsigned int i = 0; err == 0 && i < work->finishes; i++) {
                err = finish(file, work->finish[i]);
                if (err == 0)
                        note_finished(file, work->epoch,
                                      work->finish[i].end - work->finish[i].start);
        }
        return err == 0 && work->sweep ? sweep(file, work->epoch) : err;
}

int dirty_after_write(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        struct dirty_backlog *backlogs, *backlog;
        struct work work = {.starts = 0};

        backlogs = atomic_load_explicit(&file->dirty.backlogs, memory_order_acquire);
        if (length == 0 || backlogs == NULL || file_forked(file) || !dirty_is_possible(file))
                return 0;
        backlog = &backlogs[io_stats_number()];
        /*
         * No thread waits for a backlog: what is left out is the kernel's business, and the next
         * sync's. Acquire and release: what the last thread left is seen.
         */
        if (atomic_flag_test_and_set_explicit(&backlog->busy, memory_order_acquire))
                return 0;
        add(&file->dirty, backlog, offset, offset + length, &work);
        atomic_flag_clear_explicit(&backlog->busy, memory_order_release);
        return perform(file, &work);
}

/* ---- the budget */

uint64_t dirty_written(const struct rmmap_file *file)
{
        uint64_t synced = atomic_load_explicit(&file->dirty.synced, memory_order_relaxed);
        uint64_t written = file_written(file);

        return written > synced ? written - synced : 0;
}

void dirty_check(struct rmmap_file *file)
{
        struct dirty_budget *budget = &file->dirty;
        uint64_t chosen = atomic_load_explicit(&budget->chosen, memory_order_relaxed);
        uint64_t dirty = min_u64(dirty_written(file), file_size(file));

        if (!dirty_is_possible(file))
                return;
        if (dirty > (budget->limit != 0 ? budget->limit : chosen))
                (void)bound(budget);
        if (dirty > chosen)
                atomic_store_explicit(&budget->drops, true, memory_order_relaxed);
}

/* At least 1: to programs 0 means that there is no limit. */
void dirty_choose(struct rmmap_file *file, uint64_t room)
{
        uint64_t chosen = room == UINT64_MAX ? DIRTY_NONE_KNOWN : max_u64(room / PART_OF_ROOM, 1);

        atomic_store_explicit(&file->dirty.chosen, chosen, memory_order_relaxed);
        dirty_check(file);
}

/* Small writes are left to the calls of dirty_check at the ends of periods. */
bool dirty_is_bounded(struct rmmap_file *file, uint64_t length)
{
        if (dirty_mode(&file->dirty) == DIRTY_WATCHED && length >= SHORTEST_RUN)
                dirty_check(file);
        return dirty_mode(&file->dirty) == DIRTY_BOUNDED;
}

void dirty_synced_all(struct rmmap_file *file, uint64_t written)
{
        struct dirty_budget *budget = &file->dirty;

        atomic_store_explicit(&budget->synced, written, memory_order_relaxed);
        atomic_fetch_add_explicit(&budget->epoch, 1, memory_order_relaxed);
        atomic_store_explicit(&budget->unswept, 0, memory_order_relaxed);
        dirty_estimate_cleaned_all(file, written);
        if (!dirty_is_possible(file))
                return;
        if (budget->uncached) {
                drop(file, 0, file_size(file));
                return;
        }
        atomic_store_explicit(&budget->mode, budget->limit != 0 ? DIRTY_WATCHED : DIRTY_UNBOUNDED,
                              memory_order_relaxed);
        atomic_store_explicit(&budget->drops, false, memory_order_relaxed);
}

void dirty_synced_some(struct rmmap_file *file, uint64_t length)
{
        uint64_t synced = atomic_load_explicit(&file->dirty.synced, memory_order_relaxed);

        atomic_store_explicit(&file->dirty.synced, min_u64(synced + length, file_written(file)),
                              memory_order_relaxed);
        dirty_estimate_cleaned(file, length);
}
