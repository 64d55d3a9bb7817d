/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What is guessed of the pages behind each region of 2 MiB of a mapping, in a byte each. The kernel
 * is never asked, which would cost more than it saves. Only a hint: any value at any time is
 * correct, so all accesses are relaxed and a lost update does no harm. Layer 2.
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
 * From REGION_COLD to REGION_FILLED: how much was written by pwrite since creation or the last
 * sync, in steps. One pass of large writes fills a region, and so do small ones to some of its
 * pages; a few small ones far apart don't. REGION_MAPPED: its pages are mapped for writing. Which
 * path a write takes in which state is decided in io-path.c.
 */
enum { REGION_COLD = 0, REGION_FILLED = 254, REGION_MAPPED = 255 };

/*
 * After a sync the page table keeps entries, of clean pages, for what was mapped for writing. They
 * serve readers, and make each later sync of something in their region take 10 to 20 us longer;
 * dropping them takes 35 us, so the second such sync drops them.
 */
enum { REGION_NO_CLEAN_ENTRIES = 0, REGION_CLEAN_ENTRIES = 1, REGION_CLEAN_ENTRIES_DUE = 3 };

/* Below this a write is small, and counts as one step of the caller's choice. */
#define REGION_LARGE_WRITE ((size_t)32 << 10)

/* A write this near to the start of a region that follows a mapped one goes on in order. */
#define REGION_START ((uint64_t)64 << 10)

struct page_state {
        _Atomic uint8_t *state; /* NULL: nothing is kept */
        size_t count;
        uint64_t size; /* of the file */
};

int page_state_create(struct page_state *pages, uint64_t size);
void page_state_destroy(struct page_state *pages);

/* Everything was faulted in. */
void page_state_set_mapped(struct page_state *pages);

/* [offset, offset + length), not empty, was written by a call: what isn't mapped fills. */
void page_state_note_write(struct page_state *pages, uint64_t offset, uint64_t length,
                           unsigned int small_step);

/* [offset, offset + length), not empty, was read by a call: one pass fills what it reads. */
void page_state_note_read(struct page_state *pages, uint64_t offset, uint64_t length);

/* Write-back of a region began or ended: what was mapped for writing is so no more. true: what it
 * left in the page table should be dropped. */
bool page_state_note_writeback(struct page_state *pages, struct page_state *entries, size_t region);

/* Something in the region was synced by the call that wrote it; likewise. */
bool page_state_note_durable_write(struct page_state *entries, size_t region);

static inline size_t region_of(uint64_t offset)
{
        return (size_t)(offset >> REGION_SHIFT);
}

static inline unsigned int region_state(const struct page_state *pages, size_t region)
{
        return atomic_load_explicit(&pages->state[region], memory_order_relaxed);
}

/* REGION_COLD, _FILLED or _MAPPED; a cold one that a write in order has just reached counts as
 * filled, since it is going to be. */
static inline unsigned int region_class(const struct page_state *pages, uint64_t offset)
{
        size_t region = region_of(offset);
        unsigned int state = region_state(pages, region);

        if (state == REGION_FILLED || state == REGION_MAPPED)
                return state;
        if (region > 0 && offset % REGION_SIZE < REGION_START &&
            region_state(pages, region - 1) == REGION_MAPPED)
                return REGION_FILLED;
        return REGION_COLD;
}

static inline void region_set(struct page_state *pages, size_t region, unsigned int state)
{
        atomic_store_explicit(&pages->state[region], (uint8_t)state, memory_order_relaxed);
}

#endif
