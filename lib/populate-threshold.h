/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Preparing a region makes all of its 2 MiB dirty: a bet that most of it is written before the next
 * sync. Each sync tells how the bets went; who writes little between two syncs is soon bet on no
 * more. Only a hint, so all accesses are relaxed. Layer 2.
 */
#ifndef RMMAP_POPULATE_THRESHOLD_H
#define RMMAP_POPULATE_THRESHOLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What a small write to another page counts towards a filled region, of 256: 16 pages fill one at
 * first, 51 if they come in order, and the most patient waits for half of all pages.
 */
#define POPULATE_STEP_LARGEST 16
#define POPULATE_STEP_IN_ORDER 5
#define POPULATE_STEP_SMALLEST 1

/* So many of these take a page that their calls cost more than a lost bet: order tells no more. */
#define POPULATE_TINY_WRITE 512

struct populate_threshold {
        _Atomic uint8_t step;
        _Atomic uint64_t prepared; /* bytes, since creation */
        /* As they were at the last sync; only touched in a round of the handle's commit. */
        uint64_t prepared_before, written_before;
};

static inline void populate_threshold_init(struct populate_threshold *threshold)
{
        atomic_init(&threshold->step, POPULATE_STEP_LARGEST);
        atomic_init(&threshold->prepared, 0);
        threshold->prepared_before = threshold->written_before = 0;
}

static inline unsigned int populate_step(const struct populate_threshold *threshold)
{
        return atomic_load_explicit(&threshold->step, memory_order_relaxed);
}

/* No bet was lost lately: a cold region may be prepared on the caller's word alone. */
static inline bool populate_threshold_is_lowest(const struct populate_threshold *threshold)
{
        return populate_step(threshold) == POPULATE_STEP_LARGEST;
}

static inline void populate_note(struct populate_threshold *threshold, uint64_t bytes)
{
        atomic_fetch_add_explicit(&threshold->prepared, bytes, memory_order_relaxed);
}

/* At a sync: so many bytes were written since creation, in whatever way. */
static inline void populate_learn(struct populate_threshold *threshold, uint64_t written)
{
        uint64_t all = atomic_load_explicit(&threshold->prepared, memory_order_relaxed);
        uint64_t bet = all - threshold->prepared_before, won = written - threshold->written_before;
        unsigned int step = populate_step(threshold);

        threshold->prepared_before = all;
        threshold->written_before = written;
        if (bet > 0 && bet / 4 > won)
                step = step / 4 > POPULATE_STEP_SMALLEST ? step / 4 : POPULATE_STEP_SMALLEST;
        else if (bet > 0 && bet / 2 <= won)
                step = 2 * step < POPULATE_STEP_LARGEST ? 2 * step : POPULATE_STEP_LARGEST;
        atomic_store_explicit(&threshold->step, (uint8_t)step, memory_order_relaxed);
}

#endif
