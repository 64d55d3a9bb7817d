/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What there is once in a process: the key of seals, random words, the fork word. Layer 1. */
#ifndef RMMAP_PROCESS_H
#define RMMAP_PROCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "compiler.h"
#include "refcount.h"

#define PROCESS_KEY_WORDS 4

/* Written once, before the first handle exists; relaxed loads cost nothing. */
extern _Atomic uint64_t process_key[PROCESS_KEY_WORDS];

static inline uint64_t process_key_word(unsigned int index)
{
        return atomic_load_explicit(&process_key[index], memory_order_relaxed);
}

/*
 * For each handle: enter draws the key and maps the fork word when that is still to do (a forked
 * child keeps the key), and gives the generation of this process; leave unmaps the word after
 * the last handle, so that an unloaded library leaves nothing behind. 0 or a negative errno.
 */
int process_enter(uint64_t *generation);
void process_leave(void);

/* This process's generation again, in a child that inherited handles. */
uint64_t process_generation(void);

/* Some word other than 0 that no handle of any process has had. */
int process_random_word(uint64_t *word);

/* A page that a forked child shares with its parent; NULL when there is no memory. */
void *process_shared_page(void);
void process_shared_page_free(void *page);

/*
 * In a word that fork wipes: the generation that process_enter gave. Where the kernel can't wipe
 * it, NULL, and the process id is asked instead.
 */
extern _Atomic(_Atomic uint64_t *) process_fork_word;

bool process_forked_slow(uint64_t generation);

/* Was what belongs to this generation inherited by fork? */
static inline bool process_forked(uint64_t generation)
{
        _Atomic uint64_t *word = atomic_load_explicit(&process_fork_word, memory_order_relaxed);

        if (likely(word != NULL))
                return atomic_load_explicit(word, memory_order_relaxed) != generation;
        return process_forked_slow(generation);
}

#endif
