/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * part.c - the temporary file and its way to the final name
 *
 * The temporary name has a suffix of the program's own, and whoever writes such a file keeps it
 * locked. So one that isn't locked was left behind by a run that was killed, and goes away; and one
 * that is belongs to another run that goes on now.
 */
#include "part.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

enum status output_failed(const struct output *output, int error)
{
        if (error == -ENOSPC || error == -EDQUOT)
                return fail(NO_SPACE, "%s: %s", output->path, strerror(-error));
        if (error == -ENOMEM)
                return fail(FAILED, "no memory");
        return fail(OUTPUT_ERROR, "%s: %s", output->path, strerror(-error));
}

/* path is the output's from now on: a string to free. */
enum status output_begin(struct output *output, char *path, bool force)
{
        struct stat facts;

        output->fd = -1;
        output->path = path;
        if (asprintf(&output->part, "%s.%s-part", path, say_name()) < 0) {
                output->part = NULL;
                return fail(FAILED, "no memory");
        }
        if (lstat(path, &facts))
                return errno == ENOENT ? DONE : output_failed(output, -errno);
        if (!S_ISREG(facts.st_mode))
                return fail(OUTPUT_ERROR, "%s: not a regular file", path);
        if (!force)
                return fail(EXISTS, "%s: already there; --force replaces it", path);
        return DONE;
}

static enum status in_use(const struct output *output)
{
        return fail(IN_USE, "%s: another %s is writing it", output->path, say_name());
}

static bool is_same_file(int fd, const char *path)
{
        struct stat a, b;

        return !fstat(fd, &a) && !lstat(path, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Only the holder of the lock removes the name, and only while the name is that file's. */
static enum status remove_left_behind(const struct output *output)
{
        int fd = open(output->part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        enum status status = DONE;
        struct stat facts;

        if (fd < 0)
                return errno == ENOENT
                               ? DONE
                               : fail(OUTPUT_ERROR, "%s: %s", output->part, strerror(errno));
        if (fstat(fd, &facts) || !S_ISREG(facts.st_mode))
                status = fail(OUTPUT_ERROR, "%s: not a regular file", output->part);
        else if (flock(fd, LOCK_EX | LOCK_NB) || !is_same_file(fd, output->part))
                status = in_use(output);
        else if (unlink(output->part))
                status = fail(OUTPUT_ERROR, "%s: %s", output->part, strerror(errno));
        close(fd);
        return status;
}

/* The directory of path, as a string to free. */
static char *directory_of(const char *path)
{
        const char *slash = strrchr(path, '/');

        if (!slash)
                return strdup(".");
        return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

static uint64_t free_space(const char *directory)
{
        struct statvfs facts;

        if (statvfs(directory, &facts))
                return UINT64_MAX;
        return (uint64_t)facts.f_frsize * (geteuid() ? facts.f_bavail : facts.f_bfree);
}

static enum status too_little_space(const struct output *output, uint64_t size, uint64_t space)
{
        char needed[SIZE_TEXT], there[SIZE_TEXT];

        return fail(NO_SPACE, "%s: needs %s, %s free", output->path, size_text(needed, size),
                    size_text(there, space));
}

/* Every byte gets its place on the disk before the first one is asked for. */
static enum status create_map(struct output *output, uint64_t size,
                              const struct output_needs *needs, uint64_t space)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_info info = RMMAP_INFO_INIT;
        int error;

        options.flags = RMMAP_MUST_CREATE | RMMAP_LOCK_FILE | RMMAP_NO_FOLLOW;
        if (needs->sparse)
                options.flags |= RMMAP_NO_PREALLOCATE;
        options.mode = needs->mode;
        options.pattern = RMMAP_PATTERN_DENSE;
        error = rmmap_create(output->part, size, &options, &output->file);
        if (error == -EEXIST || error == -EBUSY)
                return in_use(output);
        if (error == -ENOSPC)
                return too_little_space(output, needs->space, space);
        if (error)
                return output_failed(output, error);
        output->made = true;
        error = rmmap_describe(output->file, &info);
        if (error)
                return output_failed(output, error);
        /* Where the file system can't promise the space, its own count has to do. */
        if (!(info.facts & RMMAP_FACT_RESERVED) && space < needs->space)
                return too_little_space(output, needs->space, space);
        return DONE;
}

enum status output_map(struct output *output, uint64_t size, const struct output_needs *needs)
{
        enum status status = remove_left_behind(output);
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
        enum status status = remove_left_behind(output);

        if (status)
                return status;
        output->fd = open(output->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
        if (output->fd < 0)
                return errno == EEXIST ? in_use(output) : output_failed(output, -errno);
        if (flock(output->fd, LOCK_EX | LOCK_NB) || !is_same_file(output->fd, output->part))
                return in_use(output);
        output->made = true;
        return DONE;
}

/* Rename that never replaces, also on file systems that know only the simple one. */
static int rename_new(const char *from, const char *to)
{
        if (!syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
                return 0;
        if (errno != EINVAL && errno != ENOSYS)
                return -errno;
        if (link(from, to))
                return -errno;
        unlink(from);
        return 0;
}

/* Without it the new name may be gone after a power loss. */
static int sync_directory(const char *path)
{
        char *directory = directory_of(path);
        int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        int error = fd < 0 || fsync(fd) ? -errno : 0;

        if (fd >= 0)
                close(fd);
        free(directory);
        return error == -EINVAL || error == -EACCES ? 0 : error; /* this one can't be synced */
}

enum status output_publish(struct output *output, bool force, bool durable)
{
        int error = 0;

        if (!force)
                error = rename_new(output->part, output->path);
        else if (rename(output->part, output->path))
                error = -errno;
        if (error == -EEXIST)
                return fail(EXISTS, "%s: appeared meanwhile; --force replaces it", output->path);
        if (error)
                return output_failed(output, error);
        output->made = false;
        error = durable ? sync_directory(output->path) : 0;
        return error ? output_failed(output, error) : DONE;
}

/* The name goes before the lock does, so it can't be a name that another run has taken. */
void output_close(struct output *output)
{
        if (output->made)
                unlink(output->part);
        output->file = rmmap_release(output->file);
        if (output->fd >= 0)
                close(output->fd);
        free(output->path);
        free(output->part);
        *output = (struct output){.fd = -1};
}
