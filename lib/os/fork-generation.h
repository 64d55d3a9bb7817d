/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Distinguishes a forked child from its parent. Each process that opens files draws a generation, a
 * random number; a handle keeps that of the process that created it. Process IDs can't serve: in
 * PID namespaces of their own, parent and child may both be number 1. Layer 1.
 */
#ifndef RMMAP_FORK_GENERATION_H
#define RMMAP_FORK_GENERATION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* Points to the generation, in memory that is zeros in a forked child; NULL: there is none. */
extern _Atomic(_Atomic uint64_t *) fork_generation_word;

/* For fork_generation_is_past, where the pointer is NULL. */
bool fork_generation_is_past_slow(uint64_t generation);

/* Was a handle of this generation inherited by fork? Only after a call of fork_generation. */
static inline bool fork_generation_is_past(uint64_t generation)
{
        _Atomic uint64_t *word = atomic_load_explicit(&fork_generation_word, memory_order_relaxed);

        if (likely(word != NULL))
                return atomic_load_explicit(word, memory_order_relaxed) != generation;
        return fork_generation_is_past_slow(generation);
}

#endif
