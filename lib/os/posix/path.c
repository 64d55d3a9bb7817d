/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/inside.h"
#include "os/posix/calls.h"

int open_retrying(const char *path, int flags, mode_t mode)
{
        for (;;) {
                int fd = os_calls.open(path, flags, mode);

                if (fd >= 0)
                        return fd;
                /* Another process has a lease on the file, which the kernel breaks: wait for it. */
                if (errno == EWOULDBLOCK && (flags & O_NONBLOCK))
                        flags &= ~O_NONBLOCK;
                else if (errno != EINTR)
                        return -errno;
        }
}

/*
 * Called before the file is opened, because opening a device can have effects. storage_size checks
 * the type again afterwards.
 */
static int check_type(const struct path_request *request)
{
        struct stat status;

        if (os_calls.fstatat(AT_FDCWD, request->path, &status,
                             request->no_follow ? AT_SYMLINK_NOFOLLOW : 0) != 0)
                return 0; /* open returns the reason */
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
                got = open_retrying(request->path, flags | O_CREAT | O_EXCL, (mode_t)request->mode);
                *made = got >= 0;
                if (got != -EEXIST || request->must_create)
                        break;
                got = open_retrying(request->path, flags, 0);
                if (got != -ENOENT)
                        break;
                /* Removed meanwhile, or a dangling link, which O_EXCL doesn't follow. */
                got = open_retrying(request->path, flags | O_CREAT, (mode_t)request->mode);
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

bool same_file(const struct stat *a, const struct stat *b)
{
        return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

bool path_names(const struct path_request *request, int fd)
{
        struct stat named, opened;

        return os_calls.fstatat(AT_FDCWD, request->path, &named,
                                request->no_follow ? AT_SYMLINK_NOFOLLOW : 0) == 0 &&
               os_calls.fstat(fd, &opened) == 0 && same_file(&named, &opened);
}

void path_remove(const struct path_request *request)
{
        os_calls.unlink(request->path);
}

int reopen_check_type(int fd, struct stat *status)
{
        if (os_calls.fstat(fd, status) != 0)
                return -errno;
        if (S_ISDIR(status->st_mode))
                return -EISDIR;
        return S_ISREG(status->st_mode) ? 0 : -ENODEV;
}

int reopen_check_access(int flags, bool read_only)
{
        int access = flags & O_ACCMODE;

        return access == O_RDWR || (read_only && access == O_RDONLY) ? 0 : -EACCES;
}
