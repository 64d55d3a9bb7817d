/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "commit.h"
#include "backoff.h"
#include "clock.h"
#include "compiler.h"
#include "process.h"
#include "sync-annotations.h"

/* In a generation: that process is making the commit its own just now. */
#define ADOPTING (UINT64_C(1) << 63)

/* By value, since the calls that initialise may fail. */
static void reset(struct commit *commit)
{
        commit->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
        commit->finished_one = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
        commit->busy = commit->wanted = false;
        commit->finished = commit->started;
        commit->requests = 0;
        commit->crowd = (struct crowd){.size = 0};
}

void commit_init(struct commit *commit, uint64_t generation)
{
        commit->started = commit->calls = 0;
        reset(commit);
        atomic_init(&commit->generation, generation);
        NOTE_ATOMIC(&commit->generation);
}

void commit_destroy(struct commit *commit)
{
        /* In a child that never synced they belong to threads that aren't here: destroying a
         * condition waits for its waiters, and those never come. */
        if (process_forked(atomic_load_explicit(&commit->generation, memory_order_relaxed)))
                return;
        if (commit->started == 0) /* never used: DRD doesn't know them for what they are */
                return;
        pthread_cond_destroy(&commit->finished_one);
        pthread_mutex_destroy(&commit->lock);
}

/*
 * In a child the lock may be held, and a round be running, by threads that don't exist here. One
 * thread of the child starts afresh. Acquire and release: the others see it done.
 */
static NOINLINE void adopt(struct commit *commit)
{
        uint64_t mine = process_generation();
        uint64_t seen = atomic_load_explicit(&commit->generation, memory_order_acquire);
        unsigned int tries = 0;

        while (seen != mine) {
                /* Somebody else's mark is that of a thread left behind by one more fork. */
                if (seen != (mine | ADOPTING) &&
                    atomic_compare_exchange_strong_explicit(&commit->generation, &seen,
                                                            mine | ADOPTING, memory_order_acquire,
                                                            memory_order_acquire)) {
                        reset(commit);
                        atomic_store_explicit(&commit->generation, mine, memory_order_release);
                        return;
                }
                backoff(tries++);
                seen = atomic_load_explicit(&commit->generation, memory_order_acquire);
        }
}

static void lock(struct commit *commit)
{
        if (unlikely(process_forked(
                    atomic_load_explicit(&commit->generation, memory_order_acquire))))
                adopt(commit);
        pthread_mutex_lock(&commit->lock);
}

/* Under lock. */
static void join(struct commit *commit, const struct commit_work *work)
{
        if (commit->wanted)
                commit_work_join(&commit->pending, work);
        else
                commit->pending = *work;
        commit->wanted = true;
        commit->requests++;
}

/* Under lock: who comes from now on waits for the next round. */
static void begin(struct commit *commit, unsigned int served)
{
        commit->busy = true;
        commit->started++;
        commit->served = served;
        commit->began = clock_now();
}

/* Under lock. */
static void finish(struct commit *commit)
{
        crowd_learn_round(&commit->crowd, clock_now() - commit->began, commit->served,
                          commit->requests);
        commit->finished = commit->started;
        commit->busy = false;
        pthread_cond_broadcast(&commit->finished_one);
}

/* Under lock, which it lets go again and again: more may join the round that is about to begin. */
static void gather(struct commit *commit)
{
        uint64_t patience = crowd_patience(&commit->crowd, commit->requests);
        unsigned int before = commit->requests, missing;
        uint64_t began, waited;

        if (patience == 0)
                return;
        missing = commit->crowd.size - before;
        began = clock_now();
        commit->busy = true; /* nobody else leads */
        do {
                pthread_mutex_unlock(&commit->lock);
                backoff_yield();
                pthread_mutex_lock(&commit->lock);
                waited = clock_now() - began;
        } while (commit->requests < commit->crowd.size && waited < patience);
        crowd_learn_wait(&commit->crowd, missing, commit->requests - before, waited / 2 > patience);
}

/* Under lock, which it lets go while it works. */
static void lead(struct commit *commit,
                 void (*perform)(void *context, const struct commit_work *work), void *context)
{
        struct commit_work work;

        gather(commit);
        work = commit->pending;
        begin(commit, commit->requests);
        commit->wanted = false;
        commit->requests = 0;
        pthread_mutex_unlock(&commit->lock);
        perform(context, &work);
        pthread_mutex_lock(&commit->lock);
        finish(commit);
}

void commit_run(struct commit *commit, const struct commit_work *work,
                void (*perform)(void *context, const struct commit_work *work), void *context)
{
        uint64_t mine;

        lock(commit);
        commit->calls++;
        join(commit, work);
        /* A round that runs now may have passed this data already: the next one is ours. */
        mine = commit->started + 1;
        while (commit->finished < mine) {
                if (commit->busy)
                        pthread_cond_wait(&commit->finished_one, &commit->lock);
                else
                        lead(commit, perform, context);
        }
        pthread_mutex_unlock(&commit->lock);
}

bool commit_try_enter(struct commit *commit)
{
        bool free;

        lock(commit);
        free = !commit->busy && !commit->wanted && crowd_is_one(&commit->crowd);
        if (free) {
                commit->calls++;
                begin(commit, 1);
        }
        pthread_mutex_unlock(&commit->lock);
        return free;
}

void commit_leave(struct commit *commit)
{
        lock(commit);
        finish(commit);
        pthread_mutex_unlock(&commit->lock);
}

void commit_counts(struct commit *commit, uint64_t *calls, uint64_t *rounds)
{
        lock(commit);
        *calls = commit->calls;
        *rounds = commit->started;
        pthread_mutex_unlock(&commit->lock);
}
