/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* flock(2), never waiting. Layer 1. */
#ifndef RMMAP_FILE_LOCK_H
#define RMMAP_FILE_LOCK_H

#include <stdbool.h>

enum file_lock { FILE_LOCK_SHARED, FILE_LOCK_EXCLUSIVE };

/* 0, -EBUSY when another handle stands against it, -EOPNOTSUPP where files can't be locked. */
int file_lock_take(int fd, enum file_lock lock);

/* The exclusive one, after those who hold a lock for a moment only: half a second at most. */
int file_lock_outlast(int fd);

/* Explicitly, because a child between fork and exec would hold the lock on. */
void file_lock_drop(int fd);

/* Closes fd, and drops its lock first when it has one. */
void file_lock_close(int fd, bool locked);

#endif
