/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Group commit: threads that ask for durability at the same time form a batch, and one of them, the
 * leader, does the I/O for all. Batches run one after another, because the kernel reports a
 * write-back error to one call only: the leader latches the error before any thread continues whose
 * data it may concern. Forked children never get here. tests/models/group-commit.pml checks two
 * rules: a request is served by a batch that starts after the request was made; and at most one
 * batch runs at a time, without holding the lock. Layer 2.
 */
#ifndef RMMAP_GROUP_COMMIT_H
#define RMMAP_GROUP_COMMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "commit-delay.h"
#include "os/thread.h"
#include "sync-set.h"

struct group_commit {
        struct mutex lock; /* protects all members below */
        struct condition finished_one;
        _Atomic uint64_t started,
                calls;     /* batches, and requests that they served; read without the lock */
        uint64_t finished; /* number of batches that have ended */
        bool busy, wanted;
        struct sync_set pending; /* what the next batch has to sync, if wanted */
        unsigned int requests;   /* requests joined in pending */
        unsigned int served;     /* requests of the batch that runs now, or ran last */
        uint64_t began;          /* start of that batch, from clock_now */
        struct commit_delay delay;
};

/* The memory must be zeros. */
void group_commit_init(struct group_commit *commit);
void group_commit_destroy(struct group_commit *commit);

/*
 * Returns when a batch has served work: perform ran for it, in this thread or in another one.
 * calls: how many requests of the program work stands for.
 */
void group_commit_run(struct group_commit *commit, const struct sync_set *work, uint64_t calls,
                      void (*perform)(void *context, const struct sync_set *work), void *context);

/*
 * Begins a batch of this thread alone, if no batch runs and no thread waits for one.
 * group_commit_leave ends it.
 */
bool group_commit_try_enter(struct group_commit *commit);
void group_commit_leave(struct group_commit *commit);

/* Number of batches so far; never waits. */
static inline uint64_t group_commit_started(const struct group_commit *commit)
{
        return atomic_load_explicit(&commit->started, memory_order_relaxed);
}

static inline uint64_t group_commit_calls(const struct group_commit *commit)
{
        return atomic_load_explicit(&commit->calls, memory_order_relaxed);
}

#endif
