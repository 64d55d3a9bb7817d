/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A file, handles of it, and the plain model of both: for sequences of calls. */
#ifndef FUZZ_CALLS_H
#define FUZZ_CALLS_H

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "fuzz/input.h"
#include "rmmap.h"

#define CALLS_RANGES 16
#define CALLS_HANDLES 2
#define CALLS_BLOCK 4096
#define CALLS_LARGEST ((UINT64_C(2) << 20) + 30000) /* of files: over the end of a region */

struct calls_range {
        struct rmmap_range range;
        struct rmmap_receipt receipt; /* if written */
        uint64_t start, end;
        bool written;
};

struct calls_handle {
        struct rmmap_file *file;
        struct rmmap_options options;
        uint64_t first, next; /* of the allocator, in bytes: where it began, and is now */
        bool fresh;           /* nothing allocated or claimed since it was made or restored */
        bool claimed;         /* something was claimed or decoded since it was made */
        bool owned[CALLS_LARGEST / CALLS_BLOCK + 1]; /* blocks that no claim can have */
        struct calls_range ranges[CALLS_RANGES];
        size_t count;
};

struct calls {
        struct input *input;
        const char *path;
        uint64_t size;
        unsigned char *bytes;  /* what the file must hold */
        unsigned char *buffer; /* size + 2 blocks, for what goes in and out */
        struct calls_handle handles[CALLS_HANDLES];
        struct calls_handle *handle; /* the one that the next call is for */
        int fd;                      /* of the file, not through the library */
        uint8_t mark;                /* makes what is written different each time */
};

/* An offset or length, most often within limit, sometimes a little or far beyond. */
uint64_t calls_number(struct calls *calls, uint64_t limit);

/* One of the handle's ranges; NULL: there are none. */
struct calls_range *calls_pick(struct calls *calls);

/* A range that the handle has given, at the end of the list or in the place of another. */
struct calls_range *calls_keep(struct calls *calls, struct rmmap_range range, uint64_t start,
                               uint64_t end);

/* buffer's first length bytes are new ones. */
const unsigned char *calls_scribble(struct calls *calls, size_t length);

static inline bool calls_read_only(const struct calls *calls)
{
        return (calls->handle->options.flags & RMMAP_READ_ONLY) != 0;
}

/* What a flush gave: the floor build has none, and overlayfs only where space is reserved. */
static inline int calls_flushed(const struct calls *calls, int err)
{
#ifdef RMMAP_FLOOR
        (void)calls;
        return err == -EOPNOTSUPP ? 0 : err;
#else
        struct rmmap_info info = RMMAP_INFO_INIT;

        if (err != -EOPNOTSUPP || rmmap_describe(calls->handle->file, &info) != 0)
                return err;
        return strcmp(info.file_system, "overlayfs") == 0 && !(info.facts & RMMAP_FACT_RESERVED)
                       ? 0
                       : err;
#endif
}

/* Each does one step. */
extern void (*const calls_moves[])(struct calls *calls); /* bytes: calls-move.c */
extern const size_t calls_moves_count;
extern void (*const calls_others[])(struct calls *calls); /* all else: calls-other.c */
extern const size_t calls_others_count;

#endif
