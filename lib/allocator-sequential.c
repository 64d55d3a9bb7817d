/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The allocator for one thread at a time: loads and stores, no read-modify-write. Two calls that
 * overlap in time are a mistake of the caller. The in_use flag detects most of them, but not all,
 * because testing it and setting it are two steps. Relaxed: the flag is a hint and orders nothing.
 */
#include "allocator-bump.h"

#define NAME UINT64_C(0x6c61697265732d) /* "-serial", little-endian */

static int sequential_create(const struct rmmap_allocator_args *args, void **state)
{
        return bump_create(args, NAME, state);
}

static int take(struct bump *bump, uint64_t size, uint32_t flags, uint64_t *start, uint64_t *end)
{
        size_t from = atomic_load_explicit(&bump->next, memory_order_relaxed);
        uint64_t total = bump_total(bump);
        size_t count = bump_fit(bump, total, from, size, flags & RMMAP_ALLOCATE_EXACT);

        if (count == 0)
                return -ENOSPC;
        atomic_store_explicit(&bump->next, from + count, memory_order_relaxed);
        bump_place(bump, total, from, count, start, end);
        return 0;
}

static int sequential_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                               uint64_t *end)
{
        struct bump *bump = state;
        int err = bump_check_request(state, size, flags, start, end);

        if (err != 0)
                return err;
        if (atomic_load_explicit(&bump->in_use, memory_order_relaxed))
                return -EBUSY;
        atomic_store_explicit(&bump->in_use, true, memory_order_relaxed);
        err = take(bump, size, flags, start, end);
        atomic_store_explicit(&bump->in_use, false, memory_order_relaxed);
        return err;
}

const struct rmmap_allocator_ops *rmmap_sequential_allocator(void)
{
        static const struct rmmap_allocator_ops ops = {
                .size = sizeof(ops),
                .name = "sequential",
                .create = sequential_create,
                .destroy = bump_destroy,
                .allocate = sequential_allocate,
                .remaining = bump_remaining,
                .claim = bump_claim,
                .save = bump_save,
                .restore = bump_restore,
                .grow = bump_grow,
                .trim = bump_trim,
        };

        return &ops;
}
