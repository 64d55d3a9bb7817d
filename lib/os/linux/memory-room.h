/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* memory_room of a tree of files that a test made. Layer 1. */
#ifndef RMMAP_LINUX_MEMORY_ROOM_H
#define RMMAP_LINUX_MEMORY_ROOM_H

#include <stdint.h>

uint64_t memory_room_below(const char *root);

#endif
