/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every function that returns an int, called once, with what a scene gives it. */
#include "scene.h"

/* Where a result goes, and what is read; nowhere and nothing in a scene that has none. */
#define TO(member) (r != NULL ? &r->member : NULL)
#define FROM(pointer) (s->no_input ? NULL : (pointer))

#define LOW (s->parts == NO_LOW_PART ? NULL : TO(low))
#define HIGH (s->parts == NO_HIGH_PART ? NULL : s->parts == ONE_PLACE ? TO(low) : TO(high))

#define QUEUE (s->no_queue ? NULL : s->queue)

static size_t at_most(size_t capacity, size_t size)
{
        return capacity < size ? capacity : size;
}

/* The second one is empty, unless a scene has lengths of its own. */
static const struct iovec *three_pieces(struct scene *s)
{
        const size_t half = s->length / 2, lengths[3] = {half, 0, s->length - half};

        for (int i = 0; i < 3; i++) {
                size_t length = s->piece_lengths[0] != 0 ? s->piece_lengths[i] : lengths[i];
                bool missing = length == 0 || (s->hole && i == 1);

                s->pieces[i] = (struct iovec){missing ? NULL : s->memory, length};
        }
        return s->pieces;
}

/* The good ones before it must not lead to any I/O. */
static const struct rmmap_receipt *as_the_last_of_three(struct scene *s)
{
        s->receipts[0] = s->receipts[1] = s->written;
        s->receipts[2] = s->receipt;
        return s->receipts;
}

/* A file that fails to grow in the last step is longer all the same. */
static uint64_t grown(struct scene *s)
{
        s->changes = s->changes || s->grown > SCENE_SIZE;
        return s->grown;
}

/* s is the scene, r where its results go. */
#define EACH_CALL(X)                                                                               \
        X(range_split_up, (s->range, s->offset, LOW, HIGH))                                        \
        X(range_split_down, (s->range, s->offset, LOW, HIGH))                                      \
        X(create, (FROM(s->path), s->size, &s->options, TO(opened)))                               \
        X(open, (FROM(s->path), &s->options, TO(opened)))                                          \
        X(open_fd, (s->fd, &s->options, TO(opened)))                                               \
        X(close, (rmmap_clone(s->file)))                                                           \
        X(fd, (s->file))                                                                           \
        X(grow, (s->file, grown(s)))                                                               \
        X(trim, (s->file))                                                                         \
        X(allocate, (s->file, s->wanted, TO(range)))                                               \
        X(allocate_exact, (s->file, s->wanted, TO(range)))                                         \
        X(allocate_at, (s->file, s->start, s->end, TO(range)))                                     \
        X(claim_range, (s->file, s->start, s->end, TO(range)))                                     \
        X(unclaim_range, (s->file, s->range))                                                      \
        X(give_back_range, (s->file, s->range))                                                    \
        X(allocator_save, (s->file, r != NULL ? r->state : NULL, TO(length)))                      \
        X(allocator_restore, (s->file, FROM(s->state), s->state_length))                           \
        X(range_encode,                                                                            \
          (s->range, r != NULL ? r->encoded : NULL, at_most(s->capacity, sizeof(r->encoded))))     \
        X(receipt_encode,                                                                          \
          (s->receipt, r != NULL ? r->encoded : NULL, at_most(s->capacity, sizeof(r->encoded))))   \
        X(range_decode, (s->file, FROM(s->encoded_range), s->encoded_length, TO(range)))           \
        X(receipt_decode, (s->file, FROM(s->encoded_receipt), s->encoded_length, TO(receipt)))     \
        X(write_range, (s->file, s->range, FROM(s->memory), s->length, TO(receipt)))               \
        X(write_range_durable, (s->file, s->range, FROM(s->memory), s->length, TO(receipt)))       \
        X(writev_range, (s->file, s->range, FROM(three_pieces(s)), s->piece_count, TO(receipt)))   \
        X(write_range_from_fd, (s->file, s->range, s->input, TO(done), TO(receipt)))               \
        X(write_within, (s->file, s->range, s->offset, FROM(s->memory), s->length))                \
        X(mark_written, (s->file, s->range, TO(receipt)))                                          \
        X(read_range, (s->file, s->range, FROM(s->memory), s->capacity, TO(length)))               \
        X(read_within, (s->file, s->range, s->offset, FROM(s->memory), s->length))                 \
        X(range_data, (s->file, s->range, TO(data)))                                               \
        X(range_view, (s->file, s->range, TO(view)))                                               \
        X(flush, (s->file))                                                                        \
        X(flush_range, (s->file, s->receipt))                                                      \
        X(sync_range, (s->file, s->receipt))                                                       \
        X(sync_ranges, (s->file, FROM(as_the_last_of_three(s)), s->receipt_count))                 \
        X(sync_within, (s->file, s->range, s->offset, s->length))                                  \
        X(sync_all, (s->file))                                                                     \
        X(publish, (s->file, FROM(s->target), s->offset, s->flags))                                \
        X(next_recorded, (s->file, s->offset, TO(recorded[0]), TO(recorded[1])))                   \
        X(error, (s->file))                                                                        \
        X(raw_write, (s->file, s->offset, FROM(s->memory), s->length))                             \
        X(raw_read, (s->file, s->offset, FROM(s->memory), s->capacity, TO(length)))                \
        X(raw_flush, (s->file, s->offset, s->length))                                              \
        X(raw_sync, (s->file, s->offset, s->length))                                               \
        X(raw_fill, (s->file, 0xa5))                                                               \
        X(raw_zero, (s->file))                                                                     \
        X(raw_data, (s->file, TO(data)))                                                           \
        X(raw_view, (s->file, TO(view)))                                                           \
        X(guard_call, (s->file, FROM(s->body), s, TO(value)))                                      \
        X(queue_create, (&s->queue_options, TO(queue)))                                            \
        X(queue_fd, (QUEUE))                                                                       \
        X(queue_sync, (QUEUE, s->file, FROM(as_the_last_of_three(s)), s->receipt_count, 0))        \
        X(queue_write,                                                                             \
          (QUEUE, s->file, s->range, FROM(s->memory), s->length, s->queue_flags, TO(receipt), 0))  \
        X(queue_reap, (QUEUE, TO(completion), 1))                                                  \
        X(describe, (s->file, TO(info)))

#define DEFINE(function, arguments)                                                                \
        static int call_##function(struct scene *s, struct results *r)                             \
        {                                                                                          \
                (void)r;                                                                           \
                return rmmap_##function arguments;                                                 \
        }
#define ENTRY(function, arguments) {"rmmap_" #function, call_##function},

EACH_CALL(DEFINE)

const struct call calls[] = {EACH_CALL(ENTRY)};
const size_t call_count = sizeof(calls) / sizeof(calls[0]);
