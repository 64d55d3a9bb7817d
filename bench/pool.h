/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The data. Page p of a file holds page (p + shift) % POOL_PAGES of the pool, so the value of a
 * byte follows from its offset alone, whichever thread wrote it in whichever chunks. Each pass over
 * a file has another shift, so a check detects data of an earlier pass. Every thread has a pool of
 * its own, as a program would have its own buffers.
 */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include "bench.h"

/*
 * A prime, so that pages differ if their numbers differ by a power of two. The pool fits in the
 * second-level cache, like small data that a program has just made.
 */
#define POOL_PAGES 31

struct pool {
        unsigned char *bytes;
        size_t length;
};

/* A pool that is long enough for a block of this length at any page. */
int pool_make(struct pool *pool, size_t block);
void pool_free(struct pool *pool);

static inline unsigned char *pool_at(const struct pool *pool, uint64_t offset, unsigned int shift)
{
        size_t page = (size_t)((offset / PAGE + shift) % POOL_PAGES);

        return pool->bytes + page * PAGE + (size_t)(offset % PAGE);
}

#endif
