/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * progress.c - the bar, or plain lines
 *
 * One process has one standard error, so the state is static in this file. The bar needs only a
 * carriage return and spaces, which every terminal handles.
 */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "say.h"
#include "system.h"

enum { MAX_COLUMNS = 400, LEAST_BAR = 10 };

static const double draw_every = 0.2;
static const double line_every = 5;
static const double rate_memory = 4; /* seconds over which the rate is smoothed */

static struct {
        const char *label; /* words with a space after them, or "" */
        bool bar, lines, utf8;
        bool drawn; /* the bar is on the terminal's line */
        unsigned columns;
        uint64_t size, done;
        double begun, last, rate;
        uint64_t last_done;
} state;

static unsigned columns(void)
{
        unsigned columns = terminal_columns(STDERR_FILENO);

        return columns < MAX_COLUMNS ? columns : MAX_COLUMNS;
}

void progress_begin(bool shown, const char *label, uint64_t size)
{
        memset(&state, 0, sizeof(state));
        state.label = label;
        state.size = size;
        state.begun = state.last = now();
        if (!shown)
                return;
        state.columns = columns();
        state.bar = state.columns > 0;
        state.lines = !state.bar;
        state.utf8 = terminal_is_utf8();
}

void progress_resized(void)
{
        progress_clear();
        state.columns = columns();
}

void progress_add(int64_t bytes)
{
        state.done += (uint64_t)bytes;
}

void progress_clear(void)
{
        if (!state.drawn)
                return;
        fprintf(stderr, "\r%*s\r", (int)state.columns - 1, "");
        state.drawn = false;
}

static void time_text(char *text, size_t capacity, double seconds)
{
        unsigned long s = (unsigned long)(seconds + 0.5);

        if (seconds < 0 || seconds > 359999)
                snprintf(text, capacity, "--:--");
        else if (s >= 3600)
                snprintf(text, capacity, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
        else
                snprintf(text, capacity, "%lu:%02lu", s / 60, s % 60);
}

static double time_left(void)
{
        return state.size && state.rate > 1 ? (double)(state.size - state.done) / state.rate : -1;
}

/* The mean at first, then an exponentially weighted mean. */
static void measure(double time)
{
        double passed = time - state.last;
        double weight = passed / (passed + rate_memory);
        double rate = 0;

        if (weight < passed / (time - state.begun))
                weight = passed / (time - state.begun);
        if (state.done > state.last_done) /* it is less if a stream began anew */
                rate = (double)(state.done - state.last_done) / passed;
        state.rate += (rate - state.rate) * weight;
        state.last = time;
        state.last_done = state.done;
}

static void draw_bar(FILE *out, unsigned width, double part)
{
        static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
        unsigned filled = (unsigned)(part * width * 8);
        unsigned whole = filled / 8;
        unsigned rest = state.utf8 ? filled % 8 : 0;

        fputs(" [", out);
        for (unsigned i = 0; i < whole; i++)
                fputs(state.utf8 ? "█" : i + 1 == whole ? ">" : "=", out);
        fputs(eighths[rest], out);
        fprintf(out, "%*s]", (int)(width - whole - !!rest), "");
}

/* One cell for each connection: how full its piece is. */
static void draw_cells(FILE *out, const signed char *cells, size_t count)
{
        /* A space, then eighths of a block, from U+2581 to the whole block. */
        static const char *const blocks[] = {
                " ",
                "\xe2\x96\x81",
                "\xe2\x96\x82",
                "\xe2\x96\x83",
                "\xe2\x96\x84",
                "\xe2\x96\x85",
                "\xe2\x96\x86",
                "\xe2\x96\x87",
                "\xe2\x96\x88",
        };
        static const char plain[] = " .,:-=+*#";

        fputc(' ', out);
        for (size_t i = 0; i < count; i++) {
                if (cells[i] < 0)
                        fputc(cells[i] == CELL_WAITS ? '!' : ' ', out);
                else if (state.utf8)
                        fputs(blocks[(size_t)cells[i]], out);
                else
                        fputc(plain[(size_t)cells[i]], out);
        }
}

struct layout {
        unsigned bar; /* columns between its brackets; 0: no bar */
        size_t cells;
        bool sizes;
        int blank; /* columns that stay empty */
};

/*
 * Chooses the parts that fit, the most important first: rate and time, a short bar, cells, sizes.
 * Three columns stay free: after the last one a terminal wraps the line, and "^C" needs two.
 */
static struct layout lay_out(int fixed, int sizes, size_t cells)
{
        int room = (int)state.columns - 3 - fixed;
        int bar = state.size ? LEAST_BAR + 3 : 0; /* with a space and brackets */
        struct layout layout = {0};

        if (cells && room >= bar + (int)cells + 1) {
                layout.cells = cells;
                room -= (int)cells + 1;
        }
        if (room >= bar + sizes) {
                layout.sizes = true;
                room -= sizes;
        }
        if (bar && room >= bar)
                layout.bar = (unsigned)room - 3;
        layout.blank = layout.bar || room < 0 ? 0 : room;
        return layout;
}

static void draw(const signed char *cells, size_t count)
{
        char done[SIZE_TEXT], size[SIZE_TEXT], rate[SIZE_TEXT], left[32], sizes[40], numbers[64];
        double part = state.size ? (double)state.done / (double)state.size : 0;
        struct layout layout;
        int fixed;

        size_text(rate, (uint64_t)state.rate);
        time_text(left, sizeof(left), state.size ? time_left() : state.last - state.begun);
        fixed = snprintf(numbers, sizeof(numbers), " %10s/s %7s", rate, left);
        size_text(done, state.done);
        size_text(size, state.size);
        snprintf(sizes, sizeof(sizes), " %s%s%s", done, state.size ? " of " : "",
                 state.size ? size : "");
        fixed += (int)strlen(state.label) + (state.size ? 4 : 0);
        layout = lay_out(fixed, (int)strlen(sizes), count);
        fprintf(stderr, "\r%s", state.label);
        if (state.size)
                fprintf(stderr, "%3d%%", (int)(part * 100));
        if (layout.bar)
                draw_bar(stderr, layout.bar, part);
        fprintf(stderr, "%s%s", layout.sizes ? sizes : "", numbers);
        if (layout.cells)
                draw_cells(stderr, cells, layout.cells);
        fprintf(stderr, "%*s", layout.blank, "");
        fflush(stderr);
        state.drawn = true;
}

static void print_line(void)
{
        char done[SIZE_TEXT], size[SIZE_TEXT], rate[SIZE_TEXT], left[32];

        size_text(done, state.done);
        size_text(rate, (uint64_t)state.rate);
        if (!state.size) {
                note("%s%s, %s/s", state.label, done, rate);
                return;
        }
        time_text(left, sizeof(left), time_left());
        note("%s%3d%%, %s of %s, %s/s, %s left", state.label,
             (int)(100 * (double)state.done / (double)state.size), done,
             size_text(size, state.size), rate, left);
}

void progress_tick(const signed char *cells, size_t count)
{
        double time = now();

        if (time - state.last < (state.bar ? draw_every : line_every))
                return;
        measure(time);
        if (state.bar && !in_background()) /* there it would only disturb the shell's line */
                draw(cells, cells ? count : 0);
        else if (state.lines)
                print_line();
}

void progress_end(void)
{
        progress_clear();
        fflush(stderr);
        state.bar = state.lines = false;
}
