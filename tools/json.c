/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* json.c - strings in JSON */
#include "rmmap.h"

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

static void put_character(FILE *out, const unsigned char *text, size_t length)
{
        if (length == 0)
                fputs("\\ufffd", out);
        else if (*text == '"' || *text == '\\')
                fprintf(out, "\\%c", *text);
        else if (*text < ' ' || *text == 0x7f)
                fprintf(out, "\\u%04x", *text);
        else
                fwrite(text, 1, length, out);
}

void json_string(FILE *out, const char *text)
{
        const unsigned char *at = (const unsigned char *)text;

        fputc('"', out);
        while (*at) {
                size_t length = sequence(at);

                put_character(out, at, length);
                at += length ? length : 1;
        }
        fputc('"', out);
}
