/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How many bytes of the file may be dirty. Beyond that each thread bounds its own backlog: it
 * starts write-back of what it wrote, and waits for the disk when too much of its own is on the
 * way. Pieces that are too small for that are written back by one thread for all. Layer 3.
 */
#ifndef RMMAP_DIRTY_BUDGET_H
#define RMMAP_DIRTY_BUDGET_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "dirty-estimate.h"
#include "io-stats.h"

#define DIRTY_PIECES 32

/* Limits that nothing reaches: the library didn't choose yet; no limit of memory is known. */
#define DIRTY_NOT_CHOSEN UINT64_MAX
#define DIRTY_NONE_KNOWN (UINT64_MAX - 1)

enum dirty_mode {
        DIRTY_UNBOUNDED, /* writes are only counted */
        DIRTY_WATCHED,   /* the caller set a limit, which isn't reached */
        DIRTY_BOUNDED,   /* each thread bounds its backlog */
};

struct dirty_piece {
        uint64_t start, end;
};

/* Of the threads whose stacks select the same shard of io_stats. */
struct dirty_backlog {
        alignas(CACHE_LINE) atomic_flag busy;    /* a thread is at it */
        unsigned int epoch;                      /* of the budget, when it was used last */
        unsigned int first, count;               /* of pieces, a ring */
        struct dirty_piece run;                  /* written without a gap; not on its way yet */
        struct dirty_piece pieces[DIRTY_PIECES]; /* on their way to the disk, the oldest first */
        uint64_t bytes;                          /* of pieces */
        uint64_t scattered;                      /* bytes of runs that were too short */
};

struct dirty_budget {
        uint64_t limit; /* bytes; constant. 0: the library chooses */
        bool uncached;  /* constant: what is on the disk leaves the page cache */
        _Atomic uint8_t mode;
        atomic_bool drops;        /* as uncached, because much was written */
        atomic_bool unavailable;  /* the system can't start write-back */
        atomic_flag sweeping;     /* a thread writes back the whole file */
        atomic_uint epoch;        /* syncs of everything */
        _Atomic uint64_t synced;  /* of the bytes written, those that syncs were asked for */
        _Atomic uint64_t chosen;  /* the limit that the library chose last; or one of the two */
        _Atomic uint64_t unswept; /* bytes of short runs that wait for a sweep */
        _Atomic(struct dirty_backlog *) backlogs; /* IO_STATS_SHARDS; NULL before DIRTY_BOUNDED */
        struct dirty_estimate estimate;
};

struct rmmap_file;

/* -ENOMEM only with uncached: otherwise memory for the backlogs is taken when they are needed. */
int dirty_budget_create(struct dirty_budget *budget, uint64_t limit, bool uncached);
void dirty_budget_destroy(struct dirty_budget *budget);

static inline enum dirty_mode dirty_mode(const struct dirty_budget *budget)
{
        return atomic_load_explicit(&budget->mode, memory_order_relaxed);
}

/* Unless DIRTY_UNBOUNDED: is it bounded now that length bytes were written? */
bool dirty_is_bounded(struct rmmap_file *file, uint64_t length);

/*
 * Called after all of [offset, offset + length) was written, when it is bounded. Returns an error
 * of write-back.
 */
int dirty_after_write(struct rmmap_file *file, uint64_t offset, uint64_t length);

/* Does the file have a disk, and can write-back to it be started? As far as is known. */
bool dirty_is_possible(const struct rmmap_file *file);

/*
 * Bytes written, less those that syncs of ranges were asked for, since the last sync of everything.
 * A byte that was written or synced twice counts twice.
 */
uint64_t dirty_written(const struct rmmap_file *file);

/* Called now and then while bytes are written: is the limit reached? */
void dirty_check(struct rmmap_file *file);

/* Chooses the limit anew, then as dirty_check. room: what memory_room returned. */
void dirty_choose(struct rmmap_file *file, uint64_t room);

/*
 * Called by the thread that runs a batch: everything was synced, and written was file_written
 * before; or ranges were, of which length bytes were asked for.
 */
void dirty_synced_all(struct rmmap_file *file, uint64_t written);
void dirty_synced_some(struct rmmap_file *file, uint64_t length);

#endif
