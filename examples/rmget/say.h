/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* say.h - messages on standard error, and the exit statuses they belong to */
#ifndef SAY_H
#define SAY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* The C library of mingw-w64 knows more than that of Windows, whose formats gcc would check. */
#ifdef __MINGW_PRINTF_FORMAT
#define PRINTF_LIKE(format_at, first)                                                              \
        __attribute__((format(__MINGW_PRINTF_FORMAT, format_at, first)))
#else
#define PRINTF_LIKE(format_at, first) __attribute__((format(printf, format_at, first)))
#endif

/* Exit statuses; the man page and --help list them. */
enum status {
        DONE = 0,
        FAILED = 1,
        USAGE = 2,
        NETWORK = 3,
        SOURCE_ERROR = 3, /* instead of NETWORK, for a program that reads a file */
        HTTP_ERROR = 4,
        CHANGED = 5,
        SHORT_BODY = 6,
        NO_SPACE = 7,
        MISMATCH = 8,
        EXISTS = 9,
        IN_USE = 10,
        OUTPUT_ERROR = 11,
        UNTRUSTED = 12,
        BAD_SERVER = 13,
        INTERRUPTED = 128, /* plus the signal's number, at exit */
};

void say_as(const char *name); /* sets the program's name; must be called first */
const char *say_name(void);
enum { SIZE_TEXT = 16 };
const char *size_text(char text[SIZE_TEXT], uint64_t bytes);
void say_only_errors(bool quiet);
PRINTF_LIKE(1, 2) void note(const char *format, ...);
PRINTF_LIKE(2, 3) enum status fail(enum status status, const char *format, ...);
double now(void); /* seconds on a monotonic clock */

#endif
