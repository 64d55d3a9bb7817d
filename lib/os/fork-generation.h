/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Tells a forked child from its parent. Each process that opens files has a generation, which none
 * of its relatives has; a handle keeps the one of the process that made it. No process id is
 * asked: two relatives may both be number 1, in namespaces of their own. Layer 1.
 */
#ifndef RMMAP_FORK_GENERATION_H
#define RMMAP_FORK_GENERATION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

/* Where it stands, in memory that a forked child finds as zeros; NULL where there is no such. */
extern _Atomic(_Atomic uint64_t *) fork_generation_word;

/* For fork_generation_is_past, where there is no such memory. */
bool fork_generation_is_past_slow(uint64_t generation);

/* Was what belongs to this generation inherited by fork? Only after a first fork_generation. */
static inline bool fork_generation_is_past(uint64_t generation)
{
        _Atomic uint64_t *word = atomic_load_explicit(&fork_generation_word, memory_order_relaxed);

        if (likely(word != NULL))
                return atomic_load_explicit(word, memory_order_relaxed) != generation;
        return fork_generation_is_past_slow(generation);
}

#endif
