/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef BENCH_VERIFY_H
#define BENCH_VERIFY_H

#include "bench.h"
#include "pool.h"

/* The shifts of what is in the file: of the blocks of the last pass, and of the rest. */
struct contents {
        unsigned int shift;
        unsigned int rest; /* 0: zeros */
};

/*
 * Every byte of the job's file is what it should be: 0, -EILSEQ or another negative errno. Of
 * a durable one what memory holds is dropped first, as far as it can be. file is the engine's.
 */
int verify(const struct job *job, const struct engine *engine, void *file, const struct pool *pool,
           const struct contents *contents);

#endif
