/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Finds a descriptor's name, and opens its file once more, through /proc. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "os/inside.h"
#include "os/linux/calls.h"

static void descriptor_link(char *link, size_t size, int fd)
{
        snprintf(link, size, "/proc/self/fd/%d", fd);
}

/* The path after all links, from /proc; if that fails, the path as the caller gave it. */
int entry_find(const struct path_request *request, int fd, struct entry *entry)
{
        char link[32], path[PATH_MAX];
        ssize_t length;

        descriptor_link(link, sizeof(link), fd);
        length = linux_calls.readlink(link, path, sizeof(path));
        if (length > 0 && (size_t)length < sizeof(path)) {
                path[length] = '\0';
                if (entry_of_file(path, fd, entry) == 0)
                        return 0;
        }
        return entry_as_given(request, fd, entry);
}

/*
 * Shares the caller's open file description: an error that the kernel reports to the caller, it
 * doesn't report to the library. The flags are shared, too: with O_APPEND, pwrite writes at the
 * end; O_DIRECT refuses unaligned writes, and may lose what was stored in the mapping.
 */
static int duplicate(int fd, int flags, int *duplicated, bool *shared)
{
        if (flags & (O_APPEND | O_DIRECT))
                return -EINVAL;
        *duplicated = os_calls.fcntl(fd, F_DUPFD_CLOEXEC, 0);
        *shared = true;
        return *duplicated < 0 ? -errno : 0;
}

int path_reopen(int fd, bool read_only, int *reopened, bool *shared)
{
        struct stat before, after;
        char link[32];
        int flags, got, err;

        err = reopen_check_type(fd, &before);
        if (err != 0)
                return err;
        flags = os_calls.fcntl(fd, F_GETFL);
        if (flags < 0)
                return -errno;
        err = flags & O_PATH ? -EBADF : reopen_check_access(flags, read_only);
        if (err != 0)
                return err;
        descriptor_link(link, sizeof(link), fd);
        got = open_retrying(link, (read_only ? O_RDONLY : O_RDWR) | OPEN_FLAGS, 0);
        if (got == -EMFILE || got == -ENFILE || got == -ENOMEM)
                return got;
        if (got >= 0 && os_calls.fstat(got, &after) == 0 && same_file(&before, &after)) {
                *reopened = got;
                *shared = false;
                return 0;
        }
        if (got >= 0)
                os_calls.close(got);
        return duplicate(fd, flags, reopened, shared);
}
