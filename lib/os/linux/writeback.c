/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>

#include "os/linux/calls.h"
#include "os/os.h"

int writeback_start(int fd, uint64_t offset, uint64_t length)
{
        while (linux_calls.sync_file_range(fd, (off_t)offset, (off_t)length,
                                           SYNC_FILE_RANGE_WRITE) != 0) {
                if (errno != EINTR)
                        return unavailable_or(errno);
        }
        return 0;
}

int writeback_finish(int fd, uint64_t offset, uint64_t length)
{
        while (linux_calls.sync_file_range(fd, (off_t)offset, (off_t)length,
                                           SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                                   SYNC_FILE_RANGE_WAIT_AFTER) != 0) {
                if (errno != EINTR)
                        return -errno; /* whichever it is: the kernel reports it once */
        }
        return 0;
}

void writeback_drop_cache(int fd, uint64_t offset, uint64_t length)
{
        (void)posix_fadvise(fd, (off_t)offset, (off_t)length, POSIX_FADV_DONTNEED);
}

#ifdef HAVE_PWRITEV2
int writeback_pwrite_durable(int fd, uint64_t offset, const void *data, size_t length)
{
        const unsigned char *at = data;

        while (length > 0) {
                struct iovec piece = {.iov_base = (void *)(uintptr_t)at, .iov_len = length};
                ssize_t written = linux_calls.pwritev2(fd, &piece, 1, (off_t)offset, RWF_DSYNC);

                if (written == 0)
                        return -EIO; /* a regular file never does this */
                if (written < 0 && errno != EINTR)
                        return unavailable_or(errno);
                if (written > 0) {
                        at += written;
                        offset += (uint64_t)written;
                        length -= (size_t)written;
                }
        }
        return 0;
}
#else
int writeback_pwrite_durable(int fd, uint64_t offset, const void *data, size_t length)
{
        (void)fd;
        (void)offset;
        (void)data;
        (void)length;
        return -EOPNOTSUPP;
}
#endif
