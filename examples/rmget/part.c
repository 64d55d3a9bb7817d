/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * part.c - a file in the making
 *
 * The file is created under a temporary name, which no file has, and rmmap_publish gives it its
 * final name. A file that existed before is neither written nor removed, whatever its name. Which
 * temporary name it is, and what happens to one that an earlier run left, is the program's
 * business: output.c.
 */
#include "part.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "system.h"

/* Address space for a file of unknown size. A process that has less gets half, and so on. */
#define LONGEST_STREAM (UINT64_C(1) << 42)

enum { BUSY_TRIES = 500 };

enum status output_failed(const struct output *output, int error)
{
        if (error == -ENOSPC || error == -RMMAP_EDQUOT)
                return fail(NO_SPACE, "%s: %s", output->path, error_text(error));
        if (error == -ENOMEM)
                return fail(FAILED, "no memory");
        return fail(OUTPUT_ERROR, "%s: %s", output->path, error_text(error));
}

enum status output_begin(struct output *output, char *path, bool force)
{
        struct file_facts facts;
        int error = path_facts(path, false, &facts);

        output->path = path;
        if (error)
                return error == -ENOENT ? DONE : output_failed(output, error);
        if (facts.kind != FILE_REGULAR)
                return fail(OUTPUT_ERROR, "%s: not a regular file", path);
        if (!force)
                return fail(EXISTS, "%s: already there; --force replaces it", path);
        return DONE;
}

/*
 * It has no space of its own, and is as long as what has come. So rmmap_publish needn't cut it,
 * which would change its time, unless nothing comes.
 */
static int create_stream(struct output *output, struct rmmap_options *options)
{
        int error;

        options->flags |= RMMAP_NO_PREALLOCATE;
        options->max_size = LONGEST_STREAM;
        do
                error = rmmap_create(output->part, 1, options, &output->file);
        while ((error == -ENOMEM || error == -EFBIG) && (options->max_size /= 2) > 0);
        return error;
}

/* Every byte of a file of known size gets its disk space before the first one is written. */
int output_create(struct output *output, const struct output_needs *needs)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        char *directory = directory_of(output->part);

        output->free = directory ? free_space(directory) : UINT64_MAX;
        free(directory);
        options.flags = needs->flags | RMMAP_MUST_CREATE;
        options.mode = needs->mode;
        options.pattern = RMMAP_PATTERN_DENSE;
        if (!needs->size)
                return create_stream(output, &options);
        return rmmap_create(output->part, needs->size, &options, &output->file);
}

static enum status too_little_space(const struct output *output, const struct output_needs *needs)
{
        char needed[SIZE_TEXT], there[SIZE_TEXT];

        if (output->free >= needs->space) /* the limit is something else, such as inodes */
                return output_failed(output, -ENOSPC);
        return fail(NO_SPACE, "%s: needs %s, %s free", output->path,
                    size_text(needed, needs->space), size_text(there, output->free));
}

enum status output_created(const struct output *output, const struct output_needs *needs, int error)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        if (error == -ENOSPC)
                return too_little_space(output, needs);
        if (!error)
                error = rmmap_describe(output->file, &info);
        if (error)
                return output_failed(output, error);
        /* Where the file system can't reserve space, its count of free blocks has to do. */
        if (!(info.facts & RMMAP_FACT_RESERVED) && output->free < needs->space)
                return too_little_space(output, needs);
        return DONE;
}

int output_append(struct output *output, const void *data, size_t length, uint64_t at)
{
        int error = rmmap_grow(output->file, at + length);

        return error ? error : rmmap_raw_write(output->file, at, data, length);
}

enum status output_publish(struct output *output, uint64_t size, uint32_t flags)
{
        struct rmmap_info info = RMMAP_INFO_INIT;
        int error = -EBUSY;

        /* Busy: another program looks at the file just now, and holds a lock on it. */
        for (int tries = 0; error == -EBUSY && tries < BUSY_TRIES; tries++) {
                if (tries > 0)
                        nap(1);
                error = rmmap_publish(output->file, output->path, size, flags);
        }
        if (error == -EEXIST)
                return fail(EXISTS, "%s: appeared meanwhile; --force replaces it", output->path);
        if (error == -RMMAP_ESTALE)
                return fail(OUTPUT_ERROR, "%s: isn't the file any more that was made here",
                            output->part);
        if (!error)
                error = rmmap_describe(output->file, &info);
        if (error)
                return output_failed(output, error);
        output->name_durable = !(info.facts & RMMAP_FACT_ENTRY_UNSYNCED);
        free(output->part);
        output->part = NULL;
        return DONE;
}

/*
 * Removes the name only if it still means this file, and before the lock ends: otherwise another
 * run could take the file for one that was left behind.
 */
void output_discard(struct output *output)
{
        if (output->file && output->part && name_means(output->part, file_of(output->file)))
                (void)name_remove(output->part);
        output->file = rmmap_release(output->file);
}

void output_close(struct output *output)
{
        output_discard(output);
        free(output->path);
        free(output->part);
        *output = (struct output){0};
}
