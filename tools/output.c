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
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifndef RENAME_NOREPLACE
#define RENAME_NOREPLACE 1
#endif

enum { NAMES = 100, BUSY_TRIES = 500 };

enum status output_failed(const struct output *output, int error)
{
        if (error == -ENOSPC || error == -EDQUOT)
                return fail(NO_SPACE, "%s: %s", output->path, strerror(-error));
        if (error == -ENOMEM)
                return fail(FAILED, "no memory");
        return fail(OUTPUT_ERROR, "%s: %s", output->path, strerror(-error));
}

bool is_missing(int error)
{
        switch (error) {
        case ENOSYS:
        case EOPNOTSUPP:
        case EINVAL:
        case ENOTTY:
        case EPERM:
        case EACCES:
        case EROFS:
        case ENOLCK:
        case 524: /* ENOTSUPP, which is internal to the kernel */
                return true;
        default:
                return false;
        }
}

/* Takes over path, a string that will be freed. */
enum status output_begin(struct output *output, char *path, bool force)
{
        struct stat facts;

        output->path = path;
        if (lstat(path, &facts))
                return errno == ENOENT ? DONE : output_failed(output, -errno);
        if (!S_ISREG(facts.st_mode))
                return fail(OUTPUT_ERROR, "%s: not a regular file", path);
        if (!force)
                return fail(EXISTS, "%s: already there; --force replaces it", path);
        return DONE;
}

/* The directory of path, as a string to free. */
static char *directory_of(const char *path)
{
        const char *slash = strrchr(path, '/');

        if (!slash)
                return strdup(".");
        return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* The first name tells what the file belongs to. The others are short, for names without room. */
static char *part_name(const char *path, unsigned turn)
{
        const char *slash = strrchr(path, '/');
        struct timespec time;
        char *name;
        int length;

        clock_gettime(CLOCK_REALTIME, &time);
        if (turn == 0)
                length = asprintf(&name, "%s.rmmap-part", path);
        else
                length =
                        asprintf(&name, "%.*s.rmmap-part-%08x", slash ? (int)(slash + 1 - path) : 0,
                                 path, (unsigned)time.tv_nsec ^ (unsigned)getpid() << 12 ^ turn);
        return length < 0 ? NULL : name;
}

static bool is_locked(const char *path)
{
        struct stat facts;
        bool locked;
        int fd;

        if (lstat(path, &facts) || !S_ISREG(facts.st_mode))
                return false;
        fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (fd < 0)
                return false;
        locked = flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
        close(fd);
        return locked;
}

enum status output_make(struct output *output, unsigned mode)
{
        for (unsigned turn = 0; turn < NAMES; turn++) {
                output->part = part_name(output->path, turn);
                if (!output->part)
                        return fail(FAILED, "no memory");
                output->fd = open(output->part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, mode);
                if (output->fd >= 0)
                        return DONE;
                if (errno != EEXIST && (errno != ENAMETOOLONG || turn > 0))
                        break;
                if (errno == EEXIST && turn == 0) {
                        if (is_locked(output->part))
                                return fail(IN_USE, "%s: another rmmap is writing it",
                                            output->path);
                        note("%s: already there, and left alone", output->part);
                }
                free(output->part);
                output->part = NULL;
        }
        return output_failed(output, -errno);
}

void output_lock(const struct output *output)
{
        (void)flock(output->fd, LOCK_EX | LOCK_NB);
}

static uint64_t free_space(const char *path)
{
        char *directory = directory_of(path);
        struct statvfs facts;
        uint64_t space = UINT64_MAX;

        if (directory && !statvfs(directory, &facts))
                space = (uint64_t)facts.f_frsize * (geteuid() ? facts.f_bavail : facts.f_bfree);
        free(directory);
        return space;
}

static enum status too_little_space(const struct output *output, uint64_t size, uint64_t space)
{
        char needed[SIZE_TEXT], there[SIZE_TEXT];

        if (space >= size) /* the limit is something else, such as inodes */
                return output_failed(output, -ENOSPC);
        return fail(NO_SPACE, "%s: needs %s, %s free", output->path, size_text(needed, size),
                    size_text(there, space));
}

static bool is_same_file(int fd, const char *path)
{
        struct stat a, b;

        return !fstat(fd, &a) && !lstat(path, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* By a name that can't mean another file; without /proc by one that is checked afterwards. */
static int create_over(struct output *output, uint64_t size, struct rmmap_options options)
{
        char link[32];
        const char *name = link;
        int error = -EBUSY;

        snprintf(link, sizeof(link), "/proc/self/fd/%d", output->fd);
        if (access(link, F_OK)) {
                name = output->part;
                options.flags |= RMMAP_NO_FOLLOW;
        }
        /* Busy: another rmmap is testing the lock just now. */
        for (int tries = 0; error == -EBUSY && tries < BUSY_TRIES; tries++) {
                if (tries > 0)
                        (void)poll(NULL, 0, 1);
                error = rmmap_create(name, size, &options, &output->file);
        }
        return error;
}

/* Every byte gets its disk space before the first one is read. */
enum status output_map(struct output *output, uint64_t size, const struct output_needs *needs)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_info info = RMMAP_INFO_INIT;
        uint64_t space = free_space(output->path);
        int error;

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

/* Renames without replacing: by one system call; else by a second link; else after a check. */
static int rename_new(const char *from, const char *to)
{
        struct stat there;

        if (!syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE))
                return 0;
        if (!is_missing(errno))
                return -errno;
        if (!link(from, to))
                return 0;
        if (!is_missing(errno))
                return -errno;
        if (!lstat(to, &there))
                return -EEXIST;
        return errno != ENOENT || rename(from, to) ? -errno : 0;
}

/* Only if the name still means this file. */
static void remove_part(const struct output *output)
{
        if (is_same_file(output->fd, output->part))
                unlink(output->part);
}

/* Without this a power loss may lose the new name. Also 0 where directories can't be synced. */
static int sync_directory(const char *path, bool *synced)
{
        char *directory = directory_of(path);
        int fd = directory ? open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
        int error = fd < 0 || fsync(fd) ? errno : 0;

        if (fd >= 0)
                close(fd);
        free(directory);
        *synced = !error;
        return is_missing(error) ? 0 : -error;
}

enum status output_publish(struct output *output, bool force, bool durable)
{
        int error = 0;

        if (!is_same_file(output->fd, output->part) ||
            (output->file && !is_same_file(rmmap_fd(output->file), output->part)))
                return fail(OUTPUT_ERROR, "%s: isn't the file any more that was made here",
                            output->part);
        if (!force)
                error = rename_new(output->part, output->path);
        else if (rename(output->part, output->path))
                error = -errno;
        if (error == -EEXIST)
                return fail(EXISTS, "%s: appeared meanwhile; --force replaces it", output->path);
        if (error)
                return output_failed(output, error);
        remove_part(output); /* a second name */
        free(output->part);
        output->part = NULL;
        error = durable ? sync_directory(output->path, &output->name_durable) : 0;
        return error ? output_failed(output, error) : DONE;
}

/* The name goes before the lock: otherwise another rmmap could take the file for a leftover. */
void output_close(struct output *output)
{
        if (output->fd >= 0 && output->part)
                remove_part(output);
        output->file = rmmap_release(output->file);
        if (output->fd >= 0)
                close(output->fd);
        free(output->path);
        free(output->part);
        *output = (struct output){.fd = -1};
}
