/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * F_PREALLOCATE allocates space behind the end of a file, which the file then grows into. So what
 * grows gets its space in storage_resize; storage_reserve only looks whether it did.
 *
 * That is done for every file, also where its creator wants it sparse: on APFS concurrent writes
 * into large sparse files have corrupted data, and HFS+ has no sparse files.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/os.h"
#include "os/posix/calls.h"

/* All of it, or nothing; not necessarily in one piece. */
static int allocate_behind_end(int fd, uint64_t length)
{
        fstore_t request = {.fst_flags = F_ALLOCATEALL,
                            .fst_posmode = F_PEOFPOSMODE,
                            .fst_length = (off_t)length};

        while (os_calls.fcntl(fd, F_PREALLOCATE, &request) != 0)
                if (errno != EINTR)
                        return unavailable_or(errno);
        return 0;
}

int storage_resize(int fd, uint64_t size)
{
        uint64_t before;
        int err = storage_size(fd, &before);

        if (err == 0 && size > before)
                err = allocate_behind_end(fd, size - before);
        if (err != 0 && err != -EOPNOTSUPP)
                return err;
        while (os_calls.ftruncate(fd, (off_t)size) != 0)
                if (errno != EINTR)
                        return -errno;
        return 0;
}

int storage_reserve(int fd, const struct file_system *file_system, uint64_t size, bool *reserved)
{
        *reserved = storage_is_reserved(fd, file_system, size);
        return 0;
}

int storage_reserve_ahead(int fd, uint64_t start, uint64_t end)
{
        (void)fd;
        (void)start;
        (void)end;
        return 0;
}

bool storage_is_reserved(int fd, const struct file_system *file_system, uint64_t size)
{
        struct stat status;

        return file_system->reservation == RESERVES_EXTENTS && os_calls.fstat(fd, &status) == 0 &&
               (uint64_t)status.st_blocks * 512 >= size;
}
