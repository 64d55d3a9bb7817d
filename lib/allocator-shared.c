/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One allocator for the handles of several processes: a counter in a file that all of them map.
 * Each range is one addition to it, without a lock, and a process registers nowhere, so one that
 * dies keeps nobody waiting, and loses at most the range that it was about to get.
 */
#include <errno.h>
#include <string.h>

#include "allocator-shared.h"
#include "base/abi-struct.h"
#include "base/checked.h"
#include "base/compiler.h"
#include "base/sync-annotations.h"
#include "shared-state.h"

ASSERT_ABI_SIZE(struct rmmap_shared_config, 2 * sizeof(void *));

/*
 * No call adds once the counter has reached the end, nor more than was left when it looked: 2^16
 * threads between their look and their addition can't wrap it.
 */
#define LARGEST_TOTAL (UINT64_C(1) << 47)

struct shared {
        char *path;
        uint64_t first, max_total; /* bytes */
        _Atomic uint64_t total;    /* bytes; only grow changes it */
        struct shared_state state;
};

static int read_config(const void *given, struct rmmap_shared_config *config)
{
        int err = given == NULL ? -EINVAL
                                : abi_struct_read(config, sizeof(*config), sizeof(*config), given);

        return err == 0 && config->path == NULL ? -EINVAL : err;
}

static int shared_create(const struct rmmap_allocator_args *given, void **state)
{
        struct rmmap_allocator_args args;
        struct rmmap_shared_config config;
        struct shared *shared;
        int err;

        if (state == NULL)
                return -EINVAL;
        err = allocator_read_args(&args, given, LARGEST_TOTAL);
        if (err == 0 && args.alignment != RMMAP_ALIGNMENT)
                err = -EINVAL;
        if (err == 0)
                err = read_config(args.config, &config);
        if (err != 0)
                return err;
        shared = memory_zeroed(1, sizeof(*shared));
        if (shared == NULL)
                return -ENOMEM;
        shared->path = memory_text(config.path);
        if (shared->path == NULL) {
                memory_free(shared);
                return -ENOMEM;
        }
        shared->first = min_u64(args.first, args.total);
        shared->max_total = max_u64(args.total, args.max_total);
        shared->state.fd = -1;
        atomic_init(&shared->total, args.total);
        NOTE_ATOMIC(&shared->total);
        *state = shared;
        return 0;
}

static void shared_destroy(void *state)
{
        struct shared *shared = state;

        if (shared == NULL)
                return;
        shared_state_close(&shared->state);
        memory_free(shared->path);
        memory_free(shared);
}

/* Acquire: what the handle did before it let the allocator grow is done. */
static uint64_t total_of(const struct shared *shared)
{
        return atomic_load_explicit(&shared->total, memory_order_acquire);
}

static bool is_attached(const struct shared *shared)
{
        return shared != NULL && shared->state.mapping.base != NULL;
}

/* Relaxed: the single order of its additions makes the ranges disjoint; it publishes no data. */
static uint64_t position(const struct shared *shared, uint64_t total)
{
        return min_u64(atomic_load_explicit(shared->state.counter, memory_order_relaxed), total);
}

/* What a request gets at a position, in whole units; 0: nothing. As bump_fit. */
static uint64_t fit(uint64_t total, uint64_t from, uint64_t size, bool exact)
{
        uint64_t limit = exact ? rmmap_align_down(total) : rmmap_align_up(total);
        uint64_t wanted = rmmap_align_up(size);

        if (from >= limit || (exact && wanted > limit - from))
                return 0;
        return min_u64(wanted, limit - from);
}

/*
 * Lock-free: for exact requests; and for all where the file grows, because what an addition skipped
 * behind the end would be lost to the file that is longer later.
 */
static int take_by_exchange(struct shared *shared, uint64_t size, bool exact, uint64_t *start,
                            uint64_t *end)
{
        uint64_t from = atomic_load_explicit(shared->state.counter, memory_order_relaxed);
        uint64_t total, length;

        do {
                total = total_of(shared);
                length = fit(total, from, size, exact);
                if (length == 0)
                        return -ENOSPC;
        } while (!atomic_compare_exchange_weak_explicit(shared->state.counter, &from, from + length,
                                                        memory_order_relaxed,
                                                        memory_order_relaxed));
        *start = from;
        *end = min_u64(from + length, total);
        return 0;
}

/* Wait-free. */
static int take_by_addition(struct shared *shared, uint64_t size, uint64_t *start, uint64_t *end)
{
        uint64_t total = total_of(shared);
        uint64_t from = atomic_load_explicit(shared->state.counter, memory_order_relaxed);
        uint64_t length = fit(total, from, size, false);

        if (length == 0)
                return -ENOSPC;
        from = atomic_fetch_add_explicit(shared->state.counter, length, memory_order_relaxed);
        if (unlikely(from >= total))
                return -ENOSPC;
        *start = from;
        *end = min_u64(from + length, total);
        return 0;
}

int allocator_shared_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                              uint64_t *end)
{
        struct shared *shared = state;

        if (shared == NULL || start == NULL || end == NULL || size == 0)
                return -EINVAL;
        if ((flags & ~RMMAP_ALLOCATE_EXACT) || !is_attached(shared))
                return -EOPNOTSUPP;
        if (flags != 0 || shared->state.grows)
                return take_by_exchange(shared, size, flags != 0, start, end);
        return take_by_addition(shared, size, start, end);
}

static uint64_t shared_remaining(const void *state)
{
        const struct shared *shared = state;
        uint64_t total;

        if (!is_attached(shared))
                return 0;
        total = total_of(shared);
        return total - position(shared, total);
}

/* Which process has a range is known to nobody; the handle knows its own ones. */
static int shared_claim(const void *state, uint64_t start, uint64_t end)
{
        const struct shared *shared = state;

        if (shared == NULL || start > end)
                return -EINVAL;
        if (!is_attached(shared))
                return -EOPNOTSUPP;
        return end <= position(shared, total_of(shared)) ? 0 : -ERANGE;
}

static int shared_grow(void *state, uint64_t total)
{
        struct shared *shared = state;

        if (shared == NULL || total > shared->max_total || total < total_of(shared))
                return -EINVAL;
        atomic_store_explicit(&shared->total, total, memory_order_release);
        return 0;
}

const struct rmmap_allocator_ops *rmmap_shared_allocator(void)
{
        static const struct rmmap_allocator_ops ops = {
                .size = sizeof(ops),
                .name = "shared",
                .flags = RMMAP_ALLOCATOR_THREAD_SAFE,
                .create = shared_create,
                .destroy = shared_destroy,
                .allocate = allocator_shared_allocate,
                .remaining = shared_remaining,
                .claim = shared_claim,
                .grow = shared_grow,
        };

        return &ops;
}

/* ---- for the handle */

int allocator_shared_attach(const struct allocator *allocator, int data, struct shared_use use)
{
        struct shared *shared = allocator->state;
        struct shared_request request = {
                .data = data, .must_exist = use.read_only, .alone = use.alone};
        uint64_t content = 0;
        int err = 0;

        if (!allocator_is_shared(allocator))
                return 0;
        if (use.cuts)
                err = storage_size(data, &content);
        if (err != 0)
                return err;
        request.path = shared->path;
        request.first = max_u64(shared->first, min_u64(content, LARGEST_TOTAL));
        request.total = total_of(shared);
        request.max_total = shared->max_total;
        return shared_state_open(&request, &shared->state);
}

int allocator_shared_restart(const struct allocator *allocator, int data)
{
        struct shared *shared = allocator->state;

        if (!allocator_is_shared(allocator))
                return 0;
        return shared_state_restart(&shared->state, data, shared->first);
}

void allocator_shared_undo(const struct allocator *allocator)
{
        struct shared *shared = allocator->state;

        if (allocator_is_shared(allocator) && is_attached(shared))
                shared_state_remove(&shared->state, shared->path);
}

int allocator_shared_mark(const struct allocator *allocator, uint64_t end)
{
        struct shared *shared = allocator->state;

        if (!allocator_is_shared(allocator))
                return 0;
        return shared_state_mark(&shared->state, position(shared, end));
}
