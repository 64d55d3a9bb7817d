/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A file's extents on disk, as FIEMAP tells them. Layer 1. */
#ifndef RMMAP_EXTENTS_H
#define RMMAP_EXTENTS_H

#include <stdbool.h>
#include <stdint.h>

/* Is all of [0, size) in extents of the file's own? false when that can't be told. */
bool extents_cover(int fd, uint64_t size);

/* 1: what is first in [*start, *end) of what is reserved and was never written to the disk, to
 * which the two are narrowed; 0: there is none; -EOPNOTSUPP: that can't be told. */
int extents_find_unwritten(int fd, uint64_t *start, uint64_t *end);

#endif
