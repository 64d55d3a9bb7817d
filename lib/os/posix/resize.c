/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <unistd.h>

#include "os/os.h"
#include "os/posix/calls.h"

int storage_resize(int fd, uint64_t size)
{
        while (os_calls.ftruncate(fd, (off_t)size) != 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}
