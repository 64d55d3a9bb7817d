/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The state that both built-in allocators share: one counter that only grows, in units of the
 * alignment. Counting units instead of bytes leaves enough room above the highest count that no
 * sequence of calls can wrap the counter. Layer 2.
 */
#ifndef RMMAP_ALLOCATOR_BUMP_H
#define RMMAP_ALLOCATOR_BUMP_H

#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/checked.h"
#include "base/compiler.h"
#include "rmmap.h"

struct bump {
        /* Nearly constant after create; all threads read them. */
        _Atomic uint64_t total; /* bytes; only grow and trim change it */
        uint64_t max_total;     /* bytes; the highest total */
        uint64_t name;          /* identifies the allocator; part of the saved state */
        size_t floor;           /* units; the lowest position that a restore may set */
        unsigned int shift;     /* log2 of the alignment */
        bool grows;             /* total may rise */
        atomic_size_t first;    /* start value of next: from create, or restored */

        /* Every allocate adds to next, so it has a cache line of its own. */
        alignas(CACHE_LINE) atomic_size_t next; /* units; may exceed limit, see bump_add */
        atomic_bool in_use;                     /* the sequential allocator's */
};

int bump_create(const struct rmmap_allocator_args *args, uint64_t name, void **state);
void bump_destroy(void *state);
uint64_t bump_position(const void *state); /* all bytes before it were handed out */
uint64_t bump_remaining(const void *state);
int bump_claim(const void *state, uint64_t start, uint64_t end);
int bump_save(const void *state, void *buffer, size_t *length);
int bump_restore(void *state, const void *buffer, size_t length);
int bump_grow(void *state, uint64_t total);
int bump_trim(void *state, uint64_t *total);

int bump_check_request(const void *state, uint64_t size, uint32_t flags, const uint64_t *start,
                       const uint64_t *end);

/* size rounded up to units; the computation can't wrap. */
static inline uint64_t bump_units(const struct bump *bump, uint64_t size)
{
        uint64_t mask = (UINT64_C(1) << bump->shift) - 1;

        return (size >> bump->shift) + ((size & mask) != 0);
}

/* Acquire: what the handle did before it let the allocator grow is done. */
static inline uint64_t bump_total(const struct bump *bump)
{
        return atomic_load_explicit(&bump->total, memory_order_acquire);
}

/* Units, including the short last one. */
static inline size_t bump_limit(const struct bump *bump, uint64_t total)
{
        return (size_t)bump_units(bump, total);
}

/* File offsets of the units [from, from + count); the last unit may be short. */
static inline void bump_place(const struct bump *bump, uint64_t total, size_t from, size_t count,
                              uint64_t *start, uint64_t *end)
{
        *start = (uint64_t)from << bump->shift;
        *end = min_u64((uint64_t)(from + count) << bump->shift, total);
}

/*
 * Which units a request gets at a position: all of it, or with exact nothing else; 0: nothing. The
 * short last unit is not enough for exact.
 */
static inline size_t bump_fit(const struct bump *bump, uint64_t total, size_t from, uint64_t size,
                              bool exact)
{
        uint64_t count = bump_units(bump, size);
        uint64_t limit = exact ? total >> bump->shift : bump_limit(bump, total);

        if (from >= limit || (exact && count > limit - from))
                return 0;
        return (size_t)min_u64(count, limit - from);
}

/*
 * Lock-free. For exact requests; and for all where the file grows: units that an addition skipped
 * behind the end would be lost to the file that is longer later.
 */
static inline int bump_exchange(struct bump *bump, uint64_t size, bool exact, uint64_t *start,
                                uint64_t *end)
{
        size_t from = atomic_load_explicit(&bump->next, memory_order_relaxed), count;
        uint64_t total;

        do {
                total = bump_total(bump);
                count = bump_fit(bump, total, from, size, exact);
                if (count == 0)
                        return -ENOSPC;
        } while (!atomic_compare_exchange_weak_explicit(
                &bump->next, &from, from + count, memory_order_relaxed, memory_order_relaxed));
        bump_place(bump, total, from, count, start, end);
        return 0;
}

/*
 * Where the file doesn't grow.
 *
 * Wait-free: one load, and at most one fetch-and-add. No call adds once the counter has reached the
 * limit, and no call adds more than was left when it loaded the counter. So the counter stays below
 * (threads + 1) times the limit. With 2^41 units that can't wrap 64 bits; with 2^19 units 32 bits
 * could wrap only if 8191 threads were between their load and their add at the same time. Relaxed:
 * the single modification order of the counter makes the ranges disjoint; the counter publishes
 * nothing else.
 */
static inline int bump_add(struct bump *bump, uint64_t size, uint64_t *start, uint64_t *end)
{
        uint64_t total = atomic_load_explicit(&bump->total, memory_order_relaxed);
        size_t seen = atomic_load_explicit(&bump->next, memory_order_relaxed);
        size_t limit = bump_limit(bump, total), count, from;

        if (unlikely(seen >= limit))
                return -ENOSPC;
        count = (size_t)min_u64(bump_units(bump, size), limit - seen);
        from = atomic_fetch_add_explicit(&bump->next, count, memory_order_relaxed);
        if (unlikely(from >= limit))
                return -ENOSPC;
        bump_place(bump, total, from, count, start, end);
        return 0;
}

static inline int bump_allocate(struct bump *bump, uint64_t size, uint64_t *start, uint64_t *end)
{
        return unlikely(bump->grows) ? bump_exchange(bump, size, false, start, end)
                                     : bump_add(bump, size, start, end);
}

#endif
