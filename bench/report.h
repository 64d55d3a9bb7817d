/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include <stdio.h>

#include "job.h"
#include "machine.h"
#include "rounds.h"

/* For people, on standard output. */
void report_number(char *text, size_t capacity, double value); /* three significant digits */
void report_interval(char *text, size_t capacity, const struct interval *interval);
void report_table_begin(const struct machine *machine, const struct options *options);
/* more: with what the last round watched, which some rows always show. */
void report_table(const struct results *results, bool more);

/* The goals, which are collected until everything has run. */
void report_goals(const struct results *results);
void report_goals_end(void);

/* The largest regrets, collected likewise. */
void report_regret(const struct results *results);
void report_regret_end(void);

/* For programs. */
void report_csv_begin(FILE *file, const struct machine *machine, const struct options *options);
void report_csv(FILE *file, const struct results *results);
void report_json_begin(FILE *file, const struct machine *machine, const struct options *options);
void report_json(FILE *file, const struct results *results);
void report_json_end(FILE *file);

#endif
