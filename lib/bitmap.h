/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A bit for each block of a file, in 64-bit words that threads change without a lock. A run of
 * bits changes as a whole or not at all: where one bit isn't as it has to be, those before it are
 * changed back, and until then another thread may meet them. [first, end) is never empty. Layer 2.
 *
 * A set is a release and an acquire, and so is a clear: what a thread did before it changed a bit
 * comes before what another one does that changes it back.
 */
#ifndef RMMAP_BITMAP_H
#define RMMAP_BITMAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define BITMAP_WORDS(bits) (((bits) >> 6) + (((bits)&63) != 0))

/* All bits are clear; memory is used only where bits get set. NULL: there is none. */
_Atomic uint64_t *bitmap_create(uint64_t words);
void bitmap_destroy(_Atomic uint64_t *words);

/* true: all bits of the run were the other way, and are set (clear) now. false: no change. */
bool bitmap_set(_Atomic uint64_t *words, uint64_t first, uint64_t end);
bool bitmap_clear(_Atomic uint64_t *words, uint64_t first, uint64_t end);

/* Whatever they were. */
void bitmap_force(_Atomic uint64_t *words, uint64_t first, uint64_t end, bool value);

/* Is any bit of the run set? */
bool bitmap_any(const _Atomic uint64_t *words, uint64_t first, uint64_t end);

/* The value of the first bit; *same_end: where the run of bits that have it ends, at most end. */
bool bitmap_run(const _Atomic uint64_t *words, uint64_t first, uint64_t end, uint64_t *same_end);

#endif
