/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * report.c - results as text, or as JSON
 *
 * Text is printed row by row. JSON is printed as one line at the end: {"command", "path",
 * "version", "facts": {...}, "findings": [...]}.
 */
#include "rmmap.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME_COLUMNS = 16, VERDICT_COLUMNS = 9, NARROWEST = 30 };

static const char *const verdicts[] = {"", "good", "note", "bad", "unknown"};

static int columns(int otherwise)
{
        unsigned there = terminal_columns(STDOUT_FILENO);

        if (!there)
                return otherwise;
        if (there < NARROWEST)
                return 80;
        return there < REPORT_COLUMNS ? (int)there : REPORT_COLUMNS;
}

bool report_begin(struct report *report, bool json, const char *command, const char *path,
                  int width)
{
        struct text name = {.bytes = NULL};

        *report = (struct report){.json = json, .width = columns(width)};
        if (!json)
                return true;
        text_add_json(&name, path);
        if (!name.failed)
                printf("{\"command\": \"%s\", \"path\": %s, \"version\": \"%s\"", command,
                       name.bytes, RMMAP_VERSION_STRING);
        free(name.bytes);
        return !name.failed;
}

bool report_end(struct report *report)
{
        struct text *facts = &report->facts, *rows = &report->rows;
        bool good = !facts->failed && !rows->failed;

        if (report->json && good)
                printf(", \"facts\": {%s%s}, \"findings\": [%s]}\n",
                       facts->bytes ? facts->bytes : "", report->about_file ? "}" : "",
                       rows->bytes ? rows->bytes : "");
        free(facts->bytes);
        free(rows->bytes);
        return good;
}

/* File names may contain control characters; the terminal gets none of them. */
static void print_word(const char *word, size_t length)
{
        for (size_t i = 0; i < length; i++)
                putchar((unsigned char)word[i] < ' ' || word[i] == 0x7f ? '?' : word[i]);
}

/* The number of bytes that begin a character: roughly the width on the screen. */
static int wide(const char *word, size_t length)
{
        int count = 0;

        for (size_t i = 0; i < length; i++)
                count += (word[i] & 0xc0) != 0x80;
        return count;
}

/* Prints full lines of a name that is wider than one line; returns the rest, which fits. */
static const char *print_lines_of(const char *word, size_t length, int indent, int width)
{
        const char *end = word + length;

        while (wide(word, (size_t)(end - word)) >= width - indent) {
                size_t piece = 1;

                while (wide(word, piece + 1) < width - indent)
                        piece++;
                print_word(word, piece);
                printf("\n%*s", indent, "");
                word += piece;
        }
        return word;
}

/* Prints wrapped text. It starts at column `at`; further lines begin at column `indent`. */
static void print_wrapped(const char *text, int at, int indent, int width)
{
        while (*text) {
                size_t length = strcspn(text, " ");
                int columns = wide(text, length);

                if (width && at > indent && at + columns >= width) {
                        printf("\n%*s", indent, "");
                        at = indent;
                }
                if (width && columns >= width - indent) {
                        const char *rest = print_lines_of(text, length, indent, width);

                        length -= (size_t)(rest - text);
                        columns = wide(rest, length);
                        text = rest;
                }
                print_word(text, length);
                at += columns;
                text += length;
                if (*text == ' ') {
                        text++;
                        /* No space before the end of a line. */
                        if (!width || at + 1 + wide(text, strcspn(text, " ")) < width) {
                                putchar(' ');
                                at++;
                        } else {
                                at = width;
                        }
                }
        }
        putchar('\n');
}

static void print_row(const struct report *report, const char *name, enum verdict verdict,
                      const char *meaning, const char *found)
{
        char label[NAME_COLUMNS + 1];
        int indent = verdict == PLAIN ? NAME_COLUMNS + 2 : VERDICT_COLUMNS;

        snprintf(label, sizeof(label), "%s", name);
        for (char *c = label; *c; c++)
                if (*c == '_')
                        *c = ' ';
        if (verdict == PLAIN) {
                printf("  %-*s", NAME_COLUMNS, label);
                print_wrapped(found, indent, indent, report->width);
        } else {
                int at = printf("%-*s%s: ", VERDICT_COLUMNS, verdicts[verdict], label);

                print_wrapped(found, at, indent, report->width);
        }
        if (!meaning)
                return;
        printf("%*s", indent, "");
        print_wrapped(meaning, indent, indent, report->width);
}

void report_heading(const struct report *report, const char *text)
{
        if (report->json)
                return;
        putchar('\n');
        print_wrapped(text, 0, 0, report->width);
}

static void store_row(struct report *report, const char *name, enum verdict verdict,
                      const char *meaning, const char *found)
{
        text_add(&report->rows, report->row_count++ ? ", {\"name\": " : "{\"name\": ");
        text_add_json(&report->rows, name);
        if (verdict != PLAIN)
                text_add(&report->rows, ", \"verdict\": \"%s\"", verdicts[verdict]);
        text_add(&report->rows, ", \"found\": ");
        text_add_json(&report->rows, found);
        if (meaning) {
                text_add(&report->rows, ", \"meaning\": ");
                text_add_json(&report->rows, meaning);
        }
        text_add(&report->rows, "}");
}

void report_row(struct report *report, const char *name, enum verdict verdict, const char *meaning,
                const char *format, ...)
{
        va_list arguments;
        char *found;
        int length;

        va_start(arguments, format);
        length = vasprintf(&found, format, arguments);
        va_end(arguments);
        if (length < 0)
                return;
        if (report->json)
                store_row(report, name, verdict, meaning, found);
        else
                print_row(report, name, verdict, meaning, found);
        free(found);
}

static bool begin_fact(struct report *report, const char *name)
{
        if (report->json)
                text_add(&report->facts, "%s\"%s\": ", report->fact_count++ ? ", " : "", name);
        return report->json;
}

void facts_of_file(struct report *report)
{
        if (!begin_fact(report, "file"))
                return;
        text_add(&report->facts, "{");
        report->fact_count = 0;
        report->about_file = true;
}

void fact_number(struct report *report, const char *name, uint64_t value)
{
        if (begin_fact(report, name))
                text_add(&report->facts, "%" PRIu64, value);
}

void fact_flag(struct report *report, const char *name, bool value)
{
        if (begin_fact(report, name))
                text_add(&report->facts, value ? "true" : "false");
}

void fact_text(struct report *report, const char *name, const char *value)
{
        if (begin_fact(report, name))
                text_add_json(&report->facts, value);
}
