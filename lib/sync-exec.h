/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Making bytes durable. The kernel reports a write-back error once, to one call. A call that can
 * receive one either runs in a batch of the file's group commit, or only starts write-back. Both
 * latch the error before a batch ends whose data it may concern. Only the process that made the
 * handle does any of this: forked children share its open file description and would receive its
 * errors. Layer 3.
 */
#ifndef RMMAP_SYNC_EXEC_H
#define RMMAP_SYNC_EXEC_H

#include "file.h"

/* The smallest write whose write-back RMMAP_WRITE_BEHIND starts at once, in bytes. */
#define WRITE_BEHIND_FROM ((uint64_t)256 << 10)

/* 0 when the data is durable; otherwise the latched error. For so many calls of the program. */
int sync_run(struct rmmap_file *file, const struct sync_set *set, uint64_t calls);

/* As sync_run for [start, end), which may be empty. records: as in a sync_set. */
int sync_piece(struct rmmap_file *file, uint64_t start, uint64_t end, bool records);

/*
 * Writes a whole range and syncs it in one system call. -EOPNOTSUPP: that is not possible now, and
 * nothing was written.
 */
int sync_write(struct rmmap_file *file, uint64_t offset, const void *data, size_t length);

/* For other I/O that makes something of the file durable. Returns err, which may be 0. */
int sync_latch(struct rmmap_file *file, int err);

/*
 * For rmmap_publish, while no other thread uses the handle: mapping_settle; data, size and mode,
 * without the mapping; the directory of an entry. They return and latch errors as sync_run does.
 */
int sync_settle(struct rmmap_file *file);
int sync_content(struct rmmap_file *file);
int sync_directory(struct rmmap_file *file, const struct entry *entry);

/* false: sync_start_writeback always returns -EOPNOTSUPP. Of other handles it may, too. */
bool sync_can_start(const struct rmmap_file *file);

/* Starts write-back of length > 0 bytes. Latches errors, except -EOPNOTSUPP. */
int sync_start_writeback(struct rmmap_file *file, uint64_t offset, uint64_t length);

/*
 * Waits for write-back that sync_start_writeback started, except on overlayfs. The data need not be
 * durable then. Every error is latched.
 */
int sync_finish_writeback(struct rmmap_file *file, uint64_t offset, uint64_t length);

/* As sync_start_writeback, but 0 in a forked child and where the system can't do it. */
int sync_write_behind(struct rmmap_file *file, uint64_t offset, uint64_t length);

/*
 * Called after all of [offset, offset + length) was written; acts only with RMMAP_WRITE_BEHIND and
 * when the file's dirty bytes are bounded.
 */
static inline int sync_after_write(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        if (unlikely(dirty_mode(&file->dirty) != DIRTY_UNBOUNDED) && dirty_is_bounded(file, length))
                return dirty_after_write(file, offset, length);
        if (unlikely(length >= WRITE_BEHIND_FROM && file->config.write_behind))
                return sync_write_behind(file, offset, length);
        return 0;
}

static inline int sync_error(const struct rmmap_file *file)
{
        return wb_error_get(&file->sync.error);
}

#endif
