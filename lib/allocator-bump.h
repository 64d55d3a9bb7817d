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
#include <stdint.h>

#include "base/checked.h"
#include "base/compiler.h"
#include "rmmap.h"

struct bump {
        /* Constant after create; all threads read them. */
        uint64_t total;      /* bytes */
        uint64_t name;       /* identifies the allocator; part of the saved state */
        size_t limit;        /* units, including the short last one */
        size_t whole;        /* complete units */
        size_t floor;        /* units; the lowest position that a restore may set */
        unsigned int shift;  /* log2 of the alignment */
        atomic_size_t first; /* start value of next: from create, or restored */

        /* Every allocate adds to next, so it has a cache line of its own. */
        alignas(CACHE_LINE) atomic_size_t next; /* units; may exceed limit, see bump_add */
        atomic_bool in_use;                     /* the sequential allocator's */
};

int bump_create(const struct rmmap_allocator_args *args, uint64_t name, void **state);
void bump_destroy(void *state);
uint64_t bump_remaining(const void *state);
int bump_claim(const void *state, uint64_t start, uint64_t end);
int bump_save(const void *state, void *buffer, size_t *length);
int bump_restore(void *state, const void *buffer, size_t length);

int bump_check_request(const void *state, uint64_t size, uint32_t flags, const uint64_t *start,
                       const uint64_t *end);

/* size rounded up to units; the computation can't wrap. */
static inline uint64_t bump_units(const struct bump *bump, uint64_t size)
{
        uint64_t mask = (UINT64_C(1) << bump->shift) - 1;

        return (size >> bump->shift) + ((size & mask) != 0);
}

/* File offsets of the units [from, from + count); the last unit may be short. */
static inline void bump_place(const struct bump *bump, size_t from, size_t count, uint64_t *start,
                              uint64_t *end)
{
        *start = (uint64_t)from << bump->shift;
        *end = min_u64((uint64_t)(from + count) << bump->shift, bump->total);
}

/*
 * Wait-free: one load, and at most one fetch-and-add. No call adds once the counter has reached the
 * limit, and no call adds more than was left when it loaded the counter. So the counter stays below
 * (threads + 1) times the limit. With 2^41 units that can't wrap 64 bits; with 2^19 units 32 bits
 * could wrap only if 8191 threads were between their load and their add at the same time. Relaxed:
 * the single modification order of the counter makes the ranges disjoint; the counter publishes
 * nothing else.
 */
static inline int bump_add(struct bump *bump, uint64_t size, uint64_t *start, uint64_t *end)
{
        size_t seen = atomic_load_explicit(&bump->next, memory_order_relaxed);
        size_t count, from;

        if (unlikely(seen >= bump->limit))
                return -ENOSPC;
        count = (size_t)min_u64(bump_units(bump, size), bump->limit - seen);
        from = atomic_fetch_add_explicit(&bump->next, count, memory_order_relaxed);
        if (unlikely(from >= bump->limit))
                return -ENOSPC;
        bump_place(bump, from, count, start, end);
        return 0;
}

#endif
