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
 * By the sign test: the true median lies between the k-th smallest and the k-th largest value with
 * a known probability, whatever the distribution. k is the largest that gives 95 %; with fewer than
 * 6 values there is none, and the interval is from the smallest to the largest.
 */
struct interval interval_of(double *values, size_t count);
/* The probability of that interval. */
double interval_confidence(size_t count);

#endif
