/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * part.c - the temporary file and its final name
 *
 * The temporary name has the program's own suffix, and the run that writes such a file keeps it
 * locked. So a file that isn't locked is from a killed run, and a new run removes it; a locked file
 * belongs to a run that is active. Where locks don't work, the two can't be distinguished: then
 * each run uses a unique name, and never touches other files.
 */
#include "part.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "system.h"

enum status output_failed(const struct output *output, int error)
{
        if (error == -ENOSPC || error == -RMMAP_EDQUOT)
                return fail(NO_SPACE, "%s: %s", output->path, error_text(error));
        if (error == -ENOMEM)
                return fail(FAILED, "no memory");
        return fail(OUTPUT_ERROR, "%s: %s", output->path, error_text(error));
}

/* FNV-1a: the same name gets the same temporary name in each run. */
static uint64_t hash(const char *text)
{
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        while (*text)
                hash = (hash ^ (unsigned char)*text++) * UINT64_C(0x100000001b3);
        return hash;
}

static size_t longest_beside(const char *path)
{
        char *directory = directory_of(path);
        size_t most = directory ? longest_name(directory) : 0;

        free(directory);
        return most;
}

/* path with the suffix. A name that would be too long is shortened, at the end of a character. */
static char *name_with(const char *path, const char *suffix)
{
        const char *name = last_name(path);
        size_t length = strlen(name), most = longest_beside(path);
        char *whole;

        if (length + strlen(suffix) > most) {
                length = most > strlen(suffix) ? most - strlen(suffix) : 0;
                while (length > 0 && ((unsigned char)name[length] & 0xc0) == 0x80)
                        length--;
        }
        if (asprintf(&whole, "%.*s%s", (int)(name - path) + (int)length, path, suffix) < 0)
                return NULL;
        return whole;
}

/* Another file could have the same shortened name, so it gets a hash of the whole name. */
static char *usual_part_name(const char *path)
{
        const char *name = last_name(path);
        char suffix[64];

        snprintf(suffix, sizeof(suffix), ".%s-part", say_name());
        if (strlen(name) + strlen(suffix) > longest_beside(path))
                snprintf(suffix, sizeof(suffix), ".%016" PRIx64 ".%s-part", hash(name), say_name());
        return name_with(path, suffix);
}

/* A name that no other run has, active or killed. */
static char *own_part_name(const char *path)
{
        char suffix[64];

        snprintf(suffix, sizeof(suffix), ".%016" PRIx64 ".%s-part", random_number(), say_name());
        return name_with(path, suffix);
}

/* Takes over path, a string that will be freed. */
enum status output_begin(struct output *output, char *path, bool force)
{
        struct file_facts facts;
        int error;

        output->fd = -1;
        output->path = path;
        output->part = usual_part_name(path);
        if (!output->part)
                return fail(FAILED, "no memory");
        error = path_facts(path, false, &facts);
        if (error)
                return error == -ENOENT ? DONE : output_failed(output, error);
        if (facts.kind != FILE_REGULAR)
                return fail(OUTPUT_ERROR, "%s: not a regular file", path);
        if (!force)
                return fail(EXISTS, "%s: already there; --force replaces it", path);
        return DONE;
}

static enum status in_use(const struct output *output)
{
        return fail(IN_USE, "%s: another %s is writing it, and has locked %s", output->path,
                    say_name(), output->part);
}

/* 0: fd is locked, and still the file of that name; or the file system has no locks. */
static int take_lock(struct output *output, int fd)
{
        int error = file_lock(fd);

        if (!error)
                return name_means(output->part, fd) ? 0 : -EBUSY;
        output->lockless = is_missing(error);
        return output->lockless ? 0 : -EBUSY;
}

/* Only the holder of the lock removes the name, and only while the name is that file's. */
static enum status remove_left_behind(struct output *output)
{
        /* Opened for writing, because NFS requires that for an exclusive lock. */
        int fd = file_open(output->part, FILE_WRITABLE | FILE_NO_FOLLOW), error = 0;
        enum status status = DONE;
        struct file_facts facts;

        if (fd < 0)
                return fd == -ENOENT ? DONE
                                     : fail(OUTPUT_ERROR, "%s: %s", output->part, error_text(fd));
        if (file_facts(fd, &facts) || facts.kind != FILE_REGULAR)
                status = fail(OUTPUT_ERROR, "%s: not a regular file", output->part);
        else if (take_lock(output, fd))
                status = in_use(output);
        else if (!output->lockless)
                error = name_remove(output->part);
        if (error)
                status = fail(OUTPUT_ERROR, "%s: %s", output->part, error_text(error));
        file_close(fd);
        return status;
}

static enum status open_part(struct output *output, unsigned mode)
{
        if (output->lockless) {
                free(output->part);
                output->part = own_part_name(output->path);
                if (!output->part)
                        return fail(FAILED, "no memory");
        }
        output->fd = file_create(output->part, mode ? mode : 0666);
        if (output->fd < 0)
                return output->fd == -EEXIST ? in_use(output) : output_failed(output, output->fd);
        output->made = true;
        return DONE;
}

/* Creates an empty file with the temporary name, locked where possible. */
static enum status make_part(struct output *output, unsigned mode)
{
        enum status status = remove_left_behind(output);

        if (!status)
                status = open_part(output, mode);
        if (status || output->lockless)
                return status;
        if (take_lock(output, output->fd)) { /* another run took it for a killed run's */
                output->made = false;
                return in_use(output);
        }
        if (!output->lockless)
                return DONE;
        output_discard(output);
        return open_part(output, mode);
}

static enum status too_little_space(const struct output *output, uint64_t size, uint64_t space)
{
        char needed[SIZE_TEXT], there[SIZE_TEXT];

        return fail(NO_SPACE, "%s: needs %s, %s free", output->path, size_text(needed, size),
                    size_text(there, space));
}

static enum status check_space(struct output *output, const struct output_needs *needs,
                               uint64_t space)
{
        struct rmmap_info info = RMMAP_INFO_INIT;
        int error = rmmap_describe(output->file, &info);

        if (error)
                return output_failed(output, error);
        /* Where the file system can't reserve space, its count of free blocks has to do. */
        if (!(info.facts & RMMAP_FACT_RESERVED) && space < needs->space)
                return too_little_space(output, needs->space, space);
        return DONE;
}

/* Reserves space for every byte before the first one is written. */
static enum status create_map(struct output *output, uint64_t size,
                              const struct output_needs *needs, uint64_t space)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        int error;

        options.flags = RMMAP_NO_FOLLOW;
        if (!output->lockless)
                options.flags |= RMMAP_LOCK_FILE;
        if (needs->sparse)
                options.flags |= RMMAP_NO_PREALLOCATE;
        options.mode = needs->mode;
        options.pattern = RMMAP_PATTERN_DENSE;
        /*
         * Not RMMAP_UNCACHED: the bytes of several connections alternate in one thread, so what
         * arrives is no run that is worth a write-back of its own; and the digest reads the file.
         */
        /* The handle takes the lock next; it is an error if another run gets it in between. */
        if (!output->lockless)
                file_unlock(output->fd);
        error = rmmap_create(output->part, size, &options, &output->file);
        if (error || !name_means(output->part, output->fd))
                output->made = name_means(output->part, output->fd) && error != -EBUSY;
        if (error == -EBUSY)
                return in_use(output);
        if (error == -ENOSPC)
                return too_little_space(output, needs->space, space);
        if (error)
                return output_failed(output, error);
        return check_space(output, needs, space);
}

enum status output_map(struct output *output, uint64_t size, const struct output_needs *needs)
{
        enum status status = make_part(output, needs->mode);
        char *directory;

        if (status)
                return status;
        directory = directory_of(output->part);
        if (!directory)
                return fail(FAILED, "no memory");
        status = create_map(output, size, needs, free_space(directory));
        free(directory);
        return status;
}

enum status output_plain(struct output *output, unsigned mode)
{
        return make_part(output, mode);
}

enum status output_publish(struct output *output, bool force, bool durable)
{
        bool synced;
        int error = force ? rename_over(output->part, output->path)
                          : rename_new(output->part, output->path);

        if (error == -EEXIST)
                return fail(EXISTS, "%s: appeared meanwhile; --force replaces it", output->path);
        if (error)
                return output_failed(output, error);
        if (name_means(output->part, output->fd)) /* a second name */
                (void)name_remove(output->part);
        output->made = false;
        error = durable ? name_sync(output->path, &synced) : 0;
        return error ? output_failed(output, error) : DONE;
}

/* Removes the file; another one may be made after that. The name goes before the lock. */
void output_discard(struct output *output)
{
        if (output->made)
                (void)name_remove(output->part);
        output->made = false;
        output->file = rmmap_release(output->file);
        if (output->fd >= 0)
                file_close(output->fd);
        output->fd = -1;
}

void output_close(struct output *output)
{
        output_discard(output);
        free(output->path);
        free(output->part);
        *output = (struct output){.fd = -1};
}
