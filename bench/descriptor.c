/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "descriptor.h"

int descriptor_create(const char *path, int flags)
{
        int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | flags, 0600);

        return fd < 0 ? -errno : fd;
}

int descriptor_open(const char *path, int flags)
{
        int fd = open(path, O_RDWR | O_CLOEXEC | flags);

        return fd < 0 ? -errno : fd;
}

int descriptor_resize(int fd, uint64_t size)
{
        return ftruncate(fd, (off_t)size) == 0 ? 0 : -errno;
}

int descriptor_reserve(int fd, uint64_t size)
{
        if (fallocate(fd, 0, 0, (off_t)size) == 0)
                return 0;
        return errno == EOPNOTSUPP ? descriptor_resize(fd, size) : -errno;
}

static int write_all(int fd, const void *data, size_t length, uint64_t offset, int flags)
{
        const unsigned char *from = data;

        while (length > 0) {
                struct iovec piece = {(void *)(uintptr_t)from, length};
                ssize_t done = flags == 0 ? pwrite(fd, from, length, (off_t)offset)
                                          : pwritev2(fd, &piece, 1, (off_t)offset, flags);

                if (done < 0 && errno == EINTR)
                        continue;
                if (done <= 0)
                        return done < 0 ? -errno : -EIO;
                from += done;
                length -= (size_t)done;
                offset += (uint64_t)done;
        }
        return 0;
}

int descriptor_write(int fd, const void *data, size_t length, uint64_t offset)
{
        return write_all(fd, data, length, offset, 0);
}

int descriptor_write_dsync(int fd, const void *data, size_t length, uint64_t offset)
{
        return write_all(fd, data, length, offset, RWF_DSYNC);
}

/* Linux 6.14, which older headers don't know. */
#ifndef RWF_DONTCACHE
#define RWF_DONTCACHE 0x80
#endif

int descriptor_write_uncached(int fd, const void *data, size_t length, uint64_t offset)
{
        return write_all(fd, data, length, offset, RWF_DONTCACHE);
}

int descriptor_read(int fd, void *buffer, size_t length, uint64_t offset)
{
        unsigned char *to = buffer;

        while (length > 0) {
                ssize_t done = pread(fd, to, length, (off_t)offset);

                if (done < 0 && errno == EINTR)
                        continue;
                if (done <= 0)
                        return done < 0 ? -errno : -EIO;
                to += done;
                length -= (size_t)done;
                offset += (uint64_t)done;
        }
        return 0;
}

int descriptor_sync(int fd)
{
        return fdatasync(fd) == 0 ? 0 : -errno;
}
