/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <stdlib.h>

#include "statistics.h"

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static double middle(const double *sorted, size_t count)
{
        return count % 2 ? sorted[count / 2] : (sorted[count / 2 - 1] + sorted[count / 2]) / 2;
}

struct spread spread_of(double *values, size_t count)
{
        qsort(values, count, sizeof(*values), compare);
        return (struct spread){middle(values, count), values[0], values[count - 1]};
}

/* The largest k whose interval has 95 %, or 1; *confidence: the probability of its interval. */
static size_t sign_test(size_t count, double *confidence)
{
        double term = 1, below;
        size_t k = 1;

        /* term: probability that exactly k - 1 values are below the median; below: at most k - 1 */
        for (size_t i = 0; i < count; i++)
                term /= 2;
        below = term;
        for (;;) {
                *confidence = 1 - 2 * below;
                term = term * (double)(count - k + 1) / (double)k;
                if (k + 1 > count / 2 || 1 - 2 * (below + term) < 0.95)
                        return k;
                below += term;
                k++;
        }
}

struct interval interval_of(double *values, size_t count)
{
        double confidence;
        size_t k = sign_test(count, &confidence);

        qsort(values, count, sizeof(*values), compare);
        return (struct interval){middle(values, count), values[k - 1], values[count - k]};
}

double interval_confidence(size_t count)
{
        double confidence;

        (void)sign_test(count, &confidence);
        return confidence;
}
