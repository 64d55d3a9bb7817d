/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A set of free blocks that threads change without a lock. It can grow while they do: the blocks
 * lie in segments, each as large as all before it together, so growing moves nothing. Memory is
 * used only for the parts that have had a block.
 *
 * Over the bits of each segment lie summaries: a bit for each word of the level below that may have
 * a bit set. A search follows them and takes the logarithm of the capacity. A summary that says too
 * much costs a look at an empty word, and that look mends it. It says too little only while another
 * thread is in the middle of a call; a search that must not miss a block then looks at each word
 * (FREE_MAP_EACH_WORD). Layer 2.
 */
#ifndef RMMAP_FREE_MAP_H
#define RMMAP_FREE_MAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A segment of 2^29 words covers more than the largest file: see LARGEST_TOTAL of the allocator. */
#define FREE_MAP_SEGMENTS 32
#define FREE_MAP_LEVELS 7

struct free_segment {
        uint64_t words;           /* of level 0: a power of two */
        unsigned int levels;      /* the last one is a single word */
        _Atomic uint64_t *marked; /* a bit for each block */
        _Atomic uint64_t *level[FREE_MAP_LEVELS];
};

struct free_map {
        unsigned int shift; /* segment 0 has 2^shift words, segment k 2^(shift + k - 1) */
        _Atomic(struct free_segment *) segments[FREE_MAP_SEGMENTS];
};

/* An empty set for the blocks [0, blocks). -ENOMEM */
int free_map_create(struct free_map *map, uint64_t blocks);
void free_map_destroy(struct free_map *map);

/* For more blocks. One thread at a time, while others make the other calls. -ENOMEM */
int free_map_grow(struct free_map *map, uint64_t blocks);

/* For all functions below: [first, end) isn't empty, and below the capacity. */

/*
 * Adds or removes the blocks. false: one was (wasn't) in the set already, and nothing changed;
 * other threads may have seen some of them added (removed) for a moment.
 */
bool free_map_put(struct free_map *map, uint64_t first, uint64_t end);
bool free_map_take(struct free_map *map, uint64_t first, uint64_t end);

/* Is any of them in the set? */
bool free_map_any(const struct free_map *map, uint64_t first, uint64_t end);

/* A second bit of each block, for its caller: it can only be set. Is it, of any of them? */
void free_map_mark(struct free_map *map, uint64_t first, uint64_t end);
bool free_map_any_marked(const struct free_map *map, uint64_t first, uint64_t end);

/* The 64 blocks from `block` on, a multiple of 64, as bits. */
uint64_t free_map_word(const struct free_map *map, uint64_t block);

/*
 * Finds the first run of blocks in the set that begins in [*first, end). true: it is
 * [*first, *stop), cut at end and after most blocks.
 */
enum free_map_search { FREE_MAP_BY_SUMMARY, FREE_MAP_EACH_WORD };
bool free_map_find(const struct free_map *map, enum free_map_search search, uint64_t end,
                   uint64_t most, uint64_t *first, uint64_t *stop);

#endif
