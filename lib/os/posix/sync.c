/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * By POSIX, with synchronized I/O, data is durable when these calls return. On macOS that needs
 * F_FULLFSYNC; macOS declares no fdatasync, so this file doesn't compile there by mistake.
 */
#include <errno.h>
#include <unistd.h>

#include "os/os.h"
#include "os/posix/calls.h"

int writeback_sync(int fd, bool with_metadata)
{
        while ((with_metadata ? os_calls.fsync(fd) : os_calls.fdatasync(fd)) != 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}
