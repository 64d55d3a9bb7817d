/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The data. Page p of a file holds page (p + shift) % POOL_PAGES of the pool, so the value of a
 * byte follows from its offset alone, whichever thread wrote it in whichever chunks. Each pass over
 * a file has another shift, so that a check can't mistake an earlier pass for this one. Every
 * thread has a pool of its own, as a program would have its own buffers.
 */
#ifndef BENCH_POOL_H
#define BENCH_POOL_H

#include "bench.h"

/*
 * A prime, so that two pages differ whose numbers differ by a power of two. The pool fits into the
 * second-level cache, as small pieces of data do that a program has just made.
 */
#define POOL_PAGES 31

struct pool {
        unsigned char *bytes;
        size_t length;
};

/* Long enough for blocks of this length from any page on. */
int pool_make(struct pool *pool, size_t block);
void pool_free(struct pool *pool);

static inline unsigned char *pool_at(const struct pool *pool, uint64_t offset, unsigned int shift)
{
        size_t page = (size_t)((offset / PAGE + shift) % POOL_PAGES);

        return pool->bytes + page * PAGE + (size_t)(offset % PAGE);
}

#endif
