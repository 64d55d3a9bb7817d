/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Steps that copy bytes, by ranges and by offsets, and make them durable. */
#include <unistd.h>

#include "model.h"

typedef unsigned long long number; /* for printf */

/* The expected result of a change that is otherwise valid. */
static int change(const struct model *model, int want)
{
        return model->read_only ? -EROFS : want;
}

/* Records the bytes that a successful write took from buffer. */
static void wrote(struct model *model, uint64_t offset, size_t length)
{
        memcpy(model->bytes + offset, model->buffer, length);
}

static size_t length_of(const struct model_range *range)
{
        return (size_t)(range->end - range->start);
}

static void check_receipt(struct model *model, struct model_range *range)
{
        range->written = true;
        model_check(model,
                    rmmap_range_equal(rmmap_receipt_range(range->receipt), range->range) &&
                            rmmap_receipt_length(range->receipt) == length_of(range),
                    "the receipt is of another range");
}

static void step_write_range(struct model *model)
{
        struct model_range *range = model_pick(model);
        bool durable = model_below(model, 150) == 0;
        size_t length;
        int want, got;

        if (range == NULL)
                return;
        length = length_of(range) +
                 (model_below(model, 6) == 0 ? 1 + (size_t)model_below(model, 2) : 0);
        want = change(model, length != length_of(range) ? -EMSGSIZE : 0);
        model_scribble(model, length);
        model_note(model, "write%s %zu bytes to [%llu, %llu)", durable ? " durably" : "", length,
                   (number)range->start, (number)range->end);
        got = durable ? rmmap_write_range_durable(model->file, range->range, model->buffer, length,
                                                  &range->receipt)
                      : rmmap_write_range(model->file, range->range, model->buffer, length,
                                          &range->receipt);
        model_expect(model, got, want);
        if (want != 0)
                return;
        wrote(model, range->start, length);
        check_receipt(model, range);
}

static void step_writev_range(struct model *model)
{
        struct model_range *range = model_pick(model);
        struct iovec iov[5];
        size_t at = 0, length;
        int want;

        if (range == NULL)
                return;
        length = length_of(range) + (model_below(model, 6) == 0);
        want = change(model, length != length_of(range) ? -EMSGSIZE : 0);
        model_scribble(model, length);
        for (int i = 0; i < 5; i++) {
                size_t piece = i == 4 ? length - at : (size_t)model_below(model, length - at + 1);

                iov[i] = (struct iovec){model->buffer + at, piece};
                at += piece;
        }
        model_note(model, "writev %zu bytes to [%llu, %llu)", length, (number)range->start,
                   (number)range->end);
        model_expect(model, rmmap_writev_range(model->file, range->range, iov, 5, &range->receipt),
                     want);
        if (want != 0)
                return;
        wrote(model, range->start, length);
        check_receipt(model, range);
}

/* Through a pipe that holds less than the range needs: the first call ends too early. */
static void step_write_from_fd(struct model *model)
{
        struct model_range *range = model_pick(model);
        uint64_t done = 0;
        size_t length;
        int ends[2], want;

        if (range == NULL)
                return;
        length = (size_t)model_below(model, length_of(range) + 1);
        length = length > 60000 ? 60000 : length;
        want = change(model, length < length_of(range) ? -ENODATA : 0);
        model_scribble(model, length);
        model_note(model, "write from a descriptor %zu bytes to [%llu, %llu)", length,
                   (number)range->start, (number)range->end);
        ck_assert_int_eq(pipe(ends), 0);
        ck_assert_int_eq(write(ends[1], model->buffer, length), (ssize_t)length);
        close(ends[1]);
        model_expect(model,
                     rmmap_write_range_from_fd(model->file, range->range, ends[0], &done,
                                               &range->receipt),
                     want);
        close(ends[0]);
        model_check(model, done == (want == -EROFS ? 0 : length), "done");
        if (want != -EROFS)
                wrote(model, range->start, length);
        if (want == 0)
                check_receipt(model, range);
}

static void step_write_within(struct model *model)
{
        struct model_range *range = model_pick(model);
        uint64_t offset, length;
        int want;

        if (range == NULL)
                return;
        offset = model_size(model, length_of(range));
        length = model_below(model, model_below(model, 2) ? 100 : model->setup.size + 1);
        want = change(model, offset > length_of(range) || length > length_of(range) - offset
                                     ? -ERANGE
                                     : 0);
        model_scribble(model, (size_t)length);
        model_note(model, "write %llu bytes within [%llu, %llu) at %llu", (number)length,
                   (number)range->start, (number)range->end, (number)offset);
        model_expect(model,
                     rmmap_write_within(model->file, range->range, offset, model->buffer,
                                        (size_t)length),
                     want);
        if (want == 0)
                wrote(model, range->start + offset, (size_t)length);
}

static void step_commit(struct model *model)
{
        struct model_range *range = model_pick(model);

        if (range == NULL)
                return;
        model_note(model, "commit [%llu, %llu)", (number)range->start, (number)range->end);
        model_expect(model, rmmap_mark_written(model->file, range->range, &range->receipt),
                     change(model, 0));
        if (!model->read_only)
                check_receipt(model, range);
}

static void check_read(struct model *model, uint64_t offset, size_t length)
{
        model_check(model, memcmp(model->buffer, model->bytes + offset, length) == 0,
                    "other bytes");
}

static void step_read_range(struct model *model)
{
        struct model_range *range = model_pick(model);
        size_t capacity, length = 12345;
        int want;

        if (range == NULL)
                return;
        capacity = length_of(range) + (size_t)model_below(model, 3);
        capacity -= capacity > 0 && model_below(model, 3) == 0;
        want = capacity < length_of(range) ? -ENOBUFS : 0;
        model_note(model, "read [%llu, %llu) into %zu bytes", (number)range->start,
                   (number)range->end, capacity);
        model_expect(model,
                     rmmap_read_range(model->file, range->range, model->buffer, capacity, &length),
                     want);
        model_check(model, length == (want == 0 ? length_of(range) : 12345), "length");
        if (want == 0)
                check_read(model, range->start, length);
}

static void step_read_within(struct model *model)
{
        struct model_range *range = model_pick(model);
        uint64_t offset, length;
        int want;

        if (range == NULL)
                return;
        offset = model_size(model, length_of(range));
        length = model_below(model, model_below(model, 2) ? 100 : model->setup.size + 1);
        want = offset > length_of(range) || length > length_of(range) - offset ? -ERANGE : 0;
        model_note(model, "read %llu bytes within [%llu, %llu) at %llu", (number)length,
                   (number)range->start, (number)range->end, (number)offset);
        model_expect(
                model,
                rmmap_read_within(model->file, range->range, offset, model->buffer, (size_t)length),
                want);
        if (want == 0)
                check_read(model, range->start + offset, (size_t)length);
}

/* Through the pointers: they show what copying calls wrote, and the other way round. */
static void step_pointers(struct model *model)
{
        struct model_range *range = model_pick(model);
        const void *view;
        void *data;

        if (range == NULL)
                return;
        model_note(model, "pointers to [%llu, %llu)", (number)range->start, (number)range->end);
        model_expect(model, rmmap_range_view(model->file, range->range, &view), 0);
        model_check(model, memcmp(view, model->bytes + range->start, length_of(range)) == 0,
                    "other bytes");
        model_expect(model, rmmap_range_data(model->file, range->range, &data), change(model, 0));
        /* A store into a file without space may be a signal on a full disk: a byte is enough. */
        if (!model->read_only && length_of(range) > 0) {
                *(unsigned char *)data = (unsigned char)model->steps;
                model->bytes[range->start] = (unsigned char)model->steps;
        }
}

static void step_raw_write(struct model *model)
{
        uint64_t offset = model_size(model, model->setup.size);
        uint64_t length = model_below(model, model_below(model, 2) ? 100 : model->setup.size + 1);
        bool outside = offset > model->setup.size || length > model->setup.size - offset;
        int want = change(model, outside ? -ERANGE : 0);

        model_scribble(model, (size_t)length);
        model_note(model, "raw write %llu bytes at %llu", (number)length, (number)offset);
        model_expect(model, rmmap_raw_write(model->file, offset, model->buffer, (size_t)length),
                     want);
        if (want == 0)
                wrote(model, offset, (size_t)length);
}

static void step_raw_read(struct model *model)
{
        uint64_t offset = model_size(model, model->setup.size);
        size_t capacity = (size_t)model_below(model, model->setup.size + 100), length = 0;
        uint64_t left = offset < model->setup.size ? model->setup.size - offset : 0;

        model_note(model, "raw read %zu bytes at %llu", capacity, (number)offset);
        model_expect(model, rmmap_raw_read(model->file, offset, model->buffer, capacity, &length),
                     0);
        model_check(model, length == (capacity < left ? capacity : left), "length");
        if (length > 0)
                check_read(model, offset, length);
}

static void step_raw_fill(struct model *model)
{
        unsigned char byte = model_below(model, 2) ? (unsigned char)model_below(model, 256) : 0;

        if (model_below(model, 4) != 0) /* it wipes what others found out */
                return;
        model_note(model, "fill with %u", byte);
        model_expect(model,
                     byte == 0 ? rmmap_raw_zero(model->file) : rmmap_raw_fill(model->file, byte),
                     change(model, 0));
        if (!model->read_only)
                memset(model->bytes, byte, (size_t)model->setup.size);
}

static void step_flush_and_sync(struct model *model)
{
        struct model_range *range = model_pick(model);
        uint64_t what = model_below(model, 60); /* syncs take their time */

        if (range == NULL || !range->written)
                return;
        model_note(model, "flush or sync %llu of [%llu, %llu)", (number)what, (number)range->start,
                   (number)range->end);
        if (what == 0)
                model_expect(model, rmmap_sync_range(model->file, range->receipt), 0);
        else if (what == 1)
                model_expect(model, rmmap_sync_all(model->file), 0);
        else if (what == 2)
                model_expect(model, rmmap_sync_within(model->file, range->range, 0, 0), 0);
        else if (what < 6)
                model_expect(model, flushed(rmmap_flush_range(model->file, range->receipt)), 0);
}

/* A range of a handle that was released is nobody's. */
static void step_stale(struct model *model)
{
        if (!rmmap_range_equal(model->stale, model->stale))
                return;
        model_note(model, "use a range of an earlier handle");
        model_expect(model, rmmap_write_within(model->file, model->stale, 0, model->buffer, 0),
                     -EXDEV);
        model_expect(model, rmmap_read_within(model->file, model->stale, 0, model->buffer, 0),
                     -EXDEV);
}

const model_step model_transfer_steps[] = {
        step_write_range,  step_write_range, step_writev_range,   step_write_from_fd,
        step_write_within, step_commit,      step_read_range,     step_read_within,
        step_pointers,     step_raw_write,   step_raw_read,       step_raw_fill,
        step_write_within, step_stale,       step_flush_and_sync,
};
const size_t model_transfer_step_count =
        sizeof(model_transfer_steps) / sizeof(model_transfer_steps[0]);
