/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Group commit: threads that ask for durability at the same time form a batch, and one of them, the
 * leader, does the I/O for all. Batches run one after another, so that a write-back error, which
 * the kernel reports to one call only, is latched before any thread goes on whose data it may
 * concern. A forked child never comes here. Two rules, which tests/models/group-commit.pml checks:
 * a request is served by a batch that starts after the request was made; and at most one batch runs
 * at a time, with no lock held. Layer 2.
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
        pthread_mutex_t lock; /* of all below */
        pthread_cond_t finished_one;
        _Atomic uint64_t started,
                calls;     /* batches, and what they serve; for readers without lock */
        uint64_t finished; /* batches */
        bool busy, wanted;
        struct sync_set pending; /* for the next batch; if wanted */
        unsigned int requests;   /* that it joins */
        unsigned int served;     /* by the batch that runs now, or ran last */
        uint64_t began;          /* when, by clock_now */
        struct commit_delay delay;
};

/* Of memory that is zeros. */
void group_commit_init(struct group_commit *commit);
void group_commit_destroy(struct group_commit *commit);

/* Returns when a batch has served work: perform ran for it, in this thread or in another. */
void group_commit_run(struct group_commit *commit, const struct sync_set *work,
                      void (*perform)(void *context, const struct sync_set *work), void *context);

/* Begins a batch of this thread alone, if none runs and no thread waits for one;
 * group_commit_leave ends it. */
bool group_commit_try_enter(struct group_commit *commit);
void group_commit_leave(struct group_commit *commit);

/* So far; never waits. */
static inline uint64_t group_commit_started(const struct group_commit *commit)
{
        return atomic_load_explicit(&commit->started, memory_order_relaxed);
}

static inline uint64_t group_commit_calls(const struct group_commit *commit)
{
        return atomic_load_explicit(&commit->calls, memory_order_relaxed);
}

#endif
