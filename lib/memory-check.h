/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Does what is being written fit into memory? Under memory pressure the kernel takes a populated
 * region away before it is written, and brings it back for each small copy. So regions are
 * populated, and copied into, only while those in use fit into half of the memory that is left.
 * Layer 3.
 */
#ifndef RMMAP_MEMORY_CHECK_H
#define RMMAP_MEMORY_CHECK_H

#include "file.h"

/* By what was left when it was read last. Changes nothing. */
bool memory_fits(const struct rmmap_file *file);

/*
 * The pattern that the caller gave. DENSE only where all of the file fits, and stays: otherwise
 * each small write at random would bring a whole region in.
 */
uint32_t memory_pattern(const struct rmmap_file *file);

/* To be called before a region is populated: may read how much is left. false: it doesn't fit. */
bool memory_may_populate(struct rmmap_file *file);

/* After a count of written bytes grew by length to another multiple of IO_STATS_PERIOD. */
void memory_end_period(struct rmmap_file *file, uint64_t before, uint64_t length);

/* Count bytes that pwrite wrote, or that were copied into the mapping. */
static inline void memory_count_pwrite(struct rmmap_file *file, uint64_t length)
{
        uint64_t before =
                atomic_fetch_add_explicit(&file->io.pwrite_bytes, length, memory_order_relaxed);

        if (unlikely(io_stats_ends_period(before, length, IO_STATS_PERIOD)))
                memory_end_period(file, before, length);
}

static inline void memory_count_mapped(struct rmmap_file *file, struct io_stats_shard *shard,
                                       uint64_t length)
{
        uint64_t before = io_stats_count(shard, length);

        if (unlikely(io_stats_ends_period(before, length, IO_STATS_PERIOD)))
                memory_end_period(file, before, length);
}

#endif
