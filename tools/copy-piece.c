/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * copy-piece.c - what one thread does with one range
 *
 * The source is read as a file, never through a mapping: when another process truncates it, the
 * thread gets a short read instead of a fault.
 */
#include "rmmap.h"

static int went_wrong(struct mishap *mishap, enum status status, int error)
{
        *mishap = (struct mishap){status, error};
        return -1;
}

/* All of [offset, offset + length): the allocator's ranges end where the file ends. */
static int read_all(const struct copy *copy, unsigned char *buffer, uint64_t offset, size_t length,
                    struct mishap *mishap)
{
        while (length > 0) {
                int64_t got = file_read(copy->fd, buffer, length, offset);

                if (got == 0)
                        return went_wrong(mishap, CHANGED, 0);
                if (got < 0)
                        return went_wrong(mishap, SOURCE_ERROR, (int)got);
                buffer += got;
                offset += (uint64_t)got;
                length -= (size_t)got;
        }
        return 0;
}

int copy_piece_step(struct copy_piece *piece, struct mishap *mishap)
{
        uint64_t start = rmmap_range_start(piece->range), end = rmmap_range_end(piece->range);
        uint64_t at = start + piece->done;
        uint64_t stop = piece->copy->sparse ? next_data(piece->copy->fd, &at, end) : end;
        size_t length = stop - at < COPY_BUFFER ? (size_t)(stop - at) : COPY_BUFFER;
        int error;

        if (read_all(piece->copy, piece->buffer, at, length, mishap))
                return -1;
        if (piece->copy->forgets)
                page_cache_drop(piece->copy->fd, at, length);
        error = rmmap_write_within(piece->copy->output.file, piece->range, at - start,
                                   piece->buffer, length);
        if (error)
                return went_wrong(mishap, OUTPUT_ERROR, error);
        piece->done = at + length - start;
        return at + length < end;
}
