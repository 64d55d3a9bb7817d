/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <stdlib.h>

#include "report.h"

#define MOST_LINES 256
/* Smaller ones are mostly noise. */
#define LEAST_REGRET 1.1

struct line {
        char label[80];
        const char *best;
        struct interval ratio;
};

static struct line lines[MOST_LINES];
static size_t lines_count, rows_count;

void report_regret(const struct results *results)
{
        const struct regret *regret = &results->regret;

        rows_count += regret->best != NULL;
        if (regret->best == NULL || regret->ratio.median <= LEAST_REGRET ||
            lines_count == MOST_LINES)
                return;
        snprintf(lines[lines_count].label, sizeof(lines[0].label), "%s", results->job->label);
        lines[lines_count].best = regret->best->engine->name;
        lines[lines_count].ratio = regret->ratio;
        lines_count++;
}

static int compare(const void *a, const void *b)
{
        double x = ((const struct line *)a)->ratio.median;
        double y = ((const struct line *)b)->ratio.median;

        return (x < y) - (x > y);
}

void report_regret_end(void)
{
        if (rows_count == 0)
                return;
        qsort(lines, lines_count, sizeof(lines[0]), compare);
        printf("\nregret, the time of rmmap divided by that of the fastest peer: above %.1f in %zu "
               "of %zu rows\n",
               LEAST_REGRET, lines_count, rows_count);
        for (size_t i = 0; i < lines_count; i++) {
                char ratio[64];

                report_interval(ratio, sizeof(ratio), &lines[i].ratio);
                printf("%-36s %18s  %s\n", lines[i].label, ratio, lines[i].best);
        }
        lines_count = rows_count = 0;
}
