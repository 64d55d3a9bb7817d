/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "probes.h"

#ifdef RMMAP_PROBES
#include <time.h>

/* In the section where tracers look for them. */
#define PROBE_DEFINE(name)                                                                         \
        volatile unsigned short librangedmmap_##name##_semaphore                                   \
                __attribute__((__section__(".probes"), __used__));
PROBES(PROBE_DEFINE)

uint64_t probe_clock(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}
#endif
