/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What is to be made durable: some ranges of a file, or everything. Layer 2. */
#ifndef RMMAP_SYNC_SET_H
#define RMMAP_SYNC_SET_H

#include <stdbool.h>
#include <stdint.h>

/* More of them than this, far apart, are everything. */
#define SYNC_SET_RANGES 8

struct sync_set_range {
        uint64_t start, end; /* not empty */
};

/* None at all, and not everything: a sync of nothing. */
struct sync_set {
        bool everything;
        unsigned int count;
        struct sync_set_range ranges[SYNC_SET_RANGES];
};

/* [start, end), which may be empty. Neighbours become one; it never covers less than was added. */
void sync_set_add(struct sync_set *work, uint64_t start, uint64_t end);
void sync_set_join(struct sync_set *work, const struct sync_set *more);

/* From the first byte to the last that it is about, in a file of so many bytes. */
struct sync_set_range sync_set_span(const struct sync_set *work, uint64_t size);

#endif
