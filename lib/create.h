/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One call of rmmap_create: the steps that create.c and keep.c have in common. Layer 3. */
#ifndef RMMAP_CREATE_H
#define RMMAP_CREATE_H

#include <stdbool.h>
#include <stdint.h>

#include "file.h"
#include "options.h"
#include "os/os.h"

struct creation {
        struct path_request request;
        char *hidden; /* RMMAP_UNNAMED: the temporary path, where one is needed */
        const struct rmmap_options *options;
        uint64_t size;          /* that is asked for */
        uint64_t before, after; /* RMMAP_KEEP: sizes, of a file that this call made longer */
        int fd;
        bool made;    /* by this call: a failure removes it */
        bool locked;  /* with the exclusive lock; with the shared one, if others have it */
        bool others;  /* RMMAP_KEEP: another handle has the file */
        bool emptied; /* the content of an older file is gone */
};

static inline bool creation_keeps(const struct creation *creation)
{
        return (creation->options->flags & RMMAP_KEEP) != 0;
}

/* Nobody else has a lock of the file, nor can get one. */
static inline bool creation_is_alone(const struct creation *creation)
{
        return creation->locked && !creation->others;
}

/* ---- create.c */

/* Opens or makes the file, with its lock, so that its name leads to it. */
int creation_take_name(struct creation *creation);

/* Removes a file only if this call made it, holds its lock, and its name still means this file. */
void creation_remove_made(const struct creation *creation);

/* Refuses an engine that can't work here while an older file is still intact. */
int creation_check_engine(const struct rmmap_file *file, const struct rmmap_options *options);

/* Without a directory the data can still be made durable; rmmap_describe reports it. */
int creation_find_entry(struct rmmap_file *file, const struct creation *creation);

/*
 * From the exclusive to the shared lock. Where that takes two steps, a process that came in between
 * has the file now; its lock or a different size shows that.
 */
int creation_share_lock(struct rmmap_file *file, struct creation *creation);

/* ---- keep.c */

/*
 * The exclusive lock; or, while others have the shared one of a file of the size, that. Waits while
 * another has the exclusive one, or a shorter file.
 */
int keep_lock(struct creation *creation);

/* rmmap_create with RMMAP_KEEP. */
int keep(struct creation *creation, struct rmmap_file **file);

#endif
