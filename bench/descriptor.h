/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the engines that work on a plain descriptor have in common. */
#ifndef BENCH_DESCRIPTOR_H
#define BENCH_DESCRIPTOR_H

#include "bench.h"

/* A descriptor, or a negative errno. flags are added to O_RDWR. */
int descriptor_create(const char *path, int flags);
int descriptor_open(const char *path, int flags);

int descriptor_reserve(int fd, uint64_t size); /* where the file system can; otherwise size only */
int descriptor_resize(int fd, uint64_t size);

/* All of it, or a negative errno; an end of file on reading is -EIO. */
int descriptor_write(int fd, const void *data, size_t length, uint64_t offset);
int descriptor_write_dsync(int fd, const void *data, size_t length, uint64_t offset);
int descriptor_read(int fd, void *buffer, size_t length, uint64_t offset);
int descriptor_sync(int fd);

#endif
