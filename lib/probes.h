/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Static probes (USDT) for tracers: one nop each, and a note that tells where its arguments are.
 * Without <sys/sdt.h>, or with --disable-probes, they compile to nothing. librangedmmap-probes(7)
 * lists them. Arguments are values that the code has anyway; values that take work are computed
 * only while a tracer is attached, which increments the probe's semaphore. Layer 2.
 */
#ifndef RMMAP_PROBES_H
#define RMMAP_PROBES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

/* clang-format off */
#define PROBES(X) \
        X(create) X(open) X(open_fd) X(publish) X(release) \
        X(allocate) X(claim) X(give_back) X(grow) X(trim) \
        X(write_by_map) X(write_by_call) X(write_by_read) X(write_durable) \
        X(flush) X(sync_entry) X(sync_return) X(sync_batch) X(record) \
        X(fault) X(error)
/* clang-format on */

#ifdef RMMAP_PROBES
#define _SDT_HAS_SEMAPHORES 1
#include <sys/sdt.h>

/* Tracers write to it from outside the process. */
#define PROBE_DECLARE(name)                                                                        \
        extern volatile unsigned short librangedmmap_##name##_semaphore                            \
                __attribute__((__visibility__("hidden")));
PROBES(PROBE_DECLARE)

#define PROBE_IS_TRACED(name) unlikely(librangedmmap_##name##_semaphore != 0)
#define PROBE2(name, a, b) STAP_PROBE2(librangedmmap, name, a, b)
#define PROBE3(name, a, b, c) STAP_PROBE3(librangedmmap, name, a, b, c)
#define PROBE4(name, a, b, c, d) STAP_PROBE4(librangedmmap, name, a, b, c, d)
#define PROBE5(name, a, b, c, d, e) STAP_PROBE5(librangedmmap, name, a, b, c, d, e)

/* Monotonic clock, ns. */
uint64_t probe_clock(void);
#else
#define PROBE_IS_TRACED(name) false
#define PROBE2(name, a, b) ((void)(a), (void)(b))
#define PROBE3(name, a, b, c) (PROBE2(name, a, b), (void)(c))
#define PROBE4(name, a, b, c, d) (PROBE3(name, a, b, c), (void)(d))
#define PROBE5(name, a, b, c, d, e) (PROBE4(name, a, b, c, d), (void)(e))

static inline uint64_t probe_clock(void)
{
        return 0;
}
#endif

/* Start time of an operation; 0: no tracer wants its duration. */
#define PROBE_BEGIN(name) (PROBE_IS_TRACED(name) ? probe_clock() : 0)

static inline uint64_t probe_since(uint64_t began)
{
        return unlikely(began != 0) ? probe_clock() - began : 0;
}

#endif
