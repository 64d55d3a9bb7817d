/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <sched.h>
#include <time.h>

#include "os/os.h"

uint64_t clock_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void backoff_yield(void)
{
        sched_yield();
}

/*
 * Yielding alone isn't enough: it never lets a thread of lower real-time priority run, and this one
 * may wait for such a thread.
 */
void backoff(unsigned int tries)
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
