/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Group commit: threads that ask for durability at the same time are served by one of them. Rounds
 * of I/O run one after another, so a write-back error, which the kernel tells to one call only,
 * is latched before anybody whom that round concerns goes on.
 *
 *  C.1  A request is served by a round that starts after it was made.
 *  C.2  At most one round runs at a time; no lock is held while it does.
 *
 * A forked child never comes here. Layer 2.
 */
#ifndef RMMAP_COMMIT_H
#define RMMAP_COMMIT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "commit-work.h"
#include "crowd.h"

struct commit {
        pthread_mutex_t lock; /* of all below */
        pthread_cond_t finished_one;
        _Atomic uint64_t started, calls; /* rounds, and what they serve; for readers without lock */
        uint64_t finished;               /* rounds */
        bool busy, wanted;
        struct commit_work pending; /* for the next round; if wanted */
        unsigned int requests;      /* that it joins */
        unsigned int served;        /* by the round that runs now, or ran last */
        uint64_t began;             /* when, by clock_now */
        struct crowd crowd;
};

/* Of memory that is zeros. */
void commit_init(struct commit *commit);
void commit_destroy(struct commit *commit);

/* Returns when a round has served work: perform was run for it, here or in another thread. */
void commit_run(struct commit *commit, const struct commit_work *work,
                void (*perform)(void *context, const struct commit_work *work), void *context);

/* A round for the caller's own use, if nobody runs or waits for one; commit_leave ends it. */
bool commit_try_enter(struct commit *commit);
void commit_leave(struct commit *commit);

/* So far; never waits. */
static inline uint64_t commit_started(const struct commit *commit)
{
        return atomic_load_explicit(&commit->started, memory_order_relaxed);
}

static inline uint64_t commit_calls(const struct commit *commit)
{
        return atomic_load_explicit(&commit->calls, memory_order_relaxed);
}

#endif
