/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "commit.h"
#include "backoff.h"
#include "clock.h"
#include "sync-annotations.h"

void commit_init(struct commit *commit)
{
        commit->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
        commit->finished_one = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
        NOTE_ATOMIC(&commit->started);
        NOTE_ATOMIC(&commit->calls);
}

void commit_destroy(struct commit *commit)
{
        if (commit_started(commit) == 0) /* never used: DRD doesn't know them for what they are */
                return;
        pthread_cond_destroy(&commit->finished_one);
        pthread_mutex_destroy(&commit->lock);
}

/* Of a counter that is only written under lock, and read without. */
static void count_up(_Atomic uint64_t *counter)
{
        atomic_store_explicit(counter, 1 + atomic_load_explicit(counter, memory_order_relaxed),
                              memory_order_relaxed);
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
        count_up(&commit->started);
        commit->served = served;
        commit->began = clock_now();
}

/* Under lock. */
static void finish(struct commit *commit)
{
        crowd_learn_round(&commit->crowd, clock_now() - commit->began, commit->served,
                          commit->requests);
        commit->finished = commit_started(commit);
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

        pthread_mutex_lock(&commit->lock);
        count_up(&commit->calls);
        join(commit, work);
        /* A round that runs now may have passed this data already: the next one is ours. */
        mine = commit_started(commit) + 1;
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

        pthread_mutex_lock(&commit->lock);
        free = !commit->busy && !commit->wanted && crowd_is_one(&commit->crowd);
        if (free) {
                count_up(&commit->calls);
                begin(commit, 1);
        }
        pthread_mutex_unlock(&commit->lock);
        return free;
}

void commit_leave(struct commit *commit)
{
        pthread_mutex_lock(&commit->lock);
        finish(commit);
        pthread_mutex_unlock(&commit->lock);
}
