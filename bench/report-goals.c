/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <string.h>

#include "report.h"

#define MOST_LINES 256

struct line {
        char label[80];
        const char *engine, *peer;
        double goal;
        struct interval got;
        bool less; /* the goal is an upper limit */
};

static struct line lines[MOST_LINES];
static size_t lines_count;

static void add_line(const struct results *results, const struct engine *engine, const char *peer,
                     double goal, struct interval got, bool less)
{
        struct line *line = &lines[lines_count];

        if (lines_count == MOST_LINES)
                return;
        snprintf(line->label, sizeof(line->label), "%s", results->job->label);
        line->engine = engine->name;
        line->peer = peer;
        line->goal = goal;
        line->got = got;
        line->less = less;
        lines_count++;
}

static void add_peer(const struct results *results, size_t reference, const char *peer, double goal)
{
        for (size_t i = 0; i < results->count; i++) {
                const struct outcome *outcome = &results->outcomes[i];

                if (outcome->error == 0 && strcmp(outcome->engine->name, peer) == 0)
                        add_line(results, results->references[reference]->engine, peer, goal,
                                 outcome->ahead[reference], false);
        }
}

static void add_written(const struct results *results, const struct outcome *outcome)
{
        double ratio = outcome->disk_bytes / (double)job_least_written(results->job);

        add_line(results, outcome->engine, "written", results->job->scenario->most_written,
                 (struct interval){ratio, ratio, ratio}, true);
}

void report_goals(const struct results *results)
{
        for (size_t i = 0; i < results->references_count; i++) {
                const struct outcome *ours = results->references[i];
                const struct goal *goal = job_goal(results->job, ours->engine);

                if (goal == NULL)
                        continue;
                add_peer(results, i, "mmap", goal->mmap);
                add_peer(results, i, "pwrite", goal->pwrite);
                if (results->job->scenario->most_written > 0)
                        add_written(results, ours);
        }
}

/*
 * A goal of at most 1 means: not slower by more than the noise. If it lies above the median but
 * inside the interval, the rounds decide nothing, and it is open. A goal above 1 is met only by the
 * median.
 */
static const char *verdict(const struct line *line)
{
        if (line->less)
                return line->got.median <= line->goal ? "met" : "MISSED";
        if (line->got.median >= line->goal)
                return "met";
        return line->goal <= 1.0 && line->got.high >= line->goal ? "open" : "MISSED";
}

void report_goals_end(void)
{
        if (lines_count == 0)
                return;
        printf("\n%-36s %-12s %-8s %6s %18s\n", "goals", "", "against", "goal", "reached");
        for (size_t i = 0; i < lines_count; i++) {
                const struct line *line = &lines[i];
                char got[64];

                report_interval(got, sizeof(got), &line->got);
                printf("%-36s %-12s %-8s %6.2f %18s  %s\n", line->label, line->engine, line->peer,
                       line->goal, got, verdict(line));
        }
        lines_count = 0;
}
