/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * fsync leaves data in the device's cache, which F_FULLFSYNC empties. Some file systems lack it,
 * those of servers for example.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/inside.h"
#include "os/posix/calls.h"

static int sync_without_cache(int fd)
{
        while (os_calls.fsync(fd) != 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}

int fsync_device(int fd, bool with_metadata)
{
        (void)with_metadata; /* it always comes along */
        while (os_calls.fcntl(fd, F_FULLFSYNC) != 0) {
                if (is_unavailable(errno))
                        return sync_without_cache(fd);
                if (errno != EINTR)
                        return -errno;
        }
        return 0;
}
