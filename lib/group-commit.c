/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "group-commit.h"
#include "base/sync-annotations.h"
#include "os/os.h"

void group_commit_init(struct group_commit *commit)
{
        mutex_init(&commit->lock);
        condition_init(&commit->finished_one);
        NOTE_ATOMIC(&commit->started);
        NOTE_ATOMIC(&commit->calls);
}

void group_commit_destroy(struct group_commit *commit)
{
        if (group_commit_started(commit) == 0) /* unused locks would make DRD complain */
                return;
        condition_destroy(&commit->finished_one);
        mutex_destroy(&commit->lock);
}

/* For a counter that is written under the lock, and read without it. */
static void count_up(_Atomic uint64_t *counter, uint64_t by)
{
        atomic_store_explicit(counter, by + atomic_load_explicit(counter, memory_order_relaxed),
                              memory_order_relaxed);
}

/* Adds work to the next batch. The caller holds the lock. */
static void join(struct group_commit *commit, const struct sync_set *work)
{
        if (commit->wanted)
                sync_set_join(&commit->pending, work);
        else
                commit->pending = *work;
        commit->wanted = true;
        commit->requests++;
}

/* The caller holds the lock. Requests that come from now on wait for the next batch. */
static void begin(struct group_commit *commit, unsigned int served)
{
        commit->busy = true;
        count_up(&commit->started, 1);
        commit->served = served;
        commit->began = clock_now();
}

/* The caller holds the lock. */
static void finish(struct group_commit *commit)
{
        commit_delay_learn_batch(&commit->delay, clock_now() - commit->began, commit->served,
                                 commit->requests);
        commit->finished = group_commit_started(commit);
        commit->busy = false;
        condition_wake_all(&commit->finished_one);
}

/* The commit delay. The caller holds the lock; it is released so that siblings can join. */
static void gather(struct group_commit *commit)
{
        uint64_t delay = commit_delay_next(&commit->delay, commit->requests);
        unsigned int before = commit->requests, missing;
        uint64_t began, waited;

        if (delay == 0)
                return;
        missing = commit->delay.siblings - before;
        began = clock_now();
        commit->busy = true; /* no other thread becomes leader */
        do {
                mutex_unlock(&commit->lock);
                backoff_yield();
                mutex_lock(&commit->lock);
                waited = clock_now() - began;
        } while (commit->requests < commit->delay.siblings && waited < delay);
        commit_delay_learn_wait(&commit->delay, missing, commit->requests - before,
                                waited / 2 > delay);
}

/* Runs a batch. The caller holds the lock; lead releases it during the I/O. */
static void lead(struct group_commit *commit,
                 void (*perform)(void *context, const struct sync_set *work), void *context)
{
        struct sync_set work;

        gather(commit);
        work = commit->pending;
        begin(commit, commit->requests);
        commit->wanted = false;
        commit->requests = 0;
        mutex_unlock(&commit->lock);
        perform(context, &work);
        mutex_lock(&commit->lock);
        finish(commit);
}

void group_commit_run(struct group_commit *commit, const struct sync_set *work, uint64_t calls,
                      void (*perform)(void *context, const struct sync_set *work), void *context)
{
        uint64_t mine;

        mutex_lock(&commit->lock);
        count_up(&commit->calls, calls);
        join(commit, work);
        /* A running batch may have synced this data too early: only the next batch serves us. */
        mine = group_commit_started(commit) + 1;
        while (commit->finished < mine) {
                if (commit->busy)
                        condition_wait(&commit->finished_one, &commit->lock);
                else
                        lead(commit, perform, context);
        }
        mutex_unlock(&commit->lock);
}

bool group_commit_try_enter(struct group_commit *commit)
{
        bool free;

        mutex_lock(&commit->lock);
        free = !commit->busy && !commit->wanted && commit_delay_is_alone(&commit->delay);
        if (free) {
                count_up(&commit->calls, 1);
                begin(commit, 1);
        }
        mutex_unlock(&commit->lock);
        return free;
}

void group_commit_leave(struct group_commit *commit)
{
        mutex_lock(&commit->lock);
        finish(commit);
        mutex_unlock(&commit->lock);
}
