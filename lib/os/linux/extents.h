/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Layer 1. */
#ifndef RMMAP_EXTENTS_H
#define RMMAP_EXTENTS_H

#include <stdbool.h>
#include <stdint.h>

/* Is all of [0, size) in extents that belong to this file alone? false if unknown. */
bool extents_cover(int fd, uint64_t size);

/*
 * Is a file of overlayfs, with at least one extent, on a file system that writes into an extent in
 * place? true for ext4 and xfs.
 */
bool extents_stay(int fd);

#endif
