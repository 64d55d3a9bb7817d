/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where a writer works until its power is cut: a file system that can lose what was not synced.
 * All that is mounted is so in a mount namespace of this process's own.
 *
 *  shutdown:KIND    KIND in an image on a tmpfs, stopped by FS_IOC_SHUTDOWN without its log
 *  full:KIND        the same, whose tmpfs can be made full
 *  disk:KIND        KIND on a disk with a volatile cache, that loses any part of what it holds
 *  volatile        FUSE, write-through
 *  volatile-cached FUSE with the kernel's write-back cache
 */
#ifndef CRASH_TEST_DISK_H
#define CRASH_TEST_DISK_H

#include <stdbool.h>

#include "crash/store.h"

struct test_disk;

/* First of all: enters that namespace; false, and it said why. */
bool test_disk_begin(void);

/* Made and mounted, one at a time: what a failed test left is gone. NULL, and it said why. */
struct test_disk *test_disk_new(const char *name);

const char *test_disk_directory(const struct test_disk *disk);

/* What the disk or the FUSE file system holds; NULL for shutdown. */
struct store *test_disk_store(const struct test_disk *disk);

/* No power from now on. 0 or a negative errno. */
int test_disk_cut(struct test_disk *disk);

/* After the cut, when nobody uses it: what the disk was left with, mounted again. */
int test_disk_again(struct test_disk *disk, uint64_t *random);

/*
 * From now on data that begins with this word can't be written back, or can: it is refused by the
 * disk or by FUSE, or there is no room for the image on its tmpfs. The file systems on top stay
 * whole where only data is refused. On volatile every sync fails instead.
 */
bool test_disk_refuse(struct test_disk *disk, uint64_t word);
bool test_disk_accept(struct test_disk *disk);

void test_disk_free(struct test_disk *disk);

#endif
