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
#include <sys/ioctl.h>
#include <unistd.h>

enum { NAME_COLUMNS = 16, VERDICT_COLUMNS = 9, NARROWEST = 30 };

static const char *const verdicts[] = {"", "good", "note", "bad", "unknown"};

static int columns(int otherwise)
{
        struct winsize size;

        if (!isatty(STDOUT_FILENO))
                return otherwise;
        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) || size.ws_col < NARROWEST)
                return 80;
        return size.ws_col < REPORT_COLUMNS ? size.ws_col : REPORT_COLUMNS;
}

bool report_begin(struct report *report, bool json, const char *command, const char *path,
                  int width)
{
        *report = (struct report){.json = json, .width = columns(width)};
        if (!json)
                return true;
        report->facts = open_memstream(&report->buffers[0], &report->sizes[0]);
        report->rows = open_memstream(&report->buffers[1], &report->sizes[1]);
        if (!report->facts || !report->rows)
                return false;
        fputs("{\"command\": ", stdout);
        json_string(stdout, command);
        fputs(", \"path\": ", stdout);
        json_string(stdout, path);
        fprintf(stdout, ", \"version\": \"%s\"", RMMAP_VERSION_STRING);
        return true;
}

bool report_end(struct report *report)
{
        bool good = true;

        if (!report->json)
                return true;
        good &= report->facts && !fclose(report->facts);
        good &= report->rows && !fclose(report->rows);
        if (good)
                printf(", \"facts\": {%s%s}, \"findings\": [%s]}\n", report->buffers[0],
                       report->about_file ? "}" : "", report->buffers[1]);
        free(report->buffers[0]);
        free(report->buffers[1]);
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
        fputs(report->row_count++ ? ", {\"name\": " : "{\"name\": ", report->rows);
        json_string(report->rows, name);
        if (verdict != PLAIN)
                fprintf(report->rows, ", \"verdict\": \"%s\"", verdicts[verdict]);
        fputs(", \"found\": ", report->rows);
        json_string(report->rows, found);
        if (meaning) {
                fputs(", \"meaning\": ", report->rows);
                json_string(report->rows, meaning);
        }
        fputc('}', report->rows);
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
                fprintf(report->facts, "%s\"%s\": ", report->fact_count++ ? ", " : "", name);
        return report->json;
}

void facts_of_file(struct report *report)
{
        if (!begin_fact(report, "file"))
                return;
        fputc('{', report->facts);
        report->fact_count = 0;
        report->about_file = true;
}

void fact_number(struct report *report, const char *name, uint64_t value)
{
        if (begin_fact(report, name))
                fprintf(report->facts, "%" PRIu64, value);
}

void fact_flag(struct report *report, const char *name, bool value)
{
        if (begin_fact(report, name))
                fputs(value ? "true" : "false", report->facts);
}

void fact_text(struct report *report, const char *name, const char *value)
{
        if (begin_fact(report, name))
                json_string(report->facts, value);
}
