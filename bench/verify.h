/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef BENCH_VERIFY_H
#define BENCH_VERIFY_H

#include "bench.h"
#include "pool.h"

/* The shifts of the file's data: of the blocks of the last pass, and of the rest. */
struct contents {
        unsigned int shift;
        unsigned int rest; /* 0: zeros */
};

/*
 * Returns 0 if every byte of the job's file has its value, -EILSEQ or another negative errno. For a
 * durable job it first drops the pages in memory, where it can. file is the engine's.
 */
int verify(const struct job *job, const struct engine *engine, void *file, const struct pool *pool,
           const struct contents *contents);

#endif
