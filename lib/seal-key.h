/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The key of seals, which there is once in a process. No lock guards it, so a
 * forked child never waits for a thread that only its parent has. Layer 2.
 */
#ifndef RMMAP_SEAL_KEY_H
#define RMMAP_SEAL_KEY_H

#include <stdatomic.h>
#include <stdint.h>

#define SEAL_KEY_WORDS 4

/* Each is drawn once, before the first handle exists; relaxed loads cost nothing. */
extern _Atomic uint64_t seal_key[SEAL_KEY_WORDS];

static inline uint64_t seal_key_word(unsigned int index)
{
        return atomic_load_explicit(&seal_key[index], memory_order_relaxed);
}

/* If that is still to do; a forked child keeps it. 0 or a negative errno. */
int seal_key_draw(void);

#endif
