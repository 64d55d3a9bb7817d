/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Waiting for a thread that is done in a moment, without a lock to sleep on. Layer 1. */
#ifndef RMMAP_BACKOFF_H
#define RMMAP_BACKOFF_H

#include <sched.h>
#include <time.h>

#include "os/uncancellable.h"

/* So often the processor is offered to others at once; then a millisecond passes each time. */
#define BACKOFF_YIELDS 200

/* To any other thread that could run here. */
static inline void backoff_yield(void)
{
        sched_yield();
}

/*
 * Call with tries counting up from 0. Yielding is enough, until who is waited for isn't even run:
 * to a thread of lower real-time priority nothing is yielded.
 */
static inline void backoff(unsigned int tries)
{
        const struct timespec moment = {.tv_nsec = 1000000};
        int before;

        if (tries < BACKOFF_YIELDS) {
                backoff_yield();
                return;
        }
        before = cancellation_off();
        nanosleep(&moment, NULL);
        cancellation_restore(before);
}

#endif
