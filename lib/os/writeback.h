/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Dirty pages on their way to the device. Layer 1. */
#ifndef RMMAP_WRITEBACK_H
#define RMMAP_WRITEBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Start I/O on the dirty pages of [offset, offset + length); length 0: to the end. It promises
 * nothing; but an error may be told here only, and must be latched. -EOPNOTSUPP where the call
 * can't be had.
 */
int writeback_start(int fd, uint64_t offset, uint64_t length);

/* Wait until all data is durable; with_metadata: everything about the file (fsync). */
int writeback_sync(int fd, bool with_metadata);

/* pwrite of all of data, durable when it returns 0. -EOPNOTSUPP where it can't be done so: a write
 * and a sync do it, or tell why not. */
int writeback_pwrite_durable(int fd, uint64_t offset, const void *data, size_t length);

#endif
