/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The state that both built-in allocators share: one counter that only goes up, in units of the
 * alignment. Units, not bytes, leave so much room above the highest count that no sequence of
 * calls can wrap it. Layer 2.
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
        /* Read by all, written by none after create. */
        uint64_t total;      /* bytes */
        uint64_t name;       /* which allocator: part of the saved state */
        size_t limit;        /* units, the short last one included */
        size_t whole;        /* units that are whole */
        size_t floor;        /* units; a restore goes no lower */
        unsigned int shift;  /* of the alignment */
        atomic_size_t first; /* where next started: create's first, or what was restored */

        /* Added to by every allocate: on a line of its own. */
        alignas(CACHE_LINE) atomic_size_t next; /* units; may pass limit, see the concurrent one */
        atomic_bool in_use;                     /* the sequential one's */
};

int bump_create(const struct rmmap_allocator_args *args, uint64_t name, void **state);
void bump_destroy(void *state);
uint64_t bump_remaining(const void *state);
int bump_claim(const void *state, uint64_t start, uint64_t end);
int bump_save(const void *state, void *buffer, size_t *length);
int bump_restore(void *state, const void *buffer, size_t length);

int bump_check_request(const void *state, uint64_t size, uint32_t flags, const uint64_t *start,
                       const uint64_t *end);

/* size rounded up to units; no sum that could wrap. */
static inline uint64_t bump_units(const struct bump *bump, uint64_t size)
{
        uint64_t mask = (UINT64_C(1) << bump->shift) - 1;

        return (size >> bump->shift) + ((size & mask) != 0);
}

/* Where the units [from, from + count) lie in the file; the last one may be short. */
static inline void bump_place(const struct bump *bump, size_t from, size_t count, uint64_t *start,
                              uint64_t *end)
{
        *start = (uint64_t)from << bump->shift;
        *end = min_u64((uint64_t)(from + count) << bump->shift, bump->total);
}

/*
 * Wait-free: a load, and at most one fetch-and-add. No call adds once the counter has reached the
 * limit, and none adds more than was left when it looked; so the counter stays below (threads + 1)
 * times the limit. 2^41 units can't wrap 64 bits that way; 2^19 units could wrap 32 bits only with
 * 8191 threads at once between their load and their add. Relaxed: that the read-modify-writes of
 * one counter have one order is what makes the ranges disjoint; nothing else is published by them.
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
