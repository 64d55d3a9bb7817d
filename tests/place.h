/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * File systems for tests, mounted in a mount namespace of this process: they disappear with the
 * process, however it ends.
 */
#ifndef TEST_PLACE_H
#define TEST_PLACE_H

#include <stdbool.h>
#include <stdint.h>

/* From here on only this process and its children see mounts. false: impossible; prints why. */
bool place_private(void);

/* A new tmpfs at a directory of this name in the test's. NULL: impossible; prints why. */
const char *place_tmpfs(const char *name, const char *options);

/* Remounts the directory with other flags: MS_RDONLY and the like. */
bool place_remount(const char *path, unsigned long flags);

/*
 * A small file system that this program may fill: TEST_SMALL_DISK, or a tmpfs of 8 MiB. NULL:
 * impossible; prints why. Unmounted at exit.
 */
const char *place_small_disk(void);

/* Is path on tmpfs, overlayfs and so on? magic: the number that statfs gives. */
#define PLACE_BTRFS 0x9123683e
#define PLACE_EXT4 0xef53
#define PLACE_TMPFS 0x01021994
#define PLACE_OVERLAYFS 0x794c7630
bool place_is(const char *path, uint32_t magic);

/*
 * Is the test's directory on overlayfs? There write-back starts by posix_fadvise, which tells
 * nobody of an error. Prints that a part is left out.
 */
bool place_has_only_advice(void);

/* Free blocks of the file system of path, in bytes. */
uint64_t place_free(const char *path);

/* Fills the file system: a file of this name takes all blocks, and its data is on the disk. */
bool place_fill(const char *path);

#endif
