/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Steps that move bytes, by ranges and by offsets, and make them durable. */
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fuzz/calls.h"

static size_t length_of(const struct calls_range *range)
{
        return (size_t)(range->end - range->start);
}

static void wrote(struct calls *calls, uint64_t offset, size_t length)
{
        memcpy(calls->bytes + offset, calls->buffer, length);
}

static bool same(const struct calls *calls, uint64_t offset, size_t length)
{
        return memcmp(calls->bytes + offset, calls->buffer, length) == 0;
}

/* Bounded by what the buffer holds: a length of memory must be true. */
static size_t memory_length(struct calls *calls, uint64_t limit)
{
        return (size_t)(calls_number(calls, limit) % (calls->size + 2 * CALLS_BLOCK + 1));
}

/* Most often what is left behind offset, or a little more. */
static size_t piece_length(struct calls *calls, uint64_t offset, uint64_t limit)
{
        return memory_length(calls, offset <= limit ? limit - offset : limit);
}

static bool fits(uint64_t offset, uint64_t length, uint64_t limit)
{
        return offset <= limit && length <= limit - offset;
}

static void write_range(struct calls *calls)
{
        struct calls_range *range = calls_pick(calls);
        uint8_t how = take_byte(calls->input);
        struct iovec iov[3];
        size_t length, first;
        int want, got;

        if (range == NULL)
                return;
        length = length_of(range) + (how % 16 == 15 ? 1 : 0);
        want = calls_read_only(calls) ? -EROFS : length != length_of(range) ? -EMSGSIZE : 0;
        calls_scribble(calls, length);
        first = length / 3 + how % 7 <= length ? length / 3 + how % 7 : length;
        iov[0] = (struct iovec){calls->buffer, first};
        iov[1] = (struct iovec){NULL, 0};
        iov[2] = (struct iovec){calls->buffer + first, length - first};
        if (how & 16)
                got = rmmap_writev_range(calls->handle->file, range->range, iov, 3,
                                         &range->receipt);
        else if (how & 32)
                got = rmmap_write_range_durable(calls->handle->file, range->range, calls->buffer,
                                                length, &range->receipt);
        else
                got = rmmap_write_range(calls->handle->file, range->range, calls->buffer, length,
                                        &range->receipt);
        fuzz_is(got, want);
        if (want != 0)
                return;
        wrote(calls, range->start, length);
        range->written = true;
        fuzz_check(rmmap_range_equal(rmmap_receipt_range(range->receipt), range->range));
        fuzz_check(rmmap_receipt_length(range->receipt) == length);
}

static void write_within(struct calls *calls)
{
        struct calls_range *range = calls_pick(calls);
        uint64_t offset;
        size_t length;
        int want;

        if (range == NULL)
                return;
        offset = calls_number(calls, length_of(range));
        length = piece_length(calls, offset, length_of(range));
        want = calls_read_only(calls)                    ? -EROFS
               : !fits(offset, length, length_of(range)) ? -ERANGE
                                                         : 0;
        calls_scribble(calls, length);
        fuzz_is(rmmap_write_within(calls->handle->file, range->range, offset, calls->buffer,
                                   length),
                want);
        if (want == 0)
                wrote(calls, range->start + offset, length);
}

static void read_range(struct calls *calls)
{
        struct calls_range *range = calls_pick(calls);
        size_t capacity, length = 12345;
        int want;

        if (range == NULL)
                return;
        capacity = memory_length(calls, length_of(range));
        want = capacity < length_of(range) ? -ENOBUFS : 0;
        fuzz_is(rmmap_read_range(calls->handle->file, range->range, calls->buffer, capacity,
                                 &length),
                want);
        fuzz_check(length == (want == 0 ? length_of(range) : 12345));
        fuzz_check(want != 0 || same(calls, range->start, length));
}

static void read_within(struct calls *calls)
{
        struct calls_range *range = calls_pick(calls);
        uint64_t offset;
        size_t length;
        int want;

        if (range == NULL)
                return;
        offset = calls_number(calls, length_of(range));
        length = piece_length(calls, offset, length_of(range));
        want = fits(offset, length, length_of(range)) ? 0 : -ERANGE;
        fuzz_is(rmmap_read_within(calls->handle->file, range->range, offset, calls->buffer, length),
                want);
        fuzz_check(want != 0 || same(calls, range->start + offset, length));
}

static void raw_write(struct calls *calls)
{
        uint64_t offset = calls_number(calls, calls->size);
        size_t length = piece_length(calls, offset, calls->size);
        int want = calls_read_only(calls)               ? -EROFS
                   : !fits(offset, length, calls->size) ? -ERANGE
                                                        : 0;

        calls_scribble(calls, length);
        fuzz_is(rmmap_raw_write(calls->handle->file, offset, calls->buffer, length), want);
        if (want == 0)
                wrote(calls, offset, length);
}

static void raw_read(struct calls *calls)
{
        uint64_t offset = calls_number(calls, calls->size);
        size_t capacity = memory_length(calls, calls->size), length = 12345, want = 0;

        if (offset < calls->size)
                want = capacity < calls->size - offset ? capacity : (size_t)(calls->size - offset);
        fuzz_is(rmmap_raw_read(calls->handle->file, offset, calls->buffer, capacity, &length), 0);
        fuzz_check(length == want && (want == 0 || same(calls, offset, want)));
}

static void raw_fill(struct calls *calls)
{
        unsigned char byte = take_byte(calls->input);
        int want = calls_read_only(calls) ? -EROFS : 0;

        fuzz_is(byte == 0 ? rmmap_raw_zero(calls->handle->file)
                          : rmmap_raw_fill(calls->handle->file, byte),
                want);
        if (want == 0)
                memset(calls->bytes, byte, (size_t)calls->size);
}

/* Through the pointers: what one way stores the others see. */
static void use_pointers(struct calls *calls)
{
        struct calls_range *range = calls_pick(calls);
        struct rmmap_info info = RMMAP_INFO_INIT;
        const void *view;
        void *data;
        int want;

        if (range == NULL)
                return;
        fuzz_is(rmmap_describe(calls->handle->file, &info), 0);
        want = info.facts & RMMAP_FACT_MAPPED ? 0 : -EOPNOTSUPP;
        fuzz_is(rmmap_range_view(calls->handle->file, range->range, &view), want);
        fuzz_check(want != 0 || memcmp(view, calls->bytes + range->start, length_of(range)) == 0);
        want = calls_read_only(calls) ? -EROFS : want;
        fuzz_is(rmmap_range_data(calls->handle->file, range->range, &data), want);
        if (want != 0 || length_of(range) == 0)
                return;
        calls_scribble(calls, length_of(range));
        memcpy(data, calls->buffer, length_of(range));
        wrote(calls, range->start, length_of(range));
}

static void write_from_fd(struct calls *calls)
{
        struct calls_range *range = calls_pick(calls);
        uint64_t there, done = 0;
        int want, fd;

        if (range == NULL || calls_read_only(calls))
                return;
        there = memory_length(calls, length_of(range));
        calls_scribble(calls, (size_t)there);
        fd = memfd_create("input", MFD_CLOEXEC);
        fuzz_check(fd >= 0 && pwrite(fd, calls->buffer, (size_t)there, 0) == (ssize_t)there);
        want = there < length_of(range) ? -ENODATA : 0;
        fuzz_is(rmmap_write_range_from_fd(calls->handle->file, range->range, fd, &done,
                                          &range->receipt),
                want);
        fuzz_check(done == (want == 0 ? length_of(range) : there));
        wrote(calls, range->start, (size_t)done);
        range->written = range->written || want == 0;
        close(fd);
}

static int touch(void *arg)
{
        struct calls *calls = arg;

        memcpy(calls->buffer + CALLS_BLOCK, calls->buffer, 1);
        return 11;
}

static void guard_call(struct calls *calls)
{
        int want = calls->handle->options.flags & RMMAP_CATCH_FAULTS ? 0 : -EINVAL, result = 7;

        fuzz_is(rmmap_guard_call(calls->handle->file, touch, calls, &result), want);
        fuzz_check(result == (want == 0 ? 11 : 7));
}

void (*const calls_moves[])(struct calls *calls) = {
        write_range, write_within, read_range,   read_within,   raw_write,
        raw_read,    raw_fill,     use_pointers, write_from_fd, guard_call,
};
const size_t calls_moves_count = sizeof(calls_moves) / sizeof(calls_moves[0]);
