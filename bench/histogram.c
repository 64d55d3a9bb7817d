/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "histogram.h"

#define SLOTS (sizeof(((struct histogram *)NULL)->counts) / sizeof(uint32_t))

void histogram_merge(struct histogram *all, const struct histogram *one)
{
        for (size_t i = 0; i < SLOTS; i++)
                all->counts[i] += one->counts[i];
        if (one->most > all->most)
                all->most = one->most;
}

/* The largest value that the slot counts. */
static uint64_t end_of(size_t slot)
{
        unsigned int shift =
                slot < 2 * HISTOGRAM_STEPS ? 0 : (unsigned int)(slot / HISTOGRAM_STEPS) - 1;

        return ((slot - shift * HISTOGRAM_STEPS + 1) << shift) - 1;
}

/* The value that this part of all values doesn't exceed. */
static double quantile(const struct histogram *histogram, uint64_t count, double part)
{
        uint64_t below = 0, value = histogram->most;

        for (size_t i = 0; i < SLOTS; i++) {
                below += histogram->counts[i];
                if ((double)below < (double)count * part)
                        continue;
                if (end_of(i) < value)
                        value = end_of(i);
                break;
        }
        return (double)value / 1e3;
}

struct quantiles histogram_quantiles(const struct histogram *histogram)
{
        uint64_t count = 0;

        for (size_t i = 0; i < SLOTS; i++)
                count += histogram->counts[i];
        return (struct quantiles){quantile(histogram, count, 0.5), quantile(histogram, count, 0.99),
                                  quantile(histogram, count, 0.999), (double)histogram->most / 1e3};
}
