/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* say.c - messages on standard error */
#include "say.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "progress.h"

static const char *program = "";
static bool only_errors;

void say_as(const char *name)
{
        program = name;
}

const char *say_name(void)
{
        return program;
}

void say_only_errors(bool quiet)
{
        only_errors = quiet;
}

const char *size_text(char text[SIZE_TEXT], uint64_t bytes)
{
        static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
        double size = (double)bytes / 1024;
        size_t unit = 0;

        if (bytes < 1024) {
                snprintf(text, SIZE_TEXT, "%" PRIu64 " B", bytes);
                return text;
        }
        while (size >= 999.95 && unit < sizeof(units) / sizeof(*units) - 1) {
                size /= 1024;
                unit++;
        }
        snprintf(text, SIZE_TEXT, "%.1f %s", size, units[unit]);
        return text;
}

/* Parts of a message may come from elsewhere: none of them gets at the terminal. */
__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list arguments)
{
        char text[2048];

        vsnprintf(text, sizeof(text), format, arguments);
        for (char *c = text; *c; c++)
                if ((unsigned char)*c < ' ' || *c == 0x7f)
                        *c = '?';
        progress_clear();
        fprintf(stderr, "%s: %s\n", program, text);
}

void note(const char *format, ...)
{
        va_list arguments;

        if (only_errors)
                return;
        va_start(arguments, format);
        say(format, arguments);
        va_end(arguments);
}

enum status fail(enum status status, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        say(format, arguments);
        va_end(arguments);
        return status;
}

double now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}
