/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The counterparts of the library's calls in a program without the library. */
#ifndef COSTS_BARE_H
#define COSTS_BARE_H

#include <string.h>

#include <rmmap.h>

/* Defined in another file, so that the compiler doesn't remove the call or the copy. */
void bare_copy(void *to, const void *from, size_t length);
uint64_t bare_start(struct rmmap_range range);
int bare_nothing(void *arg);

static inline void inlined_copy_64(void *to, const void *from)
{
        memcpy(to, from, 64);
        /* To the compiler this reads all memory, so it keeps the stores. */
        __asm__ volatile("" : : "r"(to) : "memory");
}

#endif
