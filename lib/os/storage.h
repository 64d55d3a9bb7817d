/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A file's size, its space on disk, its identity. Layer 1. */
#ifndef RMMAP_STORAGE_H
#define RMMAP_STORAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "os/file-system.h"

/* Is it in a directory? A memfd isn't, nor what was unlinked. true when that can't be told. */
bool storage_has_name(int fd);

/* The size of a regular file; -EISDIR, -ENODEV for what isn't one. */
int storage_size(int fd, uint64_t *size);

/* -EFBIG where a file of this size would meet RLIMIT_FSIZE, which the kernel tells by a signal. */
int storage_check_limit(uint64_t end);

int storage_resize(int fd, uint64_t size);

/*
 * Reserve space for all of the file, never by writing zeros. 0, -ENOSPC and the like, or
 * -EOPNOTSUPP where the file system has no such call.
 */
int storage_reserve(int fd, uint64_t size);

/* Does every byte of the file have its own space already? false when that can't be told. */
bool storage_is_reserved(int fd, const struct file_system *file_system, uint64_t size);

/* Sealed by a memfd's owner against each later way to write? A mapping made before is none. */
bool storage_is_sealed(int fd);

/*
 * Why an access at offset by the mapping failed: the error of a call that reads there; -EPERM of an
 * immutable file; -EROFS; what the file system says that is asked for room, -EIO when it has shut
 * down; -ENOSPC otherwise. (xfs keeps a reserve that a call finds and a fault may not use.)
 */
int storage_probe_fault(int fd, uint64_t offset);

/* All of data, or an error. -EFBIG instead of SIGXFSZ. */
int storage_write(int fd, uint64_t offset, const void *data, size_t length);

/* All of it, or an error; -ESTALE when the file ends too early. */
int storage_read(int fd, uint64_t offset, void *buffer, size_t length);

/* A close that fails has closed all the same. */
void storage_close(int fd);

#endif
