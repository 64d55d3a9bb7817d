/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/path.h"

/* Not blocking: what turns out to be a FIFO must not hold the caller up. */
#define OPEN_FLAGS (O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static int open_retrying(const char *path, int flags, mode_t mode)
{
        for (;;) {
                int fd = open(path, flags, mode);

                if (fd >= 0)
                        return fd;
                /* A lease on a regular file is being ended: that is worth waiting for. */
                if (errno == EWOULDBLOCK && (flags & O_NONBLOCK))
                        flags &= ~O_NONBLOCK;
                else if (errno != EINTR)
                        return -errno;
        }
}

/* Looked at before it is opened: opening a device can do things. A race is seen after. */
static int check_type(const struct path_request *request)
{
        struct stat status;

        if (fstatat(AT_FDCWD, request->path, &status,
                    request->no_follow ? AT_SYMLINK_NOFOLLOW : 0) != 0)
                return 0; /* let open say why */
        if (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode) || S_ISLNK(status.st_mode))
                return 0;
        return -ENODEV;
}

int path_create(const struct path_request *request, int *fd, bool *made)
{
        int flags = O_RDWR | OPEN_FLAGS | (request->no_follow ? O_NOFOLLOW : 0);
        /* With O_EXCL nothing that exists is opened. */
        int got = request->must_create ? 0 : check_type(request);

        if (got != 0)
                return got;
        for (int tries = 0; tries < PATH_NAME_TRIES; tries++) {
                got = open_retrying(request->path, flags | O_CREAT | O_EXCL, request->mode);
                *made = got >= 0;
                if (got != -EEXIST || request->must_create)
                        break;
                got = open_retrying(request->path, flags, 0);
                if (got != -ENOENT)
                        break;
                /* Gone since, or a link into nothing: a link is followed only without O_EXCL. */
                got = open_retrying(request->path, flags | O_CREAT, request->mode);
                if (got != -ENOENT)
                        break;
        }
        if (got < 0)
                return got;
        *fd = got;
        return 0;
}

int path_open(const struct path_request *request, int *fd)
{
        int flags = (request->read_only ? O_RDONLY : O_RDWR) | OPEN_FLAGS |
                    (request->no_follow ? O_NOFOLLOW : 0);
        int got = check_type(request);

        if (got == 0)
                got = open_retrying(request->path, flags, 0);
        if (got < 0)
                return got;
        *fd = got;
        return 0;
}

static bool same_file(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool path_names(const struct path_request *request, int fd)
{
        struct stat named, opened;

        return fstatat(AT_FDCWD, request->path, &named,
                       request->no_follow ? AT_SYMLINK_NOFOLLOW : 0) == 0 &&
               fstat(fd, &opened) == 0 && same_file(&named, &opened);
}

void path_remove(const struct path_request *request)
{
        unlink(request->path);
}

static void descriptor_link(char *link, size_t size, int fd)
{
        snprintf(link, size, "/proc/self/fd/%d", fd);
}

/* The directory part of a path, in place; the name after it. */
static const char *split_path(char *path)
{
        char *slash = strrchr(path, '/');

        if (slash == NULL)
                return NULL;
        *slash = '\0';
        return slash + 1;
}

/* 0 or more: a directory in which name is this file. */
static int open_parent(char *path, int fd)
{
        struct stat entry, opened;
        char whole[] = ".", root[] = "/";
        const char *name = split_path(path);
        const char *parent = name == NULL ? whole : path[0] == '\0' ? root : path;
        int directory = open_retrying(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

        if (directory < 0)
                return directory;
        if (fstatat(directory, name == NULL ? path : name, &entry, AT_SYMLINK_NOFOLLOW) == 0 &&
            fstat(fd, &opened) == 0 && same_file(&entry, &opened))
                return directory;
        close(directory);
        return -ENOENT;
}

int path_open_directory(const struct path_request *request, int fd)
{
        char link[32], path[PATH_MAX];
        ssize_t length;
        int directory = -ENOENT;

        /* Where links led to, if /proc tells; the name as given otherwise. */
        descriptor_link(link, sizeof(link), fd);
        length = readlink(link, path, sizeof(path));
        if (length > 0 && (size_t)length < sizeof(path)) {
                path[length] = '\0';
                directory = open_parent(path, fd);
        }
        if (directory < 0 && strlen(request->path) < sizeof(path)) {
                strcpy(path, request->path);
                directory = open_parent(path, fd);
        }
        return directory;
}

static int check_access(int fd, bool read_only, int *flags)
{
        *flags = fcntl(fd, F_GETFL);
        if (*flags < 0)
                return -errno;
        if (*flags & O_PATH)
                return -EBADF;
        if ((*flags & O_ACCMODE) == O_RDWR || (read_only && (*flags & O_ACCMODE) == O_RDONLY))
                return 0;
        return -EACCES;
}

/*
 * Sharing the caller's description: errors are then eaten. Its flags would be ours too: appending
 * sends writes astray; direct I/O refuses what isn't aligned, and may lose what a mapping stores.
 */
static int duplicate(int fd, int flags, int *duplicated, bool *shared)
{
        if (flags & (O_APPEND | O_DIRECT))
                return -EINVAL;
        *duplicated = fcntl(fd, F_DUPFD_CLOEXEC, 0);
        *shared = true;
        return *duplicated < 0 ? -errno : 0;
}

int path_reopen(int fd, bool read_only, int *reopened, bool *shared)
{
        struct stat before, after;
        char link[32];
        int flags, got, err;

        if (fstat(fd, &before) != 0)
                return -errno;
        if (S_ISDIR(before.st_mode))
                return -EISDIR;
        if (!S_ISREG(before.st_mode))
                return -ENODEV;
        err = check_access(fd, read_only, &flags);
        if (err != 0)
                return err;
        descriptor_link(link, sizeof(link), fd);
        got = open_retrying(link, (read_only ? O_RDONLY : O_RDWR) | OPEN_FLAGS, 0);
        if (got == -EMFILE || got == -ENFILE || got == -ENOMEM)
                return got;
        if (got >= 0 && fstat(got, &after) == 0 && same_file(&before, &after)) {
                *reopened = got;
                *shared = false;
                return 0;
        }
        if (got >= 0)
                close(got);
        return duplicate(fd, flags, reopened, shared);
}
