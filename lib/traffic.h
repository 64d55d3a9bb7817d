/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What went through the mapping, counted so that it costs a nanosecond: each thread adds to one of
 * some cache lines, found by where its stack is, by a plain load and store. Two threads that meet
 * on a line may lose each other's additions, so the sum may be a little low; it never goes back.
 * Layer 2.
 */
#ifndef RMMAP_TRAFFIC_H
#define RMMAP_TRAFFIC_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"

#define TRAFFIC_LANES 16

struct traffic_lane {
        alignas(CACHE_LINE) _Atomic uint64_t bytes;
        _Atomic uint64_t window, page; /* the numbers of those that were written last */
};

struct traffic {
        struct traffic_lane lanes[TRAFFIC_LANES];
};

/* Stacks lie at least 64 KiB apart; a multiplication spreads what their addresses differ in. */
static inline struct traffic_lane *traffic_lane(struct traffic *traffic)
{
#if defined(__GNUC__)
        uint32_t stack = (uint32_t)((uintptr_t)__builtin_frame_address(0) >> 16);
#else
        char here;
        uint32_t stack = (uint32_t)((uintptr_t)&here >> 16);
#endif

        return &traffic->lanes[(stack * UINT32_C(2654435769)) >> 28];
}

static inline void traffic_count(struct traffic_lane *lane, uint64_t length)
{
        uint64_t before = atomic_load_explicit(&lane->bytes, memory_order_relaxed);

        atomic_store_explicit(&lane->bytes, before + length, memory_order_relaxed);
}

/* A lane's window or page is now this one; which one it was before. */
static inline uint64_t traffic_visit(_Atomic uint64_t *last, uint64_t now)
{
        uint64_t before = atomic_load_explicit(last, memory_order_relaxed);

        atomic_store_explicit(last, now, memory_order_relaxed);
        return before;
}

static inline uint64_t traffic_bytes(const struct traffic *traffic)
{
        uint64_t sum = 0;

        for (int i = 0; i < TRAFFIC_LANES; i++)
                sum += atomic_load_explicit(&traffic->lanes[i].bytes, memory_order_relaxed);
        return sum;
}

#endif
