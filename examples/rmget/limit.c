/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * limit.c - --limit-rate, over all connections together
 *
 * libcurl's own limit is for one request: many short requests would each begin with a burst. So a
 * connection pauses when the bytes that the rate allows are used up, and continues later.
 */
#include "rmget.h"

static const double burst = 0.1; /* seconds; at most the bytes of this time are saved up */

void limit_begin(struct limit *limit, uint64_t rate)
{
        *limit = (struct limit){.rate = (double)rate, .last = now()};
}

/* May a connection take bytes now? One callback may exceed the limit: then credit is negative. */
bool limit_allows(struct limit *limit)
{
        double time = now();

        if (limit->rate <= 0)
                return true;
        limit->credit += (time - limit->last) * limit->rate;
        limit->last = time;
        if (limit->credit > burst * limit->rate)
                limit->credit = burst * limit->rate;
        return limit->credit > 0;
}

void limit_took(struct limit *limit, size_t bytes)
{
        limit->credit -= (double)bytes;
}

/* The size of libcurl's buffer: so small that a negative credit is soon made up. */
long limit_buffer(uint64_t rate)
{
        const uint64_t least = 1024, most = 256 * 1024;

        if (!rate || rate / 8 > most)
                return (long)most;
        return (long)(rate / 8 < least ? least : rate / 8);
}
