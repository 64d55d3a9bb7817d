/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * File systems for tests, mounted in a mount namespace of this process's own: they go with it,
 * however it ends.
 */
#ifndef TEST_PLACE_H
#define TEST_PLACE_H

#include <stdbool.h>
#include <stdint.h>

/* From here on mounts are seen by this process and its children only. false, and it said why. */
bool place_private(void);

/* A fresh tmpfs, at a directory of this name in the test's; NULL, and it said why. */
const char *place_tmpfs(const char *name, const char *options);

/* The same directory again, changed: MS_RDONLY and the like. */
bool place_remount(const char *path, unsigned long flags);

/*
 * A small file system that this program may fill up: TEST_SMALL_DISK, or a tmpfs of 8 MiB. NULL,
 * and it said why. Unmounted at exit.
 */
const char *place_small_disk(void);

/* Is path on tmpfs, overlayfs and so on? By the magic number that statfs gives. */
bool place_is(const char *path, uint32_t magic);

/* Free blocks left there, in bytes. */
uint64_t place_free(const char *path);

/* Fill it up: a file of this name takes all there is, and its data is on the disk. */
bool place_fill(const char *path);

#endif
