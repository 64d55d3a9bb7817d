/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One bit for each block of a file, in 64-bit words that threads change without a lock. A run of
 * bits changes completely or not at all: when one bit already has the new value, the call changes
 * the bits before it back. Until then other threads can see the changed bits. [first, end) is never
 * empty. Layer 2.
 *
 * Setting and clearing are sequentially consistent, and so acquire-release: what a thread did
 * before it changed a bit happens before what another thread does after changing that bit back, or
 * seeing it changed. free-map.c needs the single order for its summaries.
 */
#ifndef RMMAP_BITMAP_H
#define RMMAP_BITMAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/checked.h"
#include "rmmap.h"

#define BITMAP_WORDS(bits) (((bits) >> 6) + (((bits)&63) != 0))
#define BITMAP_WORD_BITS 64

/* The blocks that hold the bytes [start, end) of a file, whole ones or parts. */
struct blocks {
        uint64_t first, end;
};

static inline struct blocks blocks_of(uint64_t start, uint64_t end)
{
        return (struct blocks){start / RMMAP_ALIGNMENT,
                               align_up_to(end, RMMAP_ALIGNMENT) / RMMAP_ALIGNMENT};
}

/* The bits of [first, end) that lie in first's word; and the first bit of the next word. */
static inline uint64_t bitmap_mask(uint64_t first, uint64_t end)
{
        uint64_t mask = UINT64_MAX << (first % BITMAP_WORD_BITS);

        if (end / BITMAP_WORD_BITS == first / BITMAP_WORD_BITS)
                mask &= (UINT64_C(1) << (end % BITMAP_WORD_BITS)) - 1;
        return mask;
}

static inline uint64_t bitmap_next_word(uint64_t bit)
{
        return align_down_to(bit, BITMAP_WORD_BITS) + BITMAP_WORD_BITS;
}

/*
 * All bits are clear. The kernel allocates memory only for parts where bits are set. NULL: no
 * memory.
 */
_Atomic uint64_t *bitmap_create(uint64_t words);
void bitmap_destroy(_Atomic uint64_t *words);

/* true: all bits had the other value, and are set (clear) now. false: nothing changed. */
bool bitmap_set(_Atomic uint64_t *words, uint64_t first, uint64_t end);
bool bitmap_clear(_Atomic uint64_t *words, uint64_t first, uint64_t end);

/* Sets or clears the bits, whatever values they had. */
void bitmap_force(_Atomic uint64_t *words, uint64_t first, uint64_t end, bool value);

/* Is any bit of the run set? Are all of them? */
bool bitmap_any(const _Atomic uint64_t *words, uint64_t first, uint64_t end);
bool bitmap_all(const _Atomic uint64_t *words, uint64_t first, uint64_t end);

/* The value of the first bit. *same_end: where the bits with that value end, at most end. */
bool bitmap_run(const _Atomic uint64_t *words, uint64_t first, uint64_t end, uint64_t *same_end);

#endif
