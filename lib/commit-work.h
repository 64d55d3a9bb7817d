/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What is to be made durable: some ranges of a file, or everything. Layer 2. */
#ifndef RMMAP_COMMIT_WORK_H
#define RMMAP_COMMIT_WORK_H

#include <stdbool.h>
#include <stdint.h>

/* More of them than this, far apart, are everything. */
#define COMMIT_RANGES 8

struct commit_range {
        uint64_t start, end; /* not empty */
};

/* None at all, and not everything: a sync of nothing. */
struct commit_work {
        bool everything;
        unsigned int count;
        struct commit_range ranges[COMMIT_RANGES];
};

/* [start, end), which may be empty. Neighbours become one; it never covers less than was added. */
void commit_work_add(struct commit_work *work, uint64_t start, uint64_t end);
void commit_work_join(struct commit_work *work, const struct commit_work *more);

/* From the first byte to the last that it is about, in a file of so many bytes. */
struct commit_range commit_work_span(const struct commit_work *work, uint64_t size);

#endif
