/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "probes.h"
#include "os/os.h"

#ifdef RMMAP_PROBES
/* In the section where tracers look for semaphores. */
#define PROBE_DEFINE(name)                                                                         \
        volatile unsigned short librangedmmap_##name##_semaphore                                   \
                __attribute__((__section__(".probes"), __used__));
PROBES(PROBE_DEFINE)

uint64_t probe_clock(void)
{
        return clock_now();
}
#endif
