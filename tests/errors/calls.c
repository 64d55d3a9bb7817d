/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Every function that returns an int, called once, with what a scene gives it. */
#include "scene.h"

/* Where a result goes; nowhere in a scene that has no place for results. */
#define TO(member) (r != NULL ? &r->member : NULL)

static size_t at_most(size_t capacity, size_t size)
{
        return capacity < size ? capacity : size;
}

static int save(struct scene *s, struct results *r)
{
        if (r == NULL)
                return rmmap_allocator_save(s->file, NULL, NULL);
        r->length = at_most(s->capacity, sizeof(r->state));
        return rmmap_allocator_save(s->file, r->state, &r->length);
}

static int write_from_fd(struct scene *s, struct results *r)
{
        if (r != NULL)
                r->done = s->done;
        return rmmap_write_range_from_fd(s->file, s->range, s->input, TO(done), TO(receipt));
}

/* s is the scene, r where its results go. */
#define EACH_CALL(X)                                                                               \
        X(range_split_up, (s->range, s->offset, TO(low), TO(high)))                                \
        X(range_split_down, (s->range, s->offset, TO(low), TO(high)))                              \
        X(create, (s->path, s->size, &s->options, TO(opened)))                                     \
        X(open, (s->path, &s->options, TO(opened)))                                                \
        X(open_fd, (s->fd, &s->options, TO(opened)))                                               \
        X(fd, (s->file))                                                                           \
        X(allocate, (s->file, s->wanted, TO(range)))                                               \
        X(allocate_exact, (s->file, s->wanted, TO(range)))                                         \
        X(claim_range, (s->file, s->start, s->end, TO(range)))                                     \
        X(unclaim_range, (s->file, s->range))                                                      \
        X(give_back_range, (s->file, s->range))                                                    \
        X(allocator_restore, (s->file, r != NULL ? s->state : NULL, s->state_length))              \
        X(range_encode,                                                                            \
          (s->range, r != NULL ? r->encoded : NULL, at_most(s->capacity, sizeof(r->encoded))))     \
        X(receipt_encode,                                                                          \
          (s->receipt, r != NULL ? r->encoded : NULL, at_most(s->capacity, sizeof(r->encoded))))   \
        X(range_decode, (s->file, s->encoded_range, sizeof(s->encoded_range), TO(range)))          \
        X(receipt_decode, (s->file, s->encoded_receipt, sizeof(s->encoded_receipt), TO(receipt)))  \
        X(write_range, (s->file, s->range, s->memory, s->length, TO(receipt)))                     \
        X(write_range_durable, (s->file, s->range, s->memory, s->length, TO(receipt)))             \
        X(writev_range, (s->file, s->range, s->pieces, 2, TO(receipt)))                            \
        X(write_within, (s->file, s->range, s->offset, s->memory, s->length))                      \
        X(mark_written, (s->file, s->range, TO(receipt)))                                          \
        X(read_range, (s->file, s->range, s->memory, s->capacity, TO(length)))                     \
        X(read_within, (s->file, s->range, s->offset, s->memory, s->length))                       \
        X(range_data, (s->file, s->range, TO(data)))                                               \
        X(range_view, (s->file, s->range, TO(view)))                                               \
        X(flush, (s->file))                                                                        \
        X(flush_range, (s->file, s->receipt))                                                      \
        X(sync_range, (s->file, s->receipt))                                                       \
        X(sync_ranges, (s->file, r != NULL ? &s->receipt : NULL, 1))                               \
        X(sync_within, (s->file, s->range, s->offset, s->length))                                  \
        X(sync_all, (s->file))                                                                     \
        X(raw_write, (s->file, s->offset, s->memory, s->length))                                   \
        X(raw_read, (s->file, s->offset, s->memory, s->capacity, TO(length)))                      \
        X(raw_flush, (s->file, s->offset, s->length))                                              \
        X(raw_sync, (s->file, s->offset, s->length))                                               \
        X(raw_fill, (s->file, 0xa5))                                                               \
        X(raw_zero, (s->file))                                                                     \
        X(raw_data, (s->file, TO(data)))                                                           \
        X(raw_view, (s->file, TO(view)))                                                           \
        X(guard_call, (s->file, s->body, s, TO(value)))                                            \
        X(describe, (s->file, TO(info)))

#define DEFINE(function, arguments)                                                                \
        static int call_##function(struct scene *s, struct results *r)                             \
        {                                                                                          \
                (void)r;                                                                           \
                return rmmap_##function arguments;                                                 \
        }
#define ENTRY(function, arguments) {"rmmap_" #function, call_##function},

EACH_CALL(DEFINE)

const struct call calls[] = {
        EACH_CALL(ENTRY){"rmmap_allocator_save", save},
        {"rmmap_write_range_from_fd", write_from_fd},
};
const size_t call_count = sizeof(calls) / sizeof(calls[0]);
