/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * copy-piece.c - what one thread does with one range
 *
 * The source is read by pread, never through a mapping: when another process truncates it, the
 * thread gets a short read instead of SIGBUS.
 */
#include "rmmap.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int went_wrong(struct mishap *mishap, enum status status, int error)
{
        *mishap = (struct mishap){status, error};
        return -1;
}

/* The offset of the next bytes to copy within [*at, end). *at moves over a hole. */
static uint64_t next_data(const struct copy *copy, uint64_t *at, uint64_t end)
{
        off_t data, hole;

        if (!copy->sparse)
                return end;
        data = lseek(copy->fd, (off_t)*at, SEEK_DATA);
        /* ENXIO: no data from here on, or the end; the final size check finds that. */
        if (data < 0 && errno == ENXIO)
                *at = end;
        if (data < 0 || (uint64_t)data >= end) {
                if (data >= 0)
                        *at = end;
                return end;
        }
        *at = (uint64_t)data;
        hole = lseek(copy->fd, data, SEEK_HOLE);
        return hole < 0 || (uint64_t)hole > end ? end : (uint64_t)hole;
}

/* All of [offset, offset + length): the allocator's ranges end where the file ends. */
static int read_all(const struct copy *copy, unsigned char *buffer, uint64_t offset, size_t length,
                    struct mishap *mishap)
{
        while (length > 0) {
                ssize_t got = pread(copy->fd, buffer, length, (off_t)offset);

                if (got == 0)
                        return went_wrong(mishap, CHANGED, 0);
                if (got < 0 && errno != EINTR)
                        return went_wrong(mishap, SOURCE_ERROR, -errno);
                if (got > 0) {
                        buffer += got;
                        offset += (uint64_t)got;
                        length -= (size_t)got;
                }
        }
        return 0;
}

int copy_piece_step(struct copy_piece *piece, struct mishap *mishap)
{
        uint64_t start = rmmap_range_start(piece->range), end = rmmap_range_end(piece->range);
        uint64_t at = start + piece->done, stop = next_data(piece->copy, &at, end);
        size_t length = stop - at < COPY_BUFFER ? (size_t)(stop - at) : COPY_BUFFER;
        int error;

        if (read_all(piece->copy, piece->buffer, at, length, mishap))
                return -1;
        if (piece->copy->forgets)
                (void)posix_fadvise(piece->copy->fd, (off_t)at, (off_t)length, POSIX_FADV_DONTNEED);
        error = rmmap_write_within(piece->copy->output.file, piece->range, at - start,
                                   piece->buffer, length);
        if (error)
                return went_wrong(mishap, OUTPUT_ERROR, error);
        piece->done = at + length - start;
        return at + length < end;
}
