/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The key of all seals of a process. No lock guards it: a forked child could wait forever for a
 * lock that a thread of its parent holds. Layer 2.
 */
#ifndef RMMAP_SEAL_KEY_H
#define RMMAP_SEAL_KEY_H

#include <stdatomic.h>
#include <stdint.h>

#define SEAL_KEY_WORDS 4

/*
 * Each word is drawn once, before the first handle exists. Relaxed: the words publish nothing
 * else, and such a load costs no more than a plain one.
 */
extern _Atomic uint64_t seal_key[SEAL_KEY_WORDS];

static inline uint64_t seal_key_word(unsigned int index)
{
        return atomic_load_explicit(&seal_key[index], memory_order_relaxed);
}

/* Draws the key, unless it is there; a forked child keeps its parent's. 0 or a negative errno. */
int seal_key_draw(void);

#endif
