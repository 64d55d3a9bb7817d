/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The regions that were populated last. A program's resident memory counts their pages, so a job
 * that writes each byte once keeps only these mapped, and leaves the oldest when it populates
 * another. A job that comes back to regions that it left needs them mapped: then the ring doubles,
 * and beyond its most nothing is left any more. Only a hint: all accesses are relaxed. Layer 2.
 */
#ifndef RMMAP_MAPPED_RING_H
#define RMMAP_MAPPED_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MAPPED_RING_FIRST 16 /* regions: 32 MiB */
#define MAPPED_RING_MOST 128
#define MAPPED_RING_NONE SIZE_MAX

struct mapped_ring {
        atomic_uint length;   /* of the part of slots in use; more than MAPPED_RING_MOST: no ring */
        atomic_uint next;     /* regions added */
        atomic_uint returned; /* of these, since the ring became longer, regions left before */
        _Atomic uint32_t slots[MAPPED_RING_MOST]; /* region + 1, or 0 */
};

static inline void mapped_ring_init(struct mapped_ring *ring)
{
        atomic_init(&ring->length, MAPPED_RING_FIRST);
        atomic_init(&ring->next, 0);
        atomic_init(&ring->returned, 0);
        for (size_t i = 0; i < MAPPED_RING_MOST; i++)
                atomic_init(&ring->slots[i], 0);
}

/* Slots in use; 0: no region is left any more. */
static inline unsigned int mapped_ring_in_use(const struct mapped_ring *ring)
{
        unsigned int length = atomic_load_explicit(&ring->length, memory_order_relaxed);

        return length <= MAPPED_RING_MOST ? length : 0;
}

/* The job came back to a region that was left; a quarter of the ring: it will do so again. */
static inline void mapped_ring_note_return(struct mapped_ring *ring)
{
        unsigned int length = mapped_ring_in_use(ring);

        if (length == 0 ||
            atomic_fetch_add_explicit(&ring->returned, 1, memory_order_relaxed) + 1 < length / 4)
                return;
        atomic_store_explicit(&ring->returned, 0, memory_order_relaxed);
        /* Not if another thread has stopped it meanwhile. */
        atomic_compare_exchange_strong_explicit(&ring->length, &length, 2 * length,
                                                memory_order_relaxed, memory_order_relaxed);
}

/* From now on no region is left. */
static inline void mapped_ring_stop(struct mapped_ring *ring)
{
        atomic_store_explicit(&ring->length, 2 * MAPPED_RING_MOST, memory_order_relaxed);
}

/*
 * region was populated. Returns the region that is to be left for it, or MAPPED_RING_NONE. A sync
 * unmaps regions that stay in their slots: such a one gets a new slot when it is populated again,
 * or the caller finds that it isn't mapped.
 */
static inline size_t mapped_ring_add(struct mapped_ring *ring, size_t region)
{
        unsigned int length = mapped_ring_in_use(ring), slot;
        uint32_t oldest, number = (uint32_t)region + 1;

        if (length == 0 || region >= UINT32_MAX)
                return MAPPED_RING_NONE;
        for (unsigned int i = 0; i < length; i++)
                if (atomic_load_explicit(&ring->slots[i], memory_order_relaxed) == number)
                        atomic_store_explicit(&ring->slots[i], 0, memory_order_relaxed);
        slot = atomic_fetch_add_explicit(&ring->next, 1, memory_order_relaxed) % length;
        oldest = atomic_exchange_explicit(&ring->slots[slot], number, memory_order_relaxed);
        return oldest == 0 ? MAPPED_RING_NONE : oldest - 1;
}

#endif
