/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The allocator for any number of threads.
 *
 *  A.1  No byte is in two ranges: each range is one addition to one counter, and the additions
 *       have a single order.
 *  A.2  allocate is wait-free where fetch-and-add is one instruction: see bump_add.
 *  A.3  exact, and allocate where the file grows, are lock-free: when the compare-and-swap of
 *       one thread fails, that of another one has succeeded. See bump_exchange.
 */
#include "allocator-bump.h"
#include "allocator.h"

#define NAME UINT64_C(0x746e6572727563) /* "current", little-endian */

static int concurrent_create(const struct rmmap_allocator_args *args, void **state)
{
        return bump_create(args, NAME, state);
}

int allocator_concurrent_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                  uint64_t *end)
{
        int err = bump_check_request(state, size, flags, start, end);

        if (err != 0)
                return err;
        if (flags & RMMAP_ALLOCATE_EXACT)
                return bump_exchange(state, size, true, start, end);
        return bump_allocate(state, size, start, end);
}

const struct rmmap_allocator_ops *rmmap_concurrent_allocator(void)
{
        static const struct rmmap_allocator_ops ops = {
                .size = sizeof(ops),
                .name = "concurrent",
                .flags = RMMAP_ALLOCATOR_THREAD_SAFE,
                .create = concurrent_create,
                .destroy = bump_destroy,
                .allocate = allocator_concurrent_allocate,
                .remaining = bump_remaining,
                .claim = bump_claim,
                .save = bump_save,
                .restore = bump_restore,
                .grow = bump_grow,
                .trim = bump_trim,
        };

        return &ops;
}
