/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What is guessed of the pages behind each 2 MiB of a mapping, in a byte each: how warm they are.
 * Never asked of the kernel, which would cost more than it saves. Only a hint: any value at any
 * time is correct, so all accesses are relaxed and a lost update does no harm. Layer 2.
 */
#ifndef RMMAP_WINDOWS_H
#define RMMAP_WINDOWS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "checked.h"

#define WINDOW_SHIFT 21
#define WINDOW_SIZE (UINT64_C(1) << WINDOW_SHIFT)

/*
 * How much was written by calls since the last sync, in steps: 0 is cold, WINDOW_WARM enough for
 * the next write to go by the mapping. A fresh page that is overwritten whole need not be zeroed
 * or read first, and one that a sync cleaned takes no fault: pwrite knows that, the mapping does
 * not. So a window is warm after one pass of large writes, or some small ones; and few small
 * writes far apart never dirty 2 MiB for the sake of a page.
 */
enum { WINDOW_COLD = 0, WINDOW_WARM = 255 };

/* Below this a write is small, and counts as WINDOW_SMALL_STEP however short it is. */
#define WINDOW_LARGE_WRITE ((size_t)32 << 10)
#define WINDOW_SMALL_STEP 32

struct windows {
        _Atomic uint8_t *state; /* NULL: nothing is kept */
        size_t count;
};

int windows_create(struct windows *windows, uint64_t size);
void windows_destroy(struct windows *windows);

/* Everything was faulted in. */
void windows_set_warm(struct windows *windows);

/* [offset, offset + length), not empty, was written by a call. */
void windows_note_write(struct windows *windows, uint64_t offset, uint64_t length);

/* [start, end) was synced. */
void windows_note_sync(struct windows *windows, uint64_t start, uint64_t end);

static inline size_t window_of(uint64_t offset)
{
        return (size_t)(offset >> WINDOW_SHIFT);
}

static inline unsigned int window_state(const struct windows *windows, size_t window)
{
        return atomic_load_explicit(&windows->state[window], memory_order_relaxed);
}

static inline void window_set(struct windows *windows, size_t window, unsigned int state)
{
        atomic_store_explicit(&windows->state[window], (uint8_t)state, memory_order_relaxed);
}

#endif
