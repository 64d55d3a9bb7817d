/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef BENCH_STATISTICS_H
#define BENCH_STATISTICS_H

#include <stddef.h>

struct spread {
        double median, least, most;
};

/* A median and its confidence interval. */
struct interval {
        double median, low, high;
};

/* These sort the values. */
struct spread spread_of(double *values, size_t count);
/*
 * By the sign test: between the k-th value from below and the k-th from above the true median
 * lies with a known probability, whatever the distribution. The largest k that gives 95 %; with
 * fewer than 6 values none does, and it is the least and the most.
 */
struct interval interval_of(double *values, size_t count);
/* The probability that goes with it. */
double interval_confidence(size_t count);

#endif
