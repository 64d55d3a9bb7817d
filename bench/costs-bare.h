/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The bare counterparts of the library's calls, as a program without the library has them. */
#ifndef COSTS_BARE_H
#define COSTS_BARE_H

#include <string.h>

#include <rmmap.h>

/* In another file, so that the compiler keeps the call and the copy. */
void bare_copy(void *to, const void *from, size_t length);
uint64_t bare_start(struct rmmap_range range);
int bare_nothing(void *arg);

static inline void inlined_copy_64(void *to, const void *from)
{
        memcpy(to, from, 64);
        /* What was stored counts as read. */
        __asm__ volatile("" : : "r"(to) : "memory");
}

#endif
