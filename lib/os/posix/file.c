/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os.h"
#include "os/posix/calls.h"

bool storage_has_name(int fd)
{
        struct stat status;

        return os_calls.fstat(fd, &status) != 0 || status.st_nlink > 0;
}

int storage_size(int fd, uint64_t *size)
{
        struct stat status;

        if (os_calls.fstat(fd, &status) != 0)
                return -errno;
        if (S_ISDIR(status.st_mode))
                return -EISDIR;
        if (!S_ISREG(status.st_mode))
                return -ENODEV;
        *size = (uint64_t)status.st_size;
        return 0;
}

void storage_copy_mode(int from, int to)
{
        struct stat status;

        if (os_calls.fstat(from, &status) == 0)
                os_calls.fchmod(to, status.st_mode & 0777);
}

void storage_set_sparse(int fd, bool sparse)
{
        (void)fd;
        (void)sparse;
}

int storage_write(int fd, uint64_t offset, const void *data, size_t length)
{
        const unsigned char *at = data;
        int err = storage_check_limit(offset + length);

        if (err != 0)
                return err;
        while (length > 0) {
                ssize_t written = os_calls.pwrite(fd, at, length, (off_t)offset);

                if (written == 0)
                        return -EIO; /* a regular file never does this */
                if (written < 0 && errno != EINTR)
                        return -errno;
                if (written > 0) {
                        at += written;
                        offset += (uint64_t)written;
                        length -= (size_t)written;
                }
        }
        return 0;
}

int storage_read(int fd, uint64_t offset, void *buffer, size_t length)
{
        unsigned char *at = buffer;

        while (length > 0) {
                ssize_t got = os_calls.pread(fd, at, length, (off_t)offset);

                if (got == 0)
                        return -ESTALE;
                if (got < 0 && errno != EINTR)
                        return -errno;
                if (got > 0) {
                        at += got;
                        offset += (uint64_t)got;
                        length -= (size_t)got;
                }
        }
        return 0;
}

void storage_close(int fd)
{
        if (fd >= 0)
                os_calls.close(fd);
}

int64_t source_read(int fd, void *buffer, size_t length)
{
        ssize_t got = os_calls.read(fd, buffer, length);

        return got < 0 ? -errno : got;
}

void source_unread(int fd, size_t length)
{
        (void)os_calls.lseek(fd, -(off_t)length, SEEK_CUR);
}
