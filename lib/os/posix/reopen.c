/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* POSIX can't find a descriptor's name, nor open its file a second time. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/inside.h"
#include "os/posix/calls.h"

/* Of a file created through a symbolic link the entry isn't found. */
int entry_find(const struct path_request *request, int fd, struct entry *entry)
{
        return entry_as_given(request, fd, entry);
}

/* The duplicate has the caller's flags: with O_APPEND, pwrite may write at the end instead. */
int path_reopen(int fd, bool read_only, int *reopened, bool *shared)
{
        struct stat status;
        unsigned char byte;
        int err = reopen_check_type(fd, &status), flags;

        if (err != 0)
                return err;
        flags = os_calls.fcntl(fd, F_GETFL);
        if (flags < 0)
                return -errno;
        err = reopen_check_access(flags, read_only);
        if (err != 0)
                return err;
        if (flags & O_APPEND)
                return -EINVAL;
        /* Fails for a descriptor that only names a file (O_PATH on Linux). */
        if (os_calls.pread(fd, &byte, 1, 0) < 0 && errno != EINTR)
                return -errno;
        *reopened = os_calls.fcntl(fd, F_DUPFD_CLOEXEC, 0);
        *shared = true;
        return *reopened < 0 ? -errno : 0;
}
