/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef BENCH_ENGINES_H
#define BENCH_ENGINES_H

#include "bench.h"

extern const struct engine engine_rmmap, engine_rmmap_hint, engine_rmmap_map, engine_rmmap_pwrite,
        engine_rmmap_checkpoint;
extern const struct engine engine_mmap, engine_pwrite, engine_tuned, engine_uring, engine_pmem;
extern const struct engine engine_direct, engine_dontcache, engine_memory;

#endif
