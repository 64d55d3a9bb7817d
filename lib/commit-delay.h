/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How many threads sync at once. Those that one batch served come back together with their next
 * data; a batch that began with the first of them would leave the others to one more batch, and
 * only half of them would share each. So who leads a batch waits for them, a fraction of the time
 * that a batch takes, and as long as that pays. Databases know it as commit delay; there it is set
 * by hand. All under the commit's lock. Layer 2.
 */
#ifndef RMMAP_COMMIT_DELAY_H
#define RMMAP_COMMIT_DELAY_H

#include <stdbool.h>
#include <stdint.h>

/* What a wait should take: this part of a batch, and never longer, as they come back in less. */
#define COMMIT_DELAY_PART 4
#define COMMIT_DELAY_LONGEST UINT64_C(200000)

/* After waits in vain so many batches at most begin without one. */
#define COMMIT_DELAY_MOST_SKIPPED 255

struct commit_delay {
        unsigned int siblings; /* requests that the last batch served, or that came during it */
        unsigned int skipping; /* so many batches still begin at once */
        unsigned int penalty;  /* what skipping is set to after the next wait in vain, about */
        uint64_t batch;        /* how long one takes, ns, smoothed */
};

/* For how many ns a batch that would serve so many may wait for more; 0: it begins at once. */
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

/* No others are expected. */
static inline bool commit_delay_is_alone(const struct commit_delay *delay)
{
        return delay->siblings < 2 || delay->skipping > 0;
}

/*
 * It pays when most of them come: who is a little late makes it no mistake. It does not, whoever
 * comes, when it took longer than it should: then the processor went to others.
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

/* A batch took so many ns and served so many; so many more came meanwhile. */
static inline void commit_delay_learn_batch(struct commit_delay *delay, uint64_t took,
                                            unsigned int served, unsigned int waiting)
{
        delay->batch = delay->batch == 0 ? took : (7 * delay->batch + took) / 8;
        delay->siblings = served + waiting;
}

#endif
