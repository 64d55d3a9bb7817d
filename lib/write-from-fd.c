/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Filling a range from a descriptor. Where a region is mapped for writing, or where copying uses
 * the mapping anyway, the kernel reads straight into the mapping; a page that it can't supply is
 * then EFAULT of the read instead of a signal. Elsewhere the bytes go through a small buffer, as
 * small writes do. The read is a cancellation point, and its EINTR and EAGAIN are passed on,
 * because the descriptor is the caller's.
 */
#include <string.h>

#include "api-check.h"
#include "checkpoint.h"
#include "guarded-copy.h"
#include "io-path.h"
#include "os/os.h"
#include "sync-exec.h"

/* On the stack, so that nothing needs freeing when the thread is cancelled in the read. */
#define BOUNCE ((size_t)16 << 10)

/* The most that one read takes, so that *done advances while a slow source trickles. */
#define LARGEST_READ ((size_t)1 << 30)

/* Bytes read, 0 at the end of input, or a negative errno; -EFAULT: a page can't be had. */
static int64_t read_into_map(struct rmmap_file *file, uint64_t offset, uint64_t length, int fd)
{
        int64_t got = source_read(fd, file->os.mapping.base + offset, (size_t)length);

        PROBE3(write_by_read, file, offset, (intptr_t)got);
        if (got >= 0)
                io_note_mapped(file, (uint64_t)got);
        return got;
}

static int64_t read_and_write(struct rmmap_file *file, uint64_t offset, uint64_t left, int fd)
{
        unsigned char bounce[BOUNCE];
        int64_t got = source_read(fd, bounce, (size_t)min_u64(left, sizeof(bounce)));
        int err;

        if (got <= 0)
                return got;
        err = io_write(file, offset, bounce, (size_t)got);
        if (err != 0) {
                source_unread(fd, (size_t)got);
                return err;
        }
        return got;
}

/* EFAULT doesn't tell the reason; writing the bytes by a system call does. */
static int64_t take(struct rmmap_file *file, uint64_t offset, uint64_t left, int fd)
{
        uint64_t room = io_mapped_room(file, offset, min_u64(left, LARGEST_READ));
        int64_t got = room > 0 ? read_into_map(file, offset, room, fd) : -EFAULT;
        int err;

        if (got != -EFAULT)
                return got;
        err = room > 0 ? fault_check_size(file) : 0;
        return err != 0 ? err : read_and_write(file, offset, left, fd);
}

int rmmap_write_range_from_fd(struct rmmap_file *file, struct rmmap_range range, int fd,
                              uint64_t *done, struct rmmap_receipt *receipt)
{
        uint64_t length;
        int err;

        err = check_write(file, &range, done, 1);
        if (err != 0)
                return err;
        length = range_length(&range);
        if (*done > length)
                return -ERANGE;
        while (*done < length) {
                int64_t got = take(file, range_start(&range) + *done, length - *done, fd);

                if (got <= 0)
                        return got == 0 ? -ENODATA : (int)got;
                *done += (uint64_t)got;
        }
        err = sync_after_write(file, range_start(&range), length);
        if (err == 0)
                checkpoint_give_receipt(file, receipt, &range);
        return err;
}
