/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * pieces.c - which connection downloads which piece
 *
 * The allocator hands the file out in pieces, each to one connection, and no byte to two of them.
 * Pieces are small compared with the file, so that fast connections get more of them; at the end
 * two connections share the rest of a slow one.
 *
 * The answer to the first request has the whole file. So the start of the file is its share, which
 * it takes piece by piece without a new request. When nothing else is left, other connections take
 * pieces from the end of the share.
 */
#include "rmget.h"

#include <errno.h>
#include <stdlib.h>

enum {
        PIECES_EACH = 8, /* pieces for each connection, on average */
        LEAST_PIECE = 256 * 1024,
        MOST_PIECE = 16 * 1024 * 1024, /* the most that must be fetched again after an error */
        LEAST_SPLIT = 32 * 1024,
        SYNC_AT_ONCE = 32,
};

static uint64_t size_of_share(const struct pieces *pieces, const struct job *job)
{
        uint64_t fair = job->alone ? job->size : job->size / job->options->connections;

        return fair < pieces->size ? pieces->size : fair;
}

int pieces_open(struct pieces *pieces, const struct job *job)
{
        uint64_t size = job->size / (job->options->connections * PIECES_EACH);
        int error;

        size = size < LEAST_PIECE ? LEAST_PIECE : size > MOST_PIECE ? MOST_PIECE : size;
        *pieces = (struct pieces){.file = job->output.file, .size = rmmap_align_up(size)};
        pieces->returned = calloc(job->options->connections, sizeof(*pieces->returned));
        if (!pieces->returned)
                return -ENOMEM;
        error = rmmap_allocate(pieces->file, size_of_share(pieces, job), &pieces->share);
        pieces->given = rmmap_range_end(pieces->share);
        return error;
}

void pieces_close(struct pieces *pieces)
{
        free(pieces->returned);
        free(pieces->receipts);
        *pieces = (struct pieces){0};
}

uint64_t piece_left(const struct piece *piece)
{
        return rmmap_range_length(piece->range) - piece->done;
}

static int next_of_allocator(struct pieces *pieces, struct piece *piece)
{
        int error = rmmap_allocate(pieces->file, pieces->size, &piece->range);

        if (!error)
                pieces->given = rmmap_range_end(piece->range);
        return error;
}

static int first_of_share(struct pieces *pieces, struct piece *piece)
{
        struct rmmap_range rest = {{0}};
        int split = rmmap_range_split_up(pieces->share, pieces->size, &piece->range, &rest);

        if (split == -ERANGE || split == RMMAP_SPLIT_LOW) { /* this is the share's last piece */
                piece->range = pieces->share;
                rest = (struct rmmap_range){{0}};
        } else if (split < 0) {
                return split;
        }
        pieces->share = rest;
        return 0;
}

static int last_of_share(struct pieces *pieces, struct piece *piece)
{
        uint64_t length = rmmap_range_length(pieces->share);
        struct rmmap_range rest = {{0}};
        int split;

        if (!length)
                return -ENOSPC;
        if (length <= pieces->size)
                return first_of_share(pieces, piece);
        split = rmmap_range_split_down(pieces->share, length - pieces->size, &rest, &piece->range);
        if (split < 0)
                return split;
        pieces->share = rest;
        return 0;
}

int pieces_next(struct pieces *pieces, struct piece *piece)
{
        int error;

        *piece = (struct piece){0};
        if (pieces->returned_count) {
                *piece = pieces->returned[--pieces->returned_count];
                return 0;
        }
        error = next_of_allocator(pieces, piece);
        return error == -ENOSPC ? last_of_share(pieces, piece) : error;
}

int pieces_at(struct pieces *pieces, uint64_t offset, struct piece *piece)
{
        *piece = (struct piece){0};
        for (size_t i = 0; i < pieces->returned_count; i++) {
                if (rmmap_range_start(pieces->returned[i].range) != offset)
                        continue;
                *piece = pieces->returned[i];
                pieces->returned[i] = pieces->returned[--pieces->returned_count];
                progress_add(-(int64_t)piece->done);
                piece->done = 0;
                return 0;
        }
        if (rmmap_range_length(pieces->share) && rmmap_range_start(pieces->share) == offset)
                return first_of_share(pieces, piece);
        return offset == pieces->given ? next_of_allocator(pieces, piece) : -ENOSPC;
}

uint64_t pieces_after(const struct pieces *pieces, uint64_t offset)
{
        uint64_t nearest = pieces->given, size = rmmap_size(pieces->file);

        if (rmmap_range_length(pieces->share) && rmmap_range_start(pieces->share) >= offset)
                nearest = rmmap_range_start(pieces->share);
        for (size_t i = 0; i < pieces->returned_count; i++) {
                uint64_t start = rmmap_range_start(pieces->returned[i].range);

                if (start >= offset && start < nearest)
                        nearest = start;
        }
        return nearest < size ? nearest : size;
}

/* Keeps a piece whose connection ended, for another one. There are never more than connections. */
void pieces_return(struct pieces *pieces, const struct piece *piece)
{
        pieces->returned[pieces->returned_count] = *piece;
        pieces->returned[pieces->returned_count++].failures = 0;
}

int pieces_split(struct piece *piece, struct piece *high)
{
        uint64_t left = piece_left(piece);
        struct rmmap_range upper, lower;
        int split;

        if (left < 2 * LEAST_SPLIT)
                return 0;
        split = rmmap_range_split_up(piece->range, piece->done + left / 2, &lower, &upper);
        if (split != RMMAP_SPLIT_BOTH)
                return split < 0 ? split : 0;
        piece->range = lower;
        *high = (struct piece){.range = upper};
        return 1;
}

/* Starts write-back of a complete piece while others still arrive; pieces_sync waits for all. */
int pieces_complete(struct pieces *pieces, struct piece *piece)
{
        int error;

        if (pieces->receipt_count == pieces->receipt_capacity) {
                size_t capacity = pieces->receipt_capacity ? 2 * pieces->receipt_capacity : 64;
                void *more = realloc(pieces->receipts, capacity * sizeof(*pieces->receipts));

                if (!more)
                        return -ENOMEM;
                pieces->receipts = more;
                pieces->receipt_capacity = capacity;
        }
        error = rmmap_mark_written(pieces->file, piece->range,
                                   &pieces->receipts[pieces->receipt_count]);
        if (error)
                return error;
        pieces->complete += rmmap_range_length(piece->range);
        *piece = (struct piece){0};
        error = rmmap_flush_range(pieces->file, pieces->receipts[pieces->receipt_count++]);
        return is_missing(-error) ? 0 : error; /* without write-back the sync writes all of it */
}

/* Syncs a few at a time, so that Ctrl-C needn't wait for a slow disk. */
enum status pieces_sync(struct pieces *pieces, const struct job *job)
{
        enum status status = DONE;

        progress_begin(wants_progress(job->options), "to disk ", job->size);
        for (size_t i = 0; !status && i < pieces->receipt_count; i += SYNC_AT_ONCE) {
                const struct rmmap_receipt *receipts = pieces->receipts + i;
                size_t left = pieces->receipt_count - i;
                size_t count = left < SYNC_AT_ONCE ? left : SYNC_AT_ONCE;
                int error = rmmap_sync_ranges(pieces->file, receipts, count);

                if (error)
                        status = output_failed(&job->output, error);
                else if (signals_caught())
                        status = INTERRUPTED;
                while (count--)
                        progress_add((int64_t)rmmap_receipt_length(receipts[count]));
                progress_tick(NULL, 0);
        }
        progress_end();
        return status;
}
