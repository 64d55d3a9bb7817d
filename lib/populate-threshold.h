/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * When to populate a region, that is, to map all of its 2 MiB for writing at once. Populating makes
 * the whole region dirty, and pays only if most of it is written before the next sync. So a region
 * must first reach a threshold of writes, and each sync adapts the threshold: it rises when too
 * little was written of what was populated, and falls when most of it was written. Only a hint: all
 * accesses are relaxed. Layer 2.
 */
#ifndef RMMAP_POPULATE_THRESHOLD_H
#define RMMAP_POPULATE_THRESHOLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What a small write to a different page adds to its region's state, where REGION_FILLED is full:
 * with the largest step 16 pages reach the threshold, with writes in order 51, and with the
 * smallest step half of all pages.
 */
#define POPULATE_STEP_LARGEST 16
#define POPULATE_STEP_IN_ORDER 5
#define POPULATE_STEP_SMALLEST 1

/*
 * Writes below this many bytes: a page takes so many of them that their system calls cost more than
 * a region that was populated in vain. For these writes the order doesn't matter.
 */
#define POPULATE_TINY_WRITE 512

/* What is left of memory is read before the first region is populated, then before each 32nd. */
#define POPULATE_READ_EVERY 32
#define POPULATE_ROOM_UNKNOWN UINT64_MAX
#define POPULATE_SHORTEST_PERIOD (UINT64_C(2) << 20)
#define POPULATE_LONGEST_PERIOD (UINT64_C(64) << 20)

struct populate_threshold {
        _Atomic uint8_t step;
        _Atomic uint64_t room;      /* half of what is left, bytes; or POPULATE_ROOM_UNKNOWN */
        _Atomic unsigned int bets;  /* regions that were to be populated */
        _Atomic uint64_t populated; /* bytes, since creation */
        /*
         * Values at the last sync. Only the thread that runs a batch of the group commit touches
         * them.
         */
        uint64_t populated_before, written_before;
};

static inline void populate_threshold_init(struct populate_threshold *threshold)
{
        atomic_init(&threshold->step, POPULATE_STEP_LARGEST);
        atomic_init(&threshold->room, POPULATE_ROOM_UNKNOWN);
        atomic_init(&threshold->bets, 0);
        atomic_init(&threshold->populated, 0);
        threshold->populated_before = threshold->written_before = 0;
}

static inline unsigned int populate_step(const struct populate_threshold *threshold)
{
        return atomic_load_explicit(&threshold->step, memory_order_relaxed);
}

/* true: no region was populated in vain lately; with RMMAP_PATTERN_DENSE, populate at once. */
static inline bool populate_threshold_is_lowest(const struct populate_threshold *threshold)
{
        return populate_step(threshold) == POPULATE_STEP_LARGEST;
}

/* needed: bytes of the regions that should stay in memory. */
static inline bool populate_has_room(const struct populate_threshold *threshold, uint64_t needed)
{
        return needed <= atomic_load_explicit(&threshold->room, memory_order_relaxed);
}

/*
 * After how many bytes of a thread the room is read again, a power of two: about a sixteenth of
 * what is left, so that several threads don't use up a small group in between; at most 64 MiB.
 */
static inline uint64_t populate_period(const struct populate_threshold *threshold)
{
        uint64_t room = atomic_load_explicit(&threshold->room, memory_order_relaxed);
        uint64_t period = POPULATE_SHORTEST_PERIOD;

        if (room == POPULATE_ROOM_UNKNOWN)
                return period;
        while (period < room / 16 && period < POPULATE_LONGEST_PERIOD)
                period *= 2;
        return period;
}

/* Counts a region that is to be populated; true: the room should be read before. */
static inline bool populate_room_is_due(struct populate_threshold *threshold)
{
        unsigned int bets = atomic_fetch_add_explicit(&threshold->bets, 1, memory_order_relaxed);

        return bets % POPULATE_READ_EVERY == 0 ||
               atomic_load_explicit(&threshold->room, memory_order_relaxed) ==
                       POPULATE_ROOM_UNKNOWN;
}

/* left: memory_room */
static inline void populate_note_room(struct populate_threshold *threshold, uint64_t left)
{
        atomic_store_explicit(&threshold->room, left == UINT64_MAX ? left - 1 : left / 2,
                              memory_order_relaxed);
}

static inline void populate_note(struct populate_threshold *threshold, uint64_t bytes)
{
        atomic_fetch_add_explicit(&threshold->populated, bytes, memory_order_relaxed);
}

/*
 * Called at a sync. written: bytes written since creation, on any path; size: of the file. What
 * was synced can be reclaimed, so there may be room again.
 */
static inline void populate_learn(struct populate_threshold *threshold, uint64_t written,
                                  uint64_t size)
{
        uint64_t all = atomic_load_explicit(&threshold->populated, memory_order_relaxed);
        uint64_t populated = all - threshold->populated_before;
        uint64_t used = written - threshold->written_before;
        unsigned int step = populate_step(threshold);

        threshold->populated_before = all;
        threshold->written_before = written;
        if (populated > 0 && populated / 4 > used)
                step = step / 4 > POPULATE_STEP_SMALLEST ? step / 4 : POPULATE_STEP_SMALLEST;
        else if (populated > 0 && populated / 2 <= used)
                step = 2 * step < POPULATE_STEP_LARGEST ? 2 * step : POPULATE_STEP_LARGEST;
        atomic_store_explicit(&threshold->step, (uint8_t)step, memory_order_relaxed);
        if (!populate_has_room(threshold, size))
                atomic_store_explicit(&threshold->room, POPULATE_ROOM_UNKNOWN,
                                      memory_order_relaxed);
}

#endif
