/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How many threads sync at once. Those that one round served come back together with their next
 * data; a round that began with the first of them would leave the others to one more round, and
 * only half of them would share each. So who leads a round waits for them, a fraction of the time
 * that a round takes, and as long as that pays. Databases know it as commit delay; there it is set
 * by hand. All under the commit's lock. Layer 2.
 */
#ifndef RMMAP_CROWD_H
#define RMMAP_CROWD_H

#include <stdbool.h>
#include <stdint.h>

/* What a wait should take: this part of a round, and never longer, as they come back in less. */
#define CROWD_PART 4
#define CROWD_LONGEST UINT64_C(200000)

/* After waits in vain so many rounds at most begin without one. */
#define CROWD_MOST_SKIPPED 255

struct crowd {
        unsigned int size;     /* requests that the last round served, or that came during it */
        unsigned int skipping; /* so many rounds still begin at once */
        unsigned int penalty;  /* what skipping is set to after the next wait in vain, about */
        uint64_t round;        /* how long one takes, ns, smoothed */
};

/* For how many ns a round that would serve so many may wait for more; 0: it begins at once. */
static inline uint64_t crowd_patience(struct crowd *crowd, unsigned int requests)
{
        uint64_t part = crowd->round / CROWD_PART;

        if (requests >= crowd->size)
                return 0;
        if (crowd->skipping > 0) {
                crowd->skipping--;
                return 0;
        }
        return part < CROWD_LONGEST ? part : CROWD_LONGEST;
}

/* No others are expected. */
static inline bool crowd_is_one(const struct crowd *crowd)
{
        return crowd->size < 2 || crowd->skipping > 0;
}

/*
 * It pays when most of them come: who is a little late makes it no mistake. It does not, whoever
 * comes, when it took longer than it should: then the processor went to others.
 */
static inline void crowd_learn_wait(struct crowd *crowd, unsigned int missing, unsigned int came,
                                    bool late)
{
        if (came >= missing - missing / 2 && !late) {
                crowd->penalty /= 2;
                return;
        }
        crowd->penalty = 2 * crowd->penalty + 1;
        if (crowd->penalty > CROWD_MOST_SKIPPED)
                crowd->penalty = CROWD_MOST_SKIPPED;
        crowd->skipping = crowd->penalty;
}

/* A round took so many ns and served so many; so many more came meanwhile. */
static inline void crowd_learn_round(struct crowd *crowd, uint64_t took, unsigned int served,
                                     unsigned int waiting)
{
        crowd->round = crowd->round == 0 ? took : (7 * crowd->round + took) / 8;
        crowd->size = served + waiting;
}

#endif
