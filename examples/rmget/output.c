/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * output.c - the names of the file, its final one and the temporary one
 *
 * The temporary name has the program's own suffix, and the run that writes such a file keeps it
 * locked. So a file that isn't locked is from a killed run, and a new run removes it; a locked file
 * belongs to a run that is active. Where locks don't work, the two can't be distinguished: then
 * each run uses a unique name, and never touches other files.
 */
#include "rmget.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the final name */

/* The last part of the URL's path, if that can be the name of a file. The caller frees it. */
static char *name_of_url(const char *url)
{
        CURLU *parts = curl_url();
        char *path = NULL, *decoded = NULL, *name = NULL;
        bool usable;
        int length = 0;

        if (parts && !curl_url_set(parts, CURLUPART_URL, url, 0) &&
            !curl_url_get(parts, CURLUPART_PATH, &path, 0))
                decoded = curl_easy_unescape(NULL, strrchr(path, '/') + 1, 0, &length);
        usable = decoded && *decoded && strlen(decoded) == (size_t)length &&
                 last_name(decoded) == decoded && strcmp(decoded, ".") && strcmp(decoded, "..");
        for (const char *c = decoded; usable && *c; c++)
                usable = (unsigned char)*c >= ' ' && *c != 0x7f;
        if (usable)
                name = strdup(decoded);
        curl_free(decoded);
        curl_free(path);
        curl_url_cleanup(parts);
        return name;
}

static bool is_directory(const char *path)
{
        struct file_facts facts;

        return !path_facts(path, true, &facts) && facts.kind == FILE_DIRECTORY;
}

/* The file's path: FILE, a name in the directory FILE, or a name in this directory. */
static char *choose_path(const struct options *options)
{
        const char *directory = options->output;
        char *name, *path;

        if (directory && !is_directory(directory))
                return strdup(directory);
        name = name_of_url(options->url);
        if (!name || !directory)
                return name;
        path = path_in(directory, name);
        free(name);
        return path;
}

enum status output_name(struct output *output, const struct options *options)
{
        char *path = choose_path(options);

        if (!path)
                return fail(USAGE, "%s: the URL contains no file name; use -o FILE", options->url);
        return output_begin(output, path, options->force);
}

/* ---- the temporary name */

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

static enum status in_use(const struct output *output)
{
        return fail(IN_USE, "%s: another %s is writing it, and has locked %s", output->path,
                    say_name(), output->part);
}

/* Only the holder of the lock removes the name, and only while the name is that file's. */
static enum status remove_left_behind(struct output *output, bool *lockless)
{
        /* Opened for writing, because NFS requires that for an exclusive lock. */
        int fd = file_open(output->part, FILE_WRITABLE | FILE_NO_FOLLOW), error;
        enum status status = DONE;
        struct file_facts facts;

        if (fd < 0)
                return fd == -ENOENT ? DONE
                                     : fail(OUTPUT_ERROR, "%s: %s", output->part, error_text(fd));
        error = file_lock(fd);
        *lockless = error && is_missing(error);
        if (file_facts(fd, &facts) || facts.kind != FILE_REGULAR)
                status = fail(OUTPUT_ERROR, "%s: not a regular file", output->part);
        else if (!*lockless && (error || !name_means(output->part, fd)))
                status = in_use(output);
        else if (!*lockless && (error = name_remove(output->part)) != 0)
                status = fail(OUTPUT_ERROR, "%s: %s", output->part, error_text(error));
        file_close(fd);
        return status;
}

static enum status name_part(struct output *output, bool own)
{
        free(output->part);
        output->part = own ? own_part_name(output->path) : usual_part_name(output->path);
        return output->part ? DONE : fail(FAILED, "no memory");
}

/* Locked where possible. Where it isn't, the library leaves the empty file that it has created. */
enum status output_make(struct output *output, struct output_needs *needs)
{
        bool lockless = false;
        enum status status = name_part(output, false);
        int error = -EOPNOTSUPP;

        if (!status)
                status = remove_left_behind(output, &lockless);
        if (status)
                return status;
        if (!lockless) {
                needs->flags |= RMMAP_LOCK_FILE;
                error = output_create(output, needs);
                if (error == -EOPNOTSUPP)
                        (void)name_remove(output->part);
        }
        if (error == -EOPNOTSUPP) {
                status = name_part(output, true);
                if (status)
                        return status;
                needs->flags &= ~(uint32_t)RMMAP_LOCK_FILE;
                error = output_create(output, needs);
        }
        if (error == -EEXIST || error == -EBUSY) /* another run was faster */
                return in_use(output);
        return output_created(output, needs, error);
}
