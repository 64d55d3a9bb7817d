/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "bench.h"
#include "options.h"
#include "team.h"

/* The results of one run of a job with one engine. */
struct sample {
        double seconds; /* of the phases that the scenario times */
        double phases[PHASES];
        double cpu;          /* seconds of processor time, in the phases before close */
        uint64_t faults;     /* page faults in them */
        uint64_t disk_bytes; /* that the device wrote in them, for all processes */
};

/* What a run shows that isn't timed, because looking at it takes time. */
struct watched {
        struct quantiles latencies;
        uint64_t memory; /* bytes: the most that the job had resident */
        uint64_t cached; /* bytes of the file in the page cache at its end */
};

/* Adds the waits of the neighbour's syncs to waits. watched may be NULL. */
int run_once(const struct job *job, const struct engine *engine, struct team *team,
             const struct options *options, struct sample *sample, struct histogram *waits,
             struct watched *watched);

/* Waits until the system has finished the work that the last run left. */
void run_settle(const struct job *job, const struct options *options);

#endif
