/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The memory that a job takes. */
#ifndef BENCH_FOOTPRINT_H
#define BENCH_FOOTPRINT_H

#include <stdint.h>

/* Forgets the process's peak, and returns what is resident now. */
uint64_t footprint_begin(void);
/* How far the peak since then lies above what was resident then: mapped pages of the file count. */
uint64_t footprint_peak(uint64_t before);
/* Bytes of the file in the page cache. */
uint64_t footprint_cached(const char *path);

#endif
