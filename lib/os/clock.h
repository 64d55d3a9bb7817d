/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Layer 1. */
#ifndef RMMAP_CLOCK_H
#define RMMAP_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds since some moment; never goes back. */
static inline uint64_t clock_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

#endif
