/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Copying through the caches or with non-temporal stores. Layer 2: queries the processor. */
#ifndef RMMAP_MEMCPY_NT_H
#define RMMAP_MEMCPY_NT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * From the larger size on, non-temporal stores are faster for any destination; from the smaller
 * size on, only where the destination isn't in the cache. Measured on Zen 4, GiB/s, into pages of
 * a file that are mapped for writing:
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
 * Are non-temporal stores suitable for a file of that many bytes on this processor? Where the
 * last-level cache holds the file they made writes 0.6 times as fast (Intel), and 0.4 to 0.8 times
 * with files of up to half of that cache (Zen 4). Where it doesn't, they made them 1.5 to 2.6 and
 * 1.2 to 1.6 times as fast.
 */
bool memcpy_nt_suits(uint64_t file_size);

/*
 * memcpy with non-temporal stores. Like memcpy, the copy is ordered before all later stores of this
 * thread. Plain memcpy where the processor has no non-temporal stores.
 */
void memcpy_nt(void *to, const void *from, size_t length);

#endif
