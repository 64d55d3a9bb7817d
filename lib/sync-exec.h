/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Making bytes durable. Whatever may take a write-back error from the kernel, which reports it
 * once, either runs in a batch of the file's group commit or only starts write-back; both latch
 * the error before a batch ends whose data it may concern. All of it is the business of the process
 * that made the handle: forked children share its open file description, and would take its
 * errors. Layer 3.
 */
#ifndef RMMAP_SYNC_EXEC_H
#define RMMAP_SYNC_EXEC_H

#include "file.h"

/* From this many bytes on RMMAP_WRITE_BEHIND starts the write-back of a write at once. */
#define WRITE_BEHIND_FROM ((uint64_t)256 << 10)

/* 0 when the data is durable; otherwise the error that was latched. */
int sync_run(struct rmmap_file *file, const struct sync_set *set);

/* The same for [start, end), which may be empty. */
int sync_piece(struct rmmap_file *file, uint64_t start, uint64_t end);

/* Write and sync in one; -EOPNOTSUPP when it can't be done in one now, and nothing is written. */
int sync_write(struct rmmap_file *file, uint64_t offset, const void *data, size_t length);

/* Start write-back, not of 0 bytes. An error is latched; -EOPNOTSUPP isn't one. */
int sync_start_writeback(struct rmmap_file *file, uint64_t offset, uint64_t length);

/* The same, but not in a forked child, and nothing is missing where it can't be had. */
int sync_write_behind(struct rmmap_file *file, uint64_t offset, uint64_t length);

/* All of [offset, offset + length) was written: RMMAP_WRITE_BEHIND, if it was asked for. */
static inline int sync_after_write(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        if (unlikely(length >= WRITE_BEHIND_FROM && file->config.write_behind))
                return sync_write_behind(file, offset, length);
        return 0;
}

static inline int sync_error(const struct rmmap_file *file)
{
        return wb_error_get(&file->sync.error);
}

#endif
