/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * As POSIX wants it, with synchronized I/O: done is durable. macOS, where it isn't (that takes
 * F_FULLFSYNC), declares no fdatasync, and so doesn't compile this by mistake.
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
