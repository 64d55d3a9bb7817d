/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* text.c - text that grows, and strings of JSON */
#include "rmmap.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void add_bytes(struct text *text, const void *bytes, size_t length)
{
        size_t needed = text->length + length + 1;
        char *larger = text->bytes;

        if (!text->failed && needed > text->room) {
                larger = realloc(text->bytes, 2 * needed);
                text->failed = !larger;
        }
        if (text->failed)
                return;
        if (needed > text->room)
                text->room = 2 * needed;
        text->bytes = larger;
        memcpy(text->bytes + text->length, bytes, length);
        text->length += length;
        text->bytes[text->length] = '\0';
}

void text_add(struct text *text, const char *format, ...)
{
        va_list arguments;
        char *more;
        int length;

        va_start(arguments, format);
        length = vasprintf(&more, format, arguments);
        va_end(arguments);
        if (length < 0) {
                text->failed = true;
                return;
        }
        add_bytes(text, more, (size_t)length);
        free(more);
}

/* The length of the UTF-8 sequence at text; 0: it is invalid (RFC 3629). */
static size_t sequence(const unsigned char *text)
{
        static const struct {
                unsigned char first, last, low,
                        high; /* limits of the first byte, and of the second */
                size_t length;
        } rows[] = {
                {0x01, 0x7f, 0x00, 0xff, 1}, {0xc2, 0xdf, 0x80, 0xbf, 2},
                {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
                {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4},
                {0xf4, 0xf4, 0x80, 0x8f, 4},
        };

        for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
                if (text[0] < rows[i].first || text[0] > rows[i].last)
                        continue;
                if (rows[i].length > 1 && (text[1] < rows[i].low || text[1] > rows[i].high))
                        return 0;
                for (size_t j = 2; j < rows[i].length; j++)
                        if ((text[j] & 0xc0) != 0x80)
                                return 0;
                return rows[i].length;
        }
        return 0;
}

static void add_character(struct text *text, const unsigned char *character, size_t length)
{
        if (length == 0)
                text_add(text, "\\ufffd");
        else if (*character == '"' || *character == '\\')
                text_add(text, "\\%c", *character);
        else if (*character < ' ' || *character == 0x7f)
                text_add(text, "\\u%04x", *character);
        else
                add_bytes(text, character, length);
}

void text_add_json(struct text *text, const char *string)
{
        const unsigned char *at = (const unsigned char *)string;

        text_add(text, "\"");
        while (*at) {
                size_t length = sequence(at);

                add_character(text, at, length);
                at += length ? length : 1;
        }
        text_add(text, "\"");
}
