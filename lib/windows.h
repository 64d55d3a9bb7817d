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
 * From WINDOW_COLD to WINDOW_FILLED: how much was written by calls since creation or the last
 * sync, in steps; one pass of large writes fills a window, or small ones to some of its pages, and
 * few far apart don't. WINDOW_WARM: its pages are mapped for writing. What each state is good for
 * is policy.c's.
 */
enum { WINDOW_COLD = 0, WINDOW_FILLED = 254, WINDOW_WARM = 255 };

/*
 * After a sync the page table keeps entries of what was warm. They serve readers, and make each
 * later sync of something in their window take 10 to 20 us longer; dropping them takes 35 us, so
 * the second such sync does. Leftovers count: 0: there are none.
 */
enum { WINDOW_NO_LEFTOVERS = 0, WINDOW_LEFTOVERS = 1, WINDOW_LEFTOVERS_DUE = 3 };

/* Below this a write is small, and counts as one step of the caller's choice. */
#define WINDOW_LARGE_WRITE ((size_t)32 << 10)

/* A write this near to the start of a window that follows a warm one goes on in order. */
#define WINDOW_START ((uint64_t)64 << 10)

struct windows {
        _Atomic uint8_t *state; /* NULL: nothing is kept */
        size_t count;
        uint64_t size; /* of the file */
};

int windows_create(struct windows *windows, uint64_t size);
void windows_destroy(struct windows *windows);

/* Everything was faulted in. */
void windows_set_warm(struct windows *windows);

/* [offset, offset + length), not empty, was written by a call: what isn't warm fills. */
void windows_note_write(struct windows *windows, uint64_t offset, uint64_t length,
                        unsigned int small_step);

/* [offset, offset + length), not empty, was read by a call: one pass fills what it reads. */
void windows_note_read(struct windows *windows, uint64_t offset, uint64_t length);

/* Write-back of a window began or ended: what was mapped for writing is so no more. true: what it
 * left in the page table should be dropped. */
bool windows_note_writeback(struct windows *windows, struct windows *leftovers, size_t window);

/* Something in the window was synced by the call that wrote it; likewise. */
bool windows_note_durable_write(struct windows *leftovers, size_t window);

static inline size_t window_of(uint64_t offset)
{
        return (size_t)(offset >> WINDOW_SHIFT);
}

static inline unsigned int window_state(const struct windows *windows, size_t window)
{
        return atomic_load_explicit(&windows->state[window], memory_order_relaxed);
}

/* WINDOW_COLD, _FILLED or _WARM; a cold one that a write in order has just reached counts as
 * filled, since it is going to be. */
static inline unsigned int window_class(const struct windows *windows, uint64_t offset)
{
        size_t window = window_of(offset);
        unsigned int state = window_state(windows, window);

        if (state == WINDOW_FILLED || state == WINDOW_WARM)
                return state;
        if (window > 0 && offset % WINDOW_SIZE < WINDOW_START &&
            window_state(windows, window - 1) == WINDOW_WARM)
                return WINDOW_FILLED;
        return WINDOW_COLD;
}

static inline void window_set(struct windows *windows, size_t window, unsigned int state)
{
        atomic_store_explicit(&windows->state[window], (uint8_t)state, memory_order_relaxed);
}

#endif
