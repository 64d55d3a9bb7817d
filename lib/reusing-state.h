/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The state of the reusing allocator as bytes: total, alignment, position, then two words for each
 * 64 blocks of which some are free again: their number, and a bit for each that is free. Layer 2.
 */
#ifndef RMMAP_REUSING_STATE_H
#define RMMAP_REUSING_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "free-map.h"

struct reusing_position {
        uint64_t total, alignment; /* bytes */
        uint64_t next;             /* the first block that was never handed out */
        size_t words;              /* of the free map that aren't empty; set by check */
};

/* The contract of the save op. Each block is as it was at some moment during the call. */
int reusing_state_save(const struct reusing_position *position, const struct free_map *map,
                       void *buffer, size_t *length);

/*
 * -EBADMSG: the bytes are damaged, or come from another allocator or a larger file than that of
 * *position. 0: *position is now what was saved.
 */
int reusing_state_check(const void *buffer, size_t length, struct reusing_position *position);

/* A word of the free map, of bytes that were checked. *block: the number of its first bit. */
uint64_t reusing_state_word(const void *buffer, size_t index, uint64_t *block);

#endif
