/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The assumed state of the pages behind each 2 MiB region of a mapping, one byte each. Querying the
 * kernel for each write would cost more than it saves. The state is only a hint: any
 * value at any time gives correct results, so all accesses are relaxed and a lost update does no
 * harm. Layer 2.
 */
#ifndef RMMAP_PAGE_STATE_H
#define RMMAP_PAGE_STATE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/checked.h"

#define REGION_SHIFT 21
#define REGION_SIZE (UINT64_C(1) << REGION_SHIFT)

/*
 * From REGION_COLD to REGION_FILLED: how much pwrite has written since creation or the last sync,
 * in steps. One pass of large writes fills a region, and so do small writes to some of its pages; a
 * few small writes far apart don't. REGION_MAPPED: its pages are mapped for writing. REGION_LEFT:
 * they were; they are in the page cache, without page table entries. io-path.c decides the path of
 * a write from the state. REGION_SEEN is only for reads.
 */
enum {
        REGION_COLD = 0,
        REGION_SEEN = 252,
        REGION_FILLED = 253,
        REGION_LEFT = 254,
        REGION_MAPPED = 255
};

/* A write below this size is small, and adds a number of steps that the caller chooses. */
#define REGION_LARGE_WRITE ((size_t)32 << 10)

/* A write that starts this near to the start of a region, after a mapped region, is in order. */
#define REGION_START ((uint64_t)64 << 10)

struct page_state {
        _Atomic uint8_t *state;  /* NULL: no state is kept */
        _Atomic uint64_t size;   /* of the file, in bytes */
        _Atomic int64_t in_use;  /* regions that aren't cold */
        _Atomic uint64_t warmed; /* cold regions that were written, since a sync of everything */
};

/* max_size: what the file may grow to. */
int page_state_create(struct page_state *pages, uint64_t size, uint64_t max_size);
void page_state_destroy(struct page_state *pages);

/*
 * The file has size bytes now. The region that the end was in keeps its state: what was added there
 * is mapped as it is touched.
 */
void page_state_grow(struct page_state *pages, uint64_t size);

/* The file ends at size, which isn't 0: the regions behind are cold. No other thread uses it. */
void page_state_cut(struct page_state *pages, uint64_t size);

/* All pages are mapped for writing. */
void page_state_set_mapped(struct page_state *pages);

/* None is any more; true: some were. */
bool page_state_set_unmapped(struct page_state *pages);

/* A call wrote [offset, offset + length), not empty: this fills regions that aren't mapped. */
void page_state_note_write(struct page_state *pages, uint64_t offset, uint64_t length,
                           unsigned int small_step);

/* A thread that writes in order has come to offset, the start of a region, which may not exist. */
void page_state_note_in_order(struct page_state *pages, uint64_t offset);

/* A call read [offset, offset + length), not empty: one pass fills what it reads. */
void page_state_note_read(struct page_state *pages, uint64_t offset, uint64_t length);

/*
 * A small read found the page at offset in memory; four of them are REGION_SEEN. That is less than
 * REGION_FILLED, so that large reads still decide for themselves.
 */
void page_state_note_cached(struct page_state *pages, uint64_t offset);

/* A mapped region is left; false: it wasn't mapped. */
bool page_state_leave(struct page_state *pages, size_t region);

/*
 * Write-back of a region began or ended: its pages are no longer mapped for writing. true: they
 * were, so it left page table entries.
 */
bool page_state_note_writeback(struct page_state *pages, size_t region);

static inline size_t region_of(uint64_t offset)
{
        return (size_t)(offset >> REGION_SHIFT);
}

static inline unsigned int region_state(const struct page_state *pages, size_t region)
{
        return atomic_load_explicit(&pages->state[region], memory_order_relaxed);
}

/*
 * REGION_COLD, _FILLED, _LEFT or _MAPPED. A cold region that a write in order has just reached
 * counts as filled, because the following writes will fill it.
 */
static inline unsigned int region_class(const struct page_state *pages, uint64_t offset)
{
        size_t region = region_of(offset);
        unsigned int state = region_state(pages, region);

        if (state >= REGION_FILLED)
                return state;
        if (region > 0 && offset % REGION_SIZE < REGION_START &&
            region_state(pages, region - 1) == REGION_MAPPED)
                return REGION_FILLED;
        return REGION_COLD;
}

/* Bytes of the regions that were written since their last write-back. */
static inline uint64_t page_state_in_use(const struct page_state *pages)
{
        int64_t regions = atomic_load_explicit(&pages->in_use, memory_order_relaxed);

        return regions > 0 ? (uint64_t)regions << REGION_SHIFT : 0;
}

/* Everything was synced. */
static inline void page_state_restart(struct page_state *pages)
{
        atomic_store_explicit(&pages->warmed, 0, memory_order_relaxed);
}

/* At least as many bytes as a job touched that wrote so since the last sync of everything. */
static inline uint64_t page_state_touched(const struct page_state *pages)
{
        return atomic_load_explicit(&pages->warmed, memory_order_relaxed) << REGION_SHIFT;
}

static inline void region_set(struct page_state *pages, size_t region, unsigned int state)
{
        unsigned int before = atomic_exchange_explicit(&pages->state[region], (uint8_t)state,
                                                       memory_order_relaxed);

        if (before == REGION_COLD && state != REGION_COLD)
                atomic_fetch_add_explicit(&pages->warmed, 1, memory_order_relaxed);
        if ((before == REGION_COLD) != (state == REGION_COLD))
                atomic_fetch_add_explicit(&pages->in_use, state == REGION_COLD ? -1 : 1,
                                          memory_order_relaxed);
}

#endif
