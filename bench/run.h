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

int run_once(const struct job *job, const struct engine *engine, struct team *team,
             const struct options *options, struct sample *sample);

/* Waits until the system has finished the work that the last run left. */
void run_settle(const struct job *job, const struct options *options);

#endif
