/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * O_TMPFILE makes a file without a name, and linkat gives it one. linkat never replaces; and a file
 * whose name was removed again can't get another one.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "os/inside.h"
#include "os/linux/calls.h"

/*
 * By the descriptor, which older kernels allow only to a process with CAP_DAC_READ_SEARCH; by
 * /proc, which may not be mounted.
 */
static int link_descriptor(int fd, int directory, const char *name)
{
        char link[32];

        if (os_calls.linkat(fd, "", directory, name, AT_EMPTY_PATH) == 0)
                return 0;
        if (errno != ENOENT && !is_unavailable(errno))
                return -errno;
        snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
        return os_calls.linkat(AT_FDCWD, link, directory, name, AT_SYMLINK_FOLLOW) == 0 ? 0
                                                                                        : -errno;
}

/*
 * Will unnamed_link work? The kernel finds the file before it sees that the name exists, so nothing
 * is made that a crash could leave behind. Of a file system unknown here that says too little: it
 * may have no links.
 */
static bool can_link(int fd)
{
        struct file_system file_system;

        return link_descriptor(fd, AT_FDCWD, "/") == -EEXIST &&
               file_system_of(fd, &file_system) == 0 && file_system.coherent;
}

int unnamed_create(const struct path_request *directory, int *fd)
{
        int got = check_directory(directory);

        if (got != 0)
                return got;
        got = open_retrying(directory->path, O_RDWR | OPEN_FLAGS | O_TMPFILE,
                            (mode_t)directory->mode);
        /* Kernels that don't know the flag open the directory itself. */
        if (got < 0)
                return got == -EISDIR || got == -ENOENT ? -EOPNOTSUPP : unavailable_or(-got);
        if (can_link(got)) {
                *fd = got;
                return 0;
        }
        os_calls.close(got);
        return -EOPNOTSUPP;
}

int unnamed_link(int fd, const struct entry *to)
{
        return link_descriptor(fd, entry_base(to), to->name);
}
