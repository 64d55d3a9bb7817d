/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef BENCH_JOB_H
#define BENCH_JOB_H

#include "bench.h"
#include "options.h"

/* 0, or a negative errno; *why: text that says what is missing here. */
int job_make(struct job *job, const struct scenario *scenario, unsigned int threads, bool durable,
             const struct options *options, const char **why);
void job_free(struct job *job);

bool job_writes(const struct job *job);
/* Bytes and operations of all its timed passes. */
uint64_t job_bytes(const struct job *job);
uint64_t job_operations(const struct job *job);
/* Bytes of the pages that its syncs have to write: the least that the disk must write. */
uint64_t job_least_written(const struct job *job);
/* The goal of an engine of this library; NULL: none. */
const struct goal *job_goal(const struct job *job, const struct engine *engine);
/* Is it reported as time per operation instead of bytes per second? */
bool job_is_small(const struct job *job);

#endif
