/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Bytes that were copied through the mapping, counted at a cost of one nanosecond: there are
 * several shards of a cache line each, and each thread adds to the shard that its stack address
 * selects, by a plain load and store. Two threads that use the same shard can lose each other's
 * additions, so the sum may be slightly low; it never decreases. Layer 2.
 */
#ifndef RMMAP_IO_STATS_H
#define RMMAP_IO_STATS_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"

#define IO_STATS_SHARDS 16
#define IO_STATS_PERIOD (UINT64_C(2) << 20)

struct io_stats_shard {
        alignas(CACHE_LINE) _Atomic uint64_t bytes;
        _Atomic uint64_t copied, called; /* the page written last by each way, for its decisions */
};

struct io_stats {
        struct io_stats_shard shards[IO_STATS_SHARDS];
};

/*
 * The number of the thread's shard. Stacks are at least 64 KiB apart. The multiplication spreads
 * the bits in which they differ.
 */
static inline unsigned int io_stats_number(void)
{
#if defined(__GNUC__)
        uint32_t stack = (uint32_t)((uintptr_t)__builtin_frame_address(0) >> 16);
#else
        char here;
        uint32_t stack = (uint32_t)((uintptr_t)&here >> 16);
#endif

        return (stack * UINT32_C(2654435769)) >> 28;
}

static inline struct io_stats_shard *io_stats_shard(struct io_stats *stats)
{
        return &stats->shards[io_stats_number()];
}

/* Does before + length reach another multiple of period, which is a power of two? */
static inline bool io_stats_ends_period(uint64_t before, uint64_t length, uint64_t period)
{
        return ((before ^ (before + length)) & ~(period - 1)) != 0;
}

/* Returns the shard's count before. */
static inline uint64_t io_stats_count(struct io_stats_shard *shard, uint64_t length)
{
        uint64_t before = atomic_load_explicit(&shard->bytes, memory_order_relaxed);

        atomic_store_explicit(&shard->bytes, before + length, memory_order_relaxed);
        return before;
}

/* Sets the shard's last page of one way, and returns the one before. */
static inline uint64_t io_stats_visit(_Atomic uint64_t *last, uint64_t page)
{
        uint64_t before = atomic_load_explicit(last, memory_order_relaxed);

        atomic_store_explicit(last, page, memory_order_relaxed);
        return before;
}

static inline uint64_t io_stats_bytes(const struct io_stats *stats)
{
        uint64_t sum = 0;

        for (int i = 0; i < IO_STATS_SHARDS; i++)
                sum += atomic_load_explicit(&stats->shards[i].bytes, memory_order_relaxed);
        return sum;
}

#endif
