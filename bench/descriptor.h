/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Functions that the engines on a plain descriptor share. */
#ifndef BENCH_DESCRIPTOR_H
#define BENCH_DESCRIPTOR_H

#include "bench.h"

/* A descriptor, or a negative errno. flags are added to O_RDWR. */
int descriptor_create(const char *path, int flags);
int descriptor_open(const char *path, int flags);

int descriptor_reserve(int fd, uint64_t size); /* where that is impossible, only sets the size */
int descriptor_resize(int fd, uint64_t size);

/* Moves all of length, or returns a negative errno; -EIO at the end of the file. */
int descriptor_write(int fd, const void *data, size_t length, uint64_t offset);
int descriptor_write_dsync(int fd, const void *data, size_t length, uint64_t offset);
int descriptor_write_uncached(int fd, const void *data, size_t length, uint64_t offset);
int descriptor_read(int fd, void *buffer, size_t length, uint64_t offset);
int descriptor_sync(int fd);

#endif
