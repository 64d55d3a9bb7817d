/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Copying memory: through the caches, or past them. Layer 2: asks the processor what it can. */
#ifndef RMMAP_MEMCPY_NT_H
#define RMMAP_MEMCPY_NT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * From the larger on a copy past the caches is faster wherever it goes; from the smaller on only
 * where the cache doesn't hold what is written to. Measured on Zen 4, GiB/s,
 * pages of a file that are mapped for writing:
 *
 *              in order            at random
 *     bytes    memcpy  streaming   memcpy  streaming
 *       512     17        4           6       4
 *      4096     22       16           7      12
 *     16384     18       20          10      19
 *     65536     15       24          11      21
 *     1 MiB     17       23          12      22
 */
#define MEMCPY_NT_SCATTERED ((size_t)4096)
#define MEMCPY_NT_ALWAYS ((size_t)16384)

/*
 * Would stores past the caches suit a file of that many bytes on this processor? On AMD's they
 * won at every size tried, from 16 MiB on. On an Intel one whose last level held the file they
 * made it 0.6 times as fast, and 1.5 to 2.6 times where it didn't.
 */
bool memcpy_nt_suits(uint64_t file_size);

/*
 * memcpy with non-temporal stores. What was copied is ordered before all later stores of this
 * thread, as after memcpy. Plain memcpy where the processor has none of them.
 */
void memcpy_nt(void *to, const void *from, size_t length);

#endif
