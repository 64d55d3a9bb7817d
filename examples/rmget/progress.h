/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* progress.h - the bar, or plain lines, on standard error */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CELL_NONE = -2, CELL_WAITS = -1, CELL_FULL = 8, CELLS_MAX = 64 };
/* shown false: prints nothing; size 0: unknown; label: "" or words with a space after them */
void progress_begin(bool shown, const char *label, uint64_t size);
void progress_add(int64_t bytes);
void progress_tick(const signed char *cells, size_t count); /* cells NULL: shows none */
void progress_resized(void);
void progress_clear(void); /* before other output on the terminal */
void progress_end(void);

#endif
