/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The commit delay: how long the leader of a batch waits for siblings, threads that sync at the
 * same time. Threads that one batch served come back together with their next data. A batch that
 * began with the first of them would leave the others to a second batch. So the leader waits for
 * them, for a fraction of the time that a batch takes, and as long as waiting pays. (Databases have
 * a commit delay that the administrator sets; PostgreSQL calls it commit_delay and
 * commit_siblings.) The group commit's lock protects all of it. Layer 2.
 */
#ifndef RMMAP_COMMIT_DELAY_H
#define RMMAP_COMMIT_DELAY_H

#include <stdbool.h>
#include <stdint.h>

/* A wait is at most this fraction of the duration of a batch, and at most this many ns. */
#define COMMIT_DELAY_PART 4
#define COMMIT_DELAY_LONGEST UINT64_C(200000)

/* After waits that were in vain, at most this many batches begin without a wait. */
#define COMMIT_DELAY_MOST_SKIPPED 255

struct commit_delay {
        unsigned int siblings; /* requests that the last batch served, or that came during it */
        unsigned int skipping; /* number of batches that still begin without a wait */
        unsigned int penalty;  /* roughly the value of skipping after the next wait in vain */
        uint64_t batch;        /* duration of a batch in ns, smoothed */
};

/* How many ns the leader of this many requests may wait for more. 0: the batch begins now. */
static inline uint64_t commit_delay_next(struct commit_delay *delay, unsigned int requests)
{
        uint64_t part = delay->batch / COMMIT_DELAY_PART;

        if (requests >= delay->siblings)
                return 0;
        if (delay->skipping > 0) {
                delay->skipping--;
                return 0;
        }
        return part < COMMIT_DELAY_LONGEST ? part : COMMIT_DELAY_LONGEST;
}

/* No siblings are expected. */
static inline bool commit_delay_is_alone(const struct commit_delay *delay)
{
        return delay->siblings < 2 || delay->skipping > 0;
}

/*
 * A wait paid when at least half of the missing siblings came. A wait that took much longer than
 * planned counts as in vain even then: the processor was given to other work.
 */
static inline void commit_delay_learn_wait(struct commit_delay *delay, unsigned int missing,
                                           unsigned int came, bool late)
{
        if (came >= missing - missing / 2 && !late) {
                delay->penalty /= 2;
                return;
        }
        delay->penalty = 2 * delay->penalty + 1;
        if (delay->penalty > COMMIT_DELAY_MOST_SKIPPED)
                delay->penalty = COMMIT_DELAY_MOST_SKIPPED;
        delay->skipping = delay->penalty;
}

/* A batch took so many ns and served so many requests; waiting: those that came meanwhile. */
static inline void commit_delay_learn_batch(struct commit_delay *delay, uint64_t took,
                                            unsigned int served, unsigned int waiting)
{
        delay->batch = delay->batch == 0 ? took : (7 * delay->batch + took) / 8;
        delay->siblings = served + waiting;
}

#endif
