/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The set of bytes that a sync makes durable: some ranges of a file, or everything. Layer 2. */
#ifndef RMMAP_SYNC_SET_H
#define RMMAP_SYNC_SET_H

#include <stdbool.h>
#include <stdint.h>

/* With more ranges than this, far apart, the set becomes everything. */
#define SYNC_SET_RANGES 8

struct sync_set_range {
        uint64_t start, end; /* not empty */
};

/* count 0 and everything false: a sync of nothing. */
struct sync_set {
        bool everything;
        bool records; /* for receipts: with a checkpoint, what is durable is recorded */
        unsigned int count;
        uint64_t bytes; /* that were asked for: without the gaps between merged ranges */
        struct sync_set_range ranges[SYNC_SET_RANGES];
};

/*
 * Adds [start, end), which may be empty. Neighbours are merged; the set covers at least what was
 * added.
 */
void sync_set_add(struct sync_set *work, uint64_t start, uint64_t end);
void sync_set_join(struct sync_set *work, const struct sync_set *more);

/* From the first byte of the set to its last, in a file of size bytes. */
struct sync_set_range sync_set_span(const struct sync_set *work, uint64_t size);

#endif
