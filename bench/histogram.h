/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Counts of nanoseconds, in 32 slots for each power of two: a value is known to 3 %, in 8 KiB
 * whatever the number of values.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define HISTOGRAM_STEPS 32

struct histogram {
        uint64_t most;
        uint32_t counts[60 * HISTOGRAM_STEPS];
};

/* In microseconds; all 0: there was no value. */
struct quantiles {
        double half, p99, p99_9, most;
};

static inline uint64_t histogram_now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* Values below twice the steps are exact: each has a slot of its own. */
static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
        unsigned int shift =
                value < 2 * HISTOGRAM_STEPS ? 0 : 58 - (unsigned int)__builtin_clzll(value);

        histogram->counts[shift * HISTOGRAM_STEPS + (value >> shift)]++;
        if (value > histogram->most)
                histogram->most = value;
}

void histogram_merge(struct histogram *all, const struct histogram *one);
struct quantiles histogram_quantiles(const struct histogram *histogram);

#endif
