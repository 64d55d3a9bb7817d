/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Where a writer works until its power is cut: a file system that can lose what was not synced.
 * All that is mounted is so in a mount namespace of this process's own.
 *
 *  shutdown:KIND    KIND in an image on a tmpfs, stopped by FS_IOC_SHUTDOWN without its log
 *  full:KIND        the same, whose tmpfs can be made full
 *  disk:KIND        KIND on a disk with a volatile cache, that loses any part of what it holds
 *  forgetful        FUSE, write-through
 *  forgetful-cached FUSE with the kernel's write-back cache
 */
#ifndef CRASH_STAGE_H
#define CRASH_STAGE_H

#include <stdbool.h>

#include "crash/store.h"

struct stage;

/* First of all: enters that namespace; false, and it said why. */
bool stage_begin(void);

/* Made and mounted, one at a time: what a failed test left is gone. NULL, and it said why. */
struct stage *stage_new(const char *name);

const char *stage_directory(const struct stage *stage);

/* What the disk or the FUSE file system holds; NULL for shutdown. */
struct store *stage_store(const struct stage *stage);

/* No power from now on. 0 or a negative errno. */
int stage_cut(struct stage *stage);

/* After the cut, when nobody uses it: what the disk was left with, mounted again. */
int stage_again(struct stage *stage, uint64_t *random);

/*
 * From now on data that begins with this word can't be written back, or can: it is refused by the
 * disk or by FUSE, or there is no room for the image on its tmpfs. The file systems on top stay
 * whole where only data is refused. On forgetful every sync fails instead.
 */
bool stage_refuse(struct stage *stage, uint64_t word);
bool stage_accept(struct stage *stage);

void stage_free(struct stage *stage);

#endif
