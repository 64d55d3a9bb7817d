/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* say.c - messages on standard error */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* vasprintf */
#endif
#include "say.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/*
 * The end of the name and password before the host of a URL; the start if there are none. A '/'
 * ends the host, unless the text before it has an invalid port: then it is a password with a '/'.
 */
static char *end_of_credentials(char *start)
{
        char *end = start + strcspn(start, "/?#' \"");
        char *port, *at;

        for (at = end; at > start; at--)
                if (at[-1] == '@')
                        return at;
        port = memchr(start, ':', (size_t)(end - start));
        if (!port || *start == '[' || strspn(port + 1, "0123456789") == (size_t)(end - port - 1))
                return start;
        at = strrchr(start, '@');
        return at ? at + 1 : start;
}

/* Hides passwords in the URLs that a message may quote, the user's or a redirect's. */
static void hide_credentials(char *text)
{
        while ((text = strstr(text, "://"))) {
                char *rest;

                text += 3;
                rest = end_of_credentials(text);
                memmove(text, rest, strlen(rest) + 1);
        }
}

/* Parts of a message may come from a server, so control characters are replaced. */
PRINTF_LIKE(1, 0) static void say(const char *format, va_list arguments)
{
        char *text;

        if (vasprintf(&text, format, arguments) < 0)
                return;
        hide_credentials(text);
        for (char *c = text; *c; c++)
                if ((unsigned char)*c < ' ' || *c == 0x7f)
                        *c = '?';
        progress_clear();
        fprintf(stderr, "%s: %s\n", program, text);
        free(text);
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
