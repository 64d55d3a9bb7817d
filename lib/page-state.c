/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "base/sync-annotations.h"
#include "os/os.h"
#include "page-state.h"

int page_state_create(struct page_state *pages, uint64_t size, uint64_t max_size)
{
        size_t count = (size_t)((max_size - 1) >> REGION_SHIFT) + 1;

        atomic_init(&pages->size, size);
        atomic_init(&pages->in_use, 0);
        atomic_init(&pages->warmed, 0);
        /* A huge sparse file costs what it uses. */
        pages->state = memory_zeroed(count, sizeof(*pages->state));
        if (pages->state == NULL)
                return -ENOMEM;
        NOTE_ATOMICS(pages->state, count * sizeof(*pages->state));
        NOTE_ATOMIC(&pages->size);
        NOTE_ATOMIC(&pages->in_use);
        NOTE_ATOMIC(&pages->warmed);
        return 0;
}

void page_state_destroy(struct page_state *pages)
{
        memory_free(pages->state);
        pages->state = NULL;
}

static uint64_t size_of(const struct page_state *pages)
{
        return atomic_load_explicit(&pages->size, memory_order_relaxed);
}

/* Regions of the file as it is now. */
static size_t count_of(const struct page_state *pages)
{
        return region_of(size_of(pages) - 1) + 1;
}

void page_state_grow(struct page_state *pages, uint64_t size)
{
        atomic_store_explicit(&pages->size, size, memory_order_relaxed);
}

void page_state_cut(struct page_state *pages, uint64_t size)
{
        if (pages->state == NULL)
                return;
        for (size_t region = region_of(size - 1) + 1; region < count_of(pages); region++)
                if (region_state(pages, region) != REGION_COLD)
                        region_set(pages, region, REGION_COLD);
        atomic_store_explicit(&pages->size, size, memory_order_relaxed);
}

bool page_state_set_unmapped(struct page_state *pages)
{
        bool some = false;

        for (size_t region = 0; region < count_of(pages); region++) {
                if (region_state(pages, region) != REGION_MAPPED)
                        continue;
                region_set(pages, region, REGION_FILLED);
                some = true;
        }
        return some;
}

bool page_state_leave(struct page_state *pages, size_t region)
{
        uint8_t mapped = REGION_MAPPED;

        return atomic_compare_exchange_strong_explicit(&pages->state[region], &mapped, REGION_LEFT,
                                                       memory_order_relaxed, memory_order_relaxed);
}

void page_state_set_mapped(struct page_state *pages)
{
        for (size_t region = 0; region < count_of(pages); region++)
                region_set(pages, region, REGION_MAPPED);
}

static uint64_t bytes_in(size_t region, uint64_t offset, uint64_t length)
{
        uint64_t start = max_u64(offset, (uint64_t)region << REGION_SHIFT);

        return min_u64(offset + length, (uint64_t)(region + 1) << REGION_SHIFT) - start;
}

static void fill(struct page_state *pages, size_t region, uint64_t steps)
{
        unsigned int state = region_state(pages, region);

        if (state >= REGION_LEFT)
                return;
        if (steps == 0 && state == REGION_COLD)
                steps = 1; /* a sync learns that there was a write */
        steps += state;
        region_set(pages, region,
                   steps < REGION_FILLED ? (unsigned int)steps : (unsigned int)REGION_FILLED);
}

/* A region that is written completely adds 256 steps. */
void page_state_note_write(struct page_state *pages, uint64_t offset, uint64_t length,
                           unsigned int small_step)
{
        size_t last = region_of(offset + length - 1);

        for (size_t region = region_of(offset); region <= last; region++)
                fill(pages, region,
                     length < REGION_LARGE_WRITE
                             ? small_step
                             : bytes_in(region, offset, length) >> (REGION_SHIFT - 8));
}

void page_state_note_in_order(struct page_state *pages, uint64_t offset)
{
        if (pages->state != NULL && offset < size_of(pages))
                fill(pages, region_of(offset), REGION_FILLED);
}

/*
 * Rounded up, and relative to the part of the last region that exists: otherwise a region that is
 * read often might never fill.
 */
void page_state_note_read(struct page_state *pages, uint64_t offset, uint64_t length)
{
        size_t last = region_of(offset + length - 1);

        for (size_t region = region_of(offset); region <= last; region++) {
                uint64_t whole = bytes_in(region, 0, size_of(pages));

                fill(pages, region, (bytes_in(region, offset, length) * 256 + whole - 1) / whole);
        }
}

void page_state_note_cached(struct page_state *pages, uint64_t offset)
{
        size_t region = region_of(offset);
        unsigned int state = region_state(pages, region);

        if (state < REGION_SEEN)
                region_set(pages, region,
                           (unsigned int)min_u64(state + REGION_SEEN / 4, REGION_SEEN));
}

bool page_state_note_writeback(struct page_state *pages, size_t region)
{
        unsigned int state = region_state(pages, region);

        /* Large parts of a sparse file are never touched, and neither are their states. */
        if (state != REGION_COLD)
                region_set(pages, region, REGION_COLD);
        return state == REGION_MAPPED;
}
