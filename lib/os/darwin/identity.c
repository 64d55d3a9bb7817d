/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "os/os.h"
#include "os/posix/calls.h"

int storage_identity(int fd, struct file_identity *identity)
{
        struct stat status;

        if (os_calls.fstat(fd, &status) != 0)
                return -errno;
        *identity = (struct file_identity){
                .device = (uint64_t)status.st_dev,
                .inode = (uint64_t)status.st_ino,
                .born_seconds = (uint64_t)status.st_birthtimespec.tv_sec,
                .born_nanoseconds = (uint64_t)status.st_birthtimespec.tv_nsec,
        };
        return 0;
}

int storage_session(int fd, uint64_t *session)
{
        (void)fd;
        (void)session;
        return -EOPNOTSUPP;
}
