/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* By POSIX, with synchronized I/O, data is durable when these calls return. */
#include <errno.h>
#include <unistd.h>

#include "os/inside.h"
#include "os/posix/calls.h"

#if HAVE_DECL_FDATASYNC
static int sync_data(int fd)
{
        return os_calls.fdatasync(fd);
}
#else
static int sync_data(int fd)
{
        return os_calls.fsync(fd);
}
#endif

int fsync_device(int fd, bool with_metadata)
{
        while ((with_metadata ? os_calls.fsync(fd) : sync_data(fd)) != 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}
