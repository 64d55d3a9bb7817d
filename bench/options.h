/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "bench.h"

enum durable_choice { DURABLE_AS_IT_IS, DURABLE_NO, DURABLE_YES, DURABLE_BOTH };

struct options {
        const char *directory, *csv, *json;
        const char *scenario_patterns, *engine_patterns; /* NULL: the default ones */
        unsigned int threads[MOST_VARIANTS]; /* ends at the first 0; empty: as the scenario says */
        enum durable_choice durable;
        uint64_t size; /* 0: as the scenario says */
        uint64_t touch;
        unsigned int rounds;
        long settle;     /* milliseconds */
        bool first_only; /* of each scenario's own numbers of threads */
        bool quick, verify, list, more;
};

/* false: nothing is to be run, and *status is the exit status. */
bool options_read(struct options *options, int argc, char **argv, int *status);

bool options_take_scenario(const struct options *options, const struct scenario *scenario);
bool options_take_engine(const struct options *options, const struct engine *engine);

#endif
