/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "engines.h"

const struct engine *const engines[] = {
        &engine_rmmap,
        &engine_rmmap_hint,
        &engine_rmmap_map,
        &engine_rmmap_pwrite,
        &engine_rmmap_checkpoint,
        &engine_mmap,
        &engine_pwrite,
        &engine_tuned,
#ifdef HAVE_LIBURING
        &engine_uring,
#endif
#ifdef HAVE_LIBPMEM
        &engine_pmem,
#endif
        &engine_direct,
        &engine_dontcache,
        &engine_memory,
};

const size_t engines_count = sizeof(engines) / sizeof(engines[0]);
