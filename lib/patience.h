/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Preparing a window makes all of its 2 MiB dirty: a bet that most of it is written before the next
 * sync. Each sync tells how the bets went; who writes little between two syncs is soon bet on no
 * more. Only a hint, so all accesses are relaxed. Layer 2.
 */
#ifndef RMMAP_PATIENCE_H
#define RMMAP_PATIENCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * What a small write to another page counts towards a filled window, of 256: 16 pages fill one at
 * first, 51 if they come in order, and the most patient waits for half of all pages.
 */
#define PATIENCE_HASTY 16
#define PATIENCE_IN_ORDER 5
#define PATIENCE_CALM 1

/* So many of these take a page that their calls cost more than a lost bet: order tells no more. */
#define PATIENCE_TINY 512

struct patience {
        _Atomic uint8_t step;
        _Atomic uint64_t prepared; /* bytes, since creation */
        /* As they were at the last sync; only touched in a round of the handle's commit. */
        uint64_t prepared_before, written_before;
};

static inline void patience_init(struct patience *patience)
{
        atomic_init(&patience->step, PATIENCE_HASTY);
        atomic_init(&patience->prepared, 0);
        patience->prepared_before = patience->written_before = 0;
}

static inline unsigned int patience_step(const struct patience *patience)
{
        return atomic_load_explicit(&patience->step, memory_order_relaxed);
}

/* No bet was lost lately: a cold window may be prepared on the caller's word alone. */
static inline bool patience_is_hasty(const struct patience *patience)
{
        return patience_step(patience) == PATIENCE_HASTY;
}

static inline void patience_note_prepared(struct patience *patience, uint64_t bytes)
{
        atomic_fetch_add_explicit(&patience->prepared, bytes, memory_order_relaxed);
}

/* At a sync: so many bytes were written since creation, in whatever way. */
static inline void patience_learn(struct patience *patience, uint64_t written)
{
        uint64_t all = atomic_load_explicit(&patience->prepared, memory_order_relaxed);
        uint64_t bet = all - patience->prepared_before, won = written - patience->written_before;
        unsigned int step = patience_step(patience);

        patience->prepared_before = all;
        patience->written_before = written;
        if (bet > 0 && bet / 4 > won)
                step = step / 4 > PATIENCE_CALM ? step / 4 : PATIENCE_CALM;
        else if (bet > 0 && bet / 2 <= won)
                step = 2 * step < PATIENCE_HASTY ? 2 * step : PATIENCE_HASTY;
        atomic_store_explicit(&patience->step, (uint8_t)step, memory_order_relaxed);
}

#endif
