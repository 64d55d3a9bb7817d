/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef BENCH_ROUNDS_H
#define BENCH_ROUNDS_H

#include "bench.h"
#include "options.h"
#include "run.h"
#include "statistics.h"

#define MOST_ENGINES 16
#define MOST_REFERENCES 2

/* The results of an engine in all rounds. */
struct outcome {
        const struct engine *engine;
        int error; /* not 0: it can't do the job, or failed, and isn't run again */
        struct sample *samples;
        struct spread seconds;
        double phases[PHASES], cpu, faults, disk_bytes; /* medians */
        struct histogram waits; /* of the neighbour's syncs, in the counted rounds */
        struct watched watched; /* in a round of its own, after those */
        /* Its time divided by that of each reference. */
        struct interval ahead[MOST_REFERENCES];
};

/* What the library without hints loses to the peer with the smallest median. */
struct regret {
        const struct outcome *ours, *best; /* both NULL: one of them didn't run */
        struct interval ratio;             /* the time of ours divided by that of best */
};

struct results {
        const struct job *job;
        unsigned int rounds;
        struct outcome outcomes[MOST_ENGINES];
        size_t count;
        const struct outcome *references[MOST_REFERENCES];
        size_t references_count;
        struct regret regret;
};

/* Runs all rounds. 0, or a negative errno. An engine that can't do the job is left out. */
int rounds_run(struct results *results, const struct job *job, const struct options *options);
void rounds_free(struct results *results);

/* Does the error mean that an engine can't do such a job here, and not that it failed? */
bool rounds_means_cannot(int error);
const char *rounds_error_text(int error);

#endif
