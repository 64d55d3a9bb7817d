/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A file system that forgets what was not synced: FUSE, spoken straight to the kernel, over a
 * store. One directory of plain files. Served by a process of its own, so that nobody waits for
 * himself.
 */
#ifndef CRASH_VOLATILE_FS_H
#define CRASH_VOLATILE_FS_H

#include <sys/types.h>

#include "crash/store.h"

enum volatile_fs_caching {
        VOLATILE_FS_WRITE_THROUGH, /* what write(2) wrote is in the store at once */
        VOLATILE_FS_WRITE_BACK,    /* nothing does before it is written back */
        VOLATILE_FS_DIRECT         /* nothing is cached: for a disk's image */
};

/* Mounts it at directory; the process that serves it, or a negative errno. It ends with umount. */
pid_t volatile_fs_mount(struct store *store, const char *directory,
                        enum volatile_fs_caching caching);

#endif
