/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * output.c - the temporary file and its final name
 *
 * The file is created under a new name (O_EXCL), and the program keeps its descriptor, to
 * distinguish it from any other file that the name may mean later. A file that existed before is
 * neither written nor removed, whatever its name.
 *
 * A lock on the file shows another rmmap that this one is running. The lock is a convenience, not a
 * protection: where files can't be locked, the second rmmap uses another name, and the one that
 * ends first gets the final name.
 */
#include "rmmap.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { NAMES = 100, BUSY_TRIES = 500 };

enum status output_failed(const struct output *output, int error)
{
        if (error == -ENOSPC || error == -RMMAP_EDQUOT)
                return fail(NO_SPACE, "%s: %s", output->path, error_text(error));
        if (error == -ENOMEM)
                return fail(FAILED, "no memory");
        return fail(OUTPUT_ERROR, "%s: %s", output->path, error_text(error));
}

/* Takes over path, a string that will be freed. */
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

/* The first name tells what the file belongs to. The others are short, for names without room. */
static char *part_name(const char *path, unsigned turn)
{
        char *name;
        int length;

        if (turn == 0)
                length = asprintf(&name, "%s.rmmap-part", path);
        else
                length = asprintf(&name, "%.*s.rmmap-part-%08x", (int)(last_name(path) - path),
                                  path, (unsigned)random_number() ^ turn);
        return length < 0 ? NULL : name;
}

static bool is_locked(const char *path)
{
        struct file_facts facts;
        bool locked;
        int fd;

        if (path_facts(path, false, &facts) || facts.kind != FILE_REGULAR)
                return false;
        fd = file_open(path, FILE_NO_FOLLOW);
        if (fd < 0)
                return false;
        locked = file_lock(fd) == -EBUSY;
        file_close(fd);
        return locked;
}

enum status output_make(struct output *output, unsigned mode)
{
        int error = -EEXIST;

        for (unsigned turn = 0; turn < NAMES; turn++) {
                output->part = part_name(output->path, turn);
                if (!output->part)
                        return fail(FAILED, "no memory");
                error = output->fd = file_create(output->part, mode);
                if (error >= 0)
                        return DONE;
                if (error != -EEXIST && (error != -ENAMETOOLONG || turn > 0))
                        break;
                if (error == -EEXIST && turn == 0) {
                        if (is_locked(output->part))
                                return fail(IN_USE, "%s: another rmmap is writing it",
                                            output->path);
                        note("%s: already there, and left alone", output->part);
                }
                free(output->part);
                output->part = NULL;
        }
        return output_failed(output, error);
}

void output_lock(const struct output *output)
{
        (void)file_lock(output->fd);
}

static enum status too_little_space(const struct output *output, uint64_t size, uint64_t space)
{
        char needed[SIZE_TEXT], there[SIZE_TEXT];

        if (space >= size) /* the limit is something else, such as inodes */
                return output_failed(output, -ENOSPC);
        return fail(NO_SPACE, "%s: needs %s, %s free", output->path, size_text(needed, size),
                    size_text(there, space));
}

/* By a name that can't mean another file; else by one that is checked afterwards. */
static int create_over(struct output *output, uint64_t size, struct rmmap_options options)
{
        char room[NAME_ROOM];
        const char *name = name_of_open_file(output->fd, room);
        int error = -EBUSY;

        if (!name) {
                name = output->part;
                options.flags |= RMMAP_NO_FOLLOW;
        }
        /* Busy: another rmmap is testing the lock just now. */
        for (int tries = 0; error == -EBUSY && tries < BUSY_TRIES; tries++) {
                if (tries > 0)
                        nap(1);
                error = rmmap_create(name, size, &options, &output->file);
        }
        return error;
}

/* Every byte gets its disk space before the first one is read. */
enum status output_map(struct output *output, uint64_t size, const struct output_needs *needs)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_info info = RMMAP_INFO_INIT;
        char *directory = directory_of(output->path);
        uint64_t space = directory ? free_space(directory) : UINT64_MAX;
        int error;

        free(directory);
        options.flags =
                (needs->sparse ? RMMAP_NO_PREALLOCATE : 0) | (needs->uncached ? RMMAP_UNCACHED : 0);
        options.pattern = RMMAP_PATTERN_DENSE;
        error = create_over(output, size, options);
        if (error == -ENOSPC)
                return too_little_space(output, needs->space, space);
        if (!error)
                error = rmmap_describe(output->file, &info);
        if (error)
                return output_failed(output, error);
        /* Where the file system can't reserve space, its count of free blocks has to do. */
        if (!(info.facts & RMMAP_FACT_RESERVED) && space < needs->space)
                return too_little_space(output, needs->space, space);
        return DONE;
}

/* Only if the name still means this file. */
static void remove_part(const struct output *output)
{
        if (name_means(output->part, output->fd))
                (void)name_remove(output->part);
}

enum status output_publish(struct output *output, bool force, bool durable)
{
        int error;

        if (!name_means(output->part, output->fd) ||
            (output->file && !name_means(output->part, file_of(output->file))))
                return fail(OUTPUT_ERROR, "%s: isn't the file any more that was made here",
                            output->part);
        error = force ? rename_over(output->part, output->path)
                      : rename_new(output->part, output->path);
        if (error == -EEXIST)
                return fail(EXISTS, "%s: appeared meanwhile; --force replaces it", output->path);
        if (error)
                return output_failed(output, error);
        remove_part(output); /* a second name */
        free(output->part);
        output->part = NULL;
        error = durable ? name_sync(output->path, &output->name_durable) : 0;
        return error ? output_failed(output, error) : DONE;
}

/* The name goes before the lock: otherwise another rmmap could take the file for a leftover. */
void output_close(struct output *output)
{
        if (output->fd >= 0 && output->part)
                remove_part(output);
        output->file = rmmap_release(output->file);
        if (output->fd >= 0)
                file_close(output->fd);
        free(output->path);
        free(output->part);
        *output = (struct output){.fd = -1};
}
