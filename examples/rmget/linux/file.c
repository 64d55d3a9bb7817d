/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* file.c - an open file */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64 /* larger than 2 GiB in a 32-bit process too */
#endif
#include <errno.h>
#include <fcntl.h>
#include <rmmap.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "linux/facts.h"

/* Non-blocking: opening a FIFO must not wait before the program refuses it. */
int file_open(const char *path, unsigned flags)
{
        int fd = open(path, (flags & FILE_WRITABLE ? O_RDWR : O_RDONLY) |
                                    (flags & FILE_NO_FOLLOW ? O_NOFOLLOW : 0) | O_NONBLOCK |
                                    O_NOCTTY | O_CLOEXEC);

        return fd < 0 ? -errno : fd;
}

void file_close(int file)
{
        close(file);
}

void facts_from(struct file_facts *facts, const struct stat *from)
{
        *facts = (struct file_facts){
                .kind = S_ISREG(from->st_mode)   ? FILE_REGULAR
                        : S_ISDIR(from->st_mode) ? FILE_DIRECTORY
                                                 : FILE_OTHER,
                .size = (uint64_t)from->st_size,
                .space = (uint64_t)from->st_blocks * 512,
                .identity = {from->st_dev, from->st_ino},
                .mode = from->st_mode & 07777,
                .owner = from->st_uid,
                .group = from->st_gid,
                .accessed = from->st_atim,
                .modified = from->st_mtim,
        };
}

int file_facts(int file, struct file_facts *facts)
{
        struct stat found;

        if (fstat(file, &found))
                return -errno;
        facts_from(facts, &found);
        return 0;
}

bool same_facts(const struct file_facts *a, const struct file_facts *b)
{
        return !memcmp(a->identity, b->identity, sizeof(a->identity));
}

int64_t file_read(int file, void *buffer, size_t length, uint64_t offset)
{
        ssize_t got;

        do
                got = pread(file, buffer, length, (off_t)offset);
        while (got < 0 && errno == EINTR);
        return got < 0 ? -errno : got;
}

int64_t file_read_on(int file, void *buffer, size_t length)
{
        ssize_t got;

        do
                got = read(file, buffer, length);
        while (got < 0 && errno == EINTR);
        return got < 0 ? -errno : got;
}

void file_rewind(int file)
{
        (void)lseek(file, 0, SEEK_SET);
}

int file_lock(int file)
{
        if (!flock(file, LOCK_EX | LOCK_NB))
                return 0;
        return errno == EWOULDBLOCK ? -EBUSY : -errno;
}

int file_of(const struct rmmap_file *file)
{
        return rmmap_fd(file);
}
