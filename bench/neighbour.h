/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A process that does something else while a job runs. */
#ifndef BENCH_NEIGHBOUR_H
#define BENCH_NEIGHBOUR_H

#include "bench.h"
#include "histogram.h"

struct neighbour;

/* The file that it may leave behind when the program is interrupted. */
void neighbour_path(char *path, size_t capacity, const struct job *job);

/* *neighbour: NULL where the scenario has none. */
int neighbour_start(struct neighbour **neighbour, const struct job *job);
/* The job is half done. Any thread may call it. */
void neighbour_halfway(struct neighbour *neighbour);
/* Adds how long each of its syncs took. */
void neighbour_stop(struct neighbour *neighbour, const struct job *job, struct histogram *waits);

#endif
