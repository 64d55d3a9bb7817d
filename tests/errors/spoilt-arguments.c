/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Scenes with an argument that is wrong. */
#include <poll.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "../support.h"
#include "scene.h"

/* Each way to spoil a scene begins here: what another way made is spoilt once more. */
void good(struct scene *scene, uint64_t parameter)
{
        (void)parameter;
        if (scene->handle == NULL)
                scene_make(scene, NULL);
}

/* The parameter is the engine. Its copies survive faults, so that there may be any. */
void copied_by(struct scene *scene, uint64_t parameter)
{
        struct rmmap_options options = test_options(RMMAP_CATCH_FAULTS, (uint32_t)parameter);

        scene_make(scene, &options);
}

/* Those that take one statement. */
#define SPOILT(name, statement)                                                                    \
        void name(struct scene *scene, uint64_t parameter)                                         \
        {                                                                                          \
                good(scene, parameter);                                                            \
                statement;                                                                         \
        }

SPOILT(size_is, scene->size = parameter)
SPOILT(wanted_is, scene->wanted = parameter)
SPOILT(grown_is, scene->grown = parameter)
SPOILT(start_is, scene->start = parameter)
SPOILT(end_is, scene->end = parameter)
SPOILT(offset_is, scene->offset = parameter)
SPOILT(length_is, scene->length = (size_t)parameter)
SPOILT(capacity_is, scene->capacity = (size_t)parameter)
SPOILT(done_is, scene->done = parameter)
SPOILT(encoded_length_is, scene->encoded_length = (size_t)parameter)
SPOILT(state_length_is, scene->state_length = (size_t)parameter)
SPOILT(piece_count_is, scene->piece_count = (int)parameter)
SPOILT(receipt_count_is, scene->receipt_count = (size_t)parameter)
SPOILT(no_file, scene->file = NULL)
SPOILT(no_input, scene->no_input = true)
SPOILT(no_results, scene->results = NULL)
SPOILT(parts, scene->parts = (enum parts)parameter)
SPOILT(in_a_child, scene->in_child = true)
SPOILT(with_flag, scene->options.flags |= (uint32_t)parameter)
SPOILT(with_engine, scene->options.engine = (uint32_t)parameter)
SPOILT(flags_are, scene->flags = (uint32_t)parameter)
SPOILT(unclaimed, made(rmmap_unclaim_range(scene->file, scene->range), "unclaim"))
SPOILT(new_name, scene->path = test_path("new")) /* create must not make it */

SPOILT(no_queue, scene->no_queue = true)
SPOILT(queue_flags_are, scene->queue_flags = (uint32_t)parameter)
SPOILT(queue_threads_are, scene->queue_options.threads = (uint32_t)parameter)
SPOILT(queue_depth_is, scene->queue_options.depth = (uint32_t)parameter)
SPOILT(queue_options_end_at, scene->queue_options.size = (size_t)parameter)
SPOILT(queue_reserved_is, scene->queue_options.reserved = (size_t)parameter)

/* Its one completion is there, and stays. */
void full_queue(struct scene *scene, uint64_t parameter)
{
        struct pollfd loop = {.events = POLLIN};

        good(scene, parameter);
        scene_make_queue(scene);
        made(rmmap_queue_sync(scene->queue, scene->handle, NULL, 0, 0), "submit");
        loop.fd = made(rmmap_queue_fd(scene->queue), "descriptor");
        made(poll(&loop, 1, -1), "poll");
}

void zeros(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        memset(&scene->range, 0, sizeof(scene->range));
        memset(&scene->receipt, 0, sizeof(scene->receipt));
        scene->start = scene->end = scene->wanted = scene->size = 0;
}

void forged(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        scene->range.opaque[1] += RMMAP_ALIGNMENT;
        scene->receipt.opaque[1] += RMMAP_ALIGNMENT;
}

/* A range's words as a receipt's, and the other way round; their bytes, too. */
void other_kind(struct scene *scene, uint64_t parameter)
{
        struct scene was;

        good(scene, parameter);
        was = *scene;
        memcpy(&scene->range, &was.receipt, sizeof(scene->range));
        memcpy(&scene->receipt, &was.range, sizeof(scene->receipt));
        memcpy(scene->encoded_range, was.encoded_receipt, sizeof(scene->encoded_range));
        memcpy(scene->encoded_receipt, was.encoded_range, sizeof(scene->encoded_receipt));
}

/* Another handle of the same file has another allocator, and so another owner. */
void foreign(struct scene *scene, uint64_t parameter)
{
        struct rmmap_options options = test_options(RMMAP_REWRITE, 0);

        good(scene, parameter);
        if (parameter == OTHER_FILE) {
                scene->range = scene->other_range;
                scene->receipt = scene->other_receipt;
                scene->length = scene->capacity = SCENE_SIZE;
                return;
        }
        made(rmmap_open(test_path("file"), &options, &scene->holder), "open once more");
        made(rmmap_allocate(scene->holder, SCENE_RANGE, &scene->range), "allocate");
        made(rmmap_mark_written(scene->holder, scene->range, &scene->receipt), "mark");
        if (parameter == RELEASED_HANDLE)
                scene->holder = rmmap_release(scene->holder);
}

void empty_range(struct scene *scene, uint64_t parameter)
{
        struct rmmap_range rest;

        good(scene, parameter);
        made(rmmap_range_split_up(scene->range, 0, &scene->range, &rest), "split");
}

void misplaced(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        scene->start += 1;
        scene->end -= 1;
}

/* Outside the range, outside the file, or not handed out. */
void beyond(struct scene *scene, uint64_t parameter)
{
        struct rmmap_range low, rest = {{0}};

        good(scene, parameter);
        scene->offset = scene->done = SCENE_SIZE + 1;
        scene->start = scene->end;
        scene->end = SCENE_SIZE;
        made(rmmap_range_split_up(scene->other_range, SCENE_RANGE, &low, &rest), "split");
        (void)!rmmap_range_encode(rest, scene->encoded_range, sizeof(scene->encoded_range));
        (void)!rmmap_receipt_encode(scene->other_receipt, scene->encoded_receipt,
                                    sizeof(scene->encoded_receipt));
}

/* Their sum wraps to the right length. */
void odd_pieces(struct scene *scene, uint64_t parameter)
{
        static const size_t lengths[][3] = {{SIZE_MAX, SCENE_RANGE + 1, 0},
                                            {SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 1, SCENE_RANGE},
                                            {1, SIZE_MAX, SCENE_RANGE}};

        good(scene, parameter);
        memcpy(scene->piece_lengths, lengths[parameter], sizeof(scene->piece_lengths));
}

void hole_in_pieces(struct scene *scene, uint64_t parameter)
{
        static const size_t lengths[] = {1, 1, SCENE_RANGE - 2};

        good(scene, parameter);
        memcpy(scene->piece_lengths, lengths, sizeof(scene->piece_lengths));
        scene->hole = true;
}

void nothing_left(struct scene *scene, uint64_t parameter)
{
        struct rmmap_range rest;

        good(scene, parameter);
        made(rmmap_allocate(scene->file, SCENE_SIZE, &rest), "allocate the rest");
}

void damaged(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        scene->encoded_range[10] ^= 1;
        scene->encoded_receipt[10] ^= 1;
        scene->state[10] ^= 1;
}

/* By 1 or -1; and as much room for it. */
void state_off_by(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        scene->state_length += (size_t)parameter;
        scene->capacity = scene->state_length;
}

/* The range and the receipt come from bytes: a handle that only reads gives no receipts. */
void read_only(struct scene *scene, uint64_t parameter)
{
        struct rmmap_options options = test_options(RMMAP_READ_ONLY, 0);
        struct rmmap_file *reader;

        good(scene, parameter);
        scene->options.flags = RMMAP_READ_ONLY;
        options.allocate_from = SCENE_RANGE;
        made(rmmap_open(test_path("file"), &options, &reader), "open to read");
        scene_use(scene, reader);
        made(rmmap_range_decode(reader, scene->encoded_range, sizeof(scene->encoded_range),
                                &scene->range),
             "decode a range");
        made(rmmap_receipt_decode(reader, scene->encoded_receipt, sizeof(scene->encoded_receipt),
                                  &scene->receipt),
             "decode a receipt");
        scene->written = scene->receipt;
}

void sparse_with_engine(struct scene *scene, uint64_t parameter)
{
        with_engine(scene, parameter);
        scene->options.flags = RMMAP_NO_PREALLOCATE;
}

/* Neither one to open nor one to read from. */
void no_descriptor(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        close(scene->fd);
        close(scene->input);
        scene->fd = scene->input = (int)parameter;
}
