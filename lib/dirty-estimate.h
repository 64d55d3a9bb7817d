/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * How many bytes of the file are dirty now, for rmmap_describe: written by copying calls, and not
 * known to be on the disk, by a sync or because a writer waited for them. At most the file's size;
 * 0 for a file in memory.
 *
 * What the kernel writes back by itself nobody sees, and a byte that is written twice counts twice:
 * so the estimate may be high. A sync of ranges counts the bytes that it was asked for, whether or
 * not they were dirty: so it may be low. A sync of everything puts both right. While others write
 * it is approximate: what a writer sees on the disk just then may count twice, or not before the
 * next sync of everything. Layer 3.
 */
#ifndef RMMAP_DIRTY_ESTIMATE_H
#define RMMAP_DIRTY_ESTIMATE_H

#include <stdalign.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/compiler.h"

/* Updated in syncs and where writers wait for the disk; a small write updates nothing. */
struct dirty_estimate {
        alignas(CACHE_LINE) _Atomic uint64_t cleaned; /* of the bytes written: are on the disk */
        _Atomic uint64_t highest; /* of the estimates just before cleaned grew */
};

struct rmmap_file;

void dirty_estimate_init(struct dirty_estimate *estimate);

uint64_t dirty_estimate_now(const struct rmmap_file *file);

/* The highest so far, now included. */
uint64_t dirty_estimate_highest(const struct rmmap_file *file, uint64_t now);

/* length more of the bytes written are on the disk; or all: written was file_written before. */
void dirty_estimate_cleaned(struct rmmap_file *file, uint64_t length);
void dirty_estimate_cleaned_all(struct rmmap_file *file, uint64_t written);

#endif
