/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An atomic reference count. Layer 0. */
#ifndef RMMAP_REFCOUNT_H
#define RMMAP_REFCOUNT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/sync-annotations.h"

struct refcount {
        atomic_size_t references;
};

static inline void refcount_init(struct refcount *count)
{
        atomic_init(&count->references, 1);
        NOTE_ATOMIC(&count->references);
}

/* Relaxed: the caller's own reference already orders what it sees. */
static inline void refcount_get(struct refcount *count)
{
        atomic_fetch_add_explicit(&count->references, 1, memory_order_relaxed);
}

/* Acquire: the caller sees what the threads did that dropped theirs. */
static inline bool refcount_is_one(const struct refcount *count)
{
        return atomic_load_explicit(&count->references, memory_order_acquire) == 1;
}

/*
 * True for the last reference. Release: what this thread did with the object happens before its
 * end. Acquire: the thread that drops the last reference sees what all others did.
 */
static inline bool refcount_put(struct refcount *count)
{
        NOTE_RELEASE(count);
        if (atomic_fetch_sub_explicit(&count->references, 1, memory_order_acq_rel) != 1)
                return false;
        NOTE_ACQUIRE(count);
        return true;
}

#endif
