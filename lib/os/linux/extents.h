/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Layer 1. */
#ifndef RMMAP_EXTENTS_H
#define RMMAP_EXTENTS_H

#include <stdbool.h>
#include <stdint.h>

/* Is all of [0, size) in extents that belong to this file alone? false if unknown. */
bool extents_cover(int fd, uint64_t size);

/*
 * Does the file system below overlayfs write into extents in place, so that written space needs no
 * new space? true for ext4 and xfs. fd: a file of overlayfs that has an extent.
 */
bool extents_in_place(int fd);

#endif
