/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "sync-annotations.h"
#include "windows.h"

int windows_create(struct windows *windows, uint64_t size)
{
        windows->size = size;
        windows->count = (size_t)((size - 1) >> WINDOW_SHIFT) + 1;
        /* calloc of much memory touches none of it: a huge sparse file costs what it uses. */
        windows->state = calloc(windows->count, sizeof(*windows->state));
        if (windows->state == NULL)
                return -ENOMEM;
        NOTE_ATOMICS(windows->state, windows->count * sizeof(*windows->state));
        return 0;
}

void windows_destroy(struct windows *windows)
{
        free(windows->state);
        windows->state = NULL;
}

void windows_set_warm(struct windows *windows)
{
        for (size_t window = 0; window < windows->count; window++)
                window_set(windows, window, WINDOW_WARM);
}

static uint64_t bytes_in(size_t window, uint64_t offset, uint64_t length)
{
        uint64_t start = max_u64(offset, (uint64_t)window << WINDOW_SHIFT);

        return min_u64(offset + length, (uint64_t)(window + 1) << WINDOW_SHIFT) - start;
}

static void fill(struct windows *windows, size_t window, uint64_t steps)
{
        unsigned int state = window_state(windows, window);

        if (state == WINDOW_WARM)
                return;
        if (steps == 0 && state == WINDOW_COLD)
                steps = 1; /* a sync is told that there was something */
        steps += state;
        window_set(windows, window,
                   steps < WINDOW_FILLED ? (unsigned int)steps : (unsigned int)WINDOW_FILLED);
}

/* A window written whole makes 256 steps. */
void windows_note_write(struct windows *windows, uint64_t offset, uint64_t length,
                        unsigned int small_step)
{
        size_t last = window_of(offset + length - 1);

        for (size_t window = window_of(offset); window <= last; window++)
                fill(windows, window,
                     length < WINDOW_LARGE_WRITE
                             ? small_step
                             : bytes_in(window, offset, length) >> (WINDOW_SHIFT - 8));
}

/* Rounded up, and of what there is of the last window: else what is read often might never fill. */
void windows_note_read(struct windows *windows, uint64_t offset, uint64_t length)
{
        size_t last = window_of(offset + length - 1);

        for (size_t window = window_of(offset); window <= last; window++) {
                uint64_t whole = bytes_in(window, 0, windows->size);

                fill(windows, window, (bytes_in(window, offset, length) * 256 + whole - 1) / whole);
        }
}

bool windows_note_durable_write(struct windows *leftovers, size_t window)
{
        unsigned int left = window_state(leftovers, window);

        if (left == WINDOW_NO_LEFTOVERS)
                return false;
        left = left + 1 < WINDOW_LEFTOVERS_DUE ? left + 1 : (unsigned int)WINDOW_NO_LEFTOVERS;
        window_set(leftovers, window, left);
        return left == WINDOW_NO_LEFTOVERS;
}

bool windows_note_writeback(struct windows *windows, struct windows *leftovers, size_t window)
{
        unsigned int state = window_state(windows, window);

        /* Much of a sparse file was never touched: its states needn't be, either. */
        if (state == WINDOW_COLD)
                return false;
        window_set(windows, window, WINDOW_COLD);
        if (state != WINDOW_WARM)
                return windows_note_durable_write(leftovers, window);
        window_set(leftovers, window, WINDOW_LEFTOVERS);
        return false;
}
