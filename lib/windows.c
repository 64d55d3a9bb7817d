/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <stdlib.h>

#include "sync-annotations.h"
#include "windows.h"

int windows_create(struct windows *windows, uint64_t size)
{
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

/* A window written whole makes 256 steps. */
static unsigned int steps_of(const struct windows *windows, size_t window, uint64_t offset,
                             uint64_t length, unsigned int small_step)
{
        uint64_t start = max_u64(offset, (uint64_t)window << WINDOW_SHIFT);
        uint64_t end = min_u64(offset + length, (uint64_t)(window + 1) << WINDOW_SHIFT);
        unsigned int steps = window_state(windows, window);

        if (length < WINDOW_LARGE_WRITE)
                return steps + small_step;
        return steps + (unsigned int)((end - start) >> (WINDOW_SHIFT - 8));
}

void windows_note_write(struct windows *windows, uint64_t offset, uint64_t length,
                        unsigned int small_step)
{
        for (size_t window = window_of(offset); window <= window_of(offset + length - 1);
             window++) {
                unsigned int steps = steps_of(windows, window, offset, length, small_step);

                if (window_state(windows, window) != WINDOW_WARM)
                        window_set(windows, window, steps < WINDOW_FILLED ? steps : WINDOW_FILLED);
        }
}

/* Cold from now on; true when it was warm. */
static bool cool(struct windows *windows, size_t window)
{
        unsigned int state = window_state(windows, window);

        /* Much of a sparse file was never touched: its states needn't be, either. */
        if (state != WINDOW_COLD)
                window_set(windows, window, WINDOW_COLD);
        return state == WINDOW_WARM;
}

void windows_note_writeback(struct windows *windows, uint64_t start, uint64_t end,
                            windows_cooled *cooled, void *context)
{
        size_t window = window_of(start), after = start < end ? window_of(end - 1) + 1 : window;

        while (window < after) {
                size_t first = window;

                while (window < after && cool(windows, window))
                        window++;
                if (window > first)
                        cooled(context, (uint64_t)first << WINDOW_SHIFT,
                               (uint64_t)window << WINDOW_SHIFT);
                window++; /* this one wasn't warm */
        }
}
