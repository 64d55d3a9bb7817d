/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Steps that allocate, split, claim, encode, sync, open, release, and cut the file from outside. */
#include <unistd.h>

#include "fuzz/calls.h"

static void own(struct calls_handle *handle, uint64_t start, uint64_t end, bool owned)
{
        for (uint64_t at = start; at < end; at += CALLS_BLOCK)
                handle->owned[at / CALLS_BLOCK] = owned;
}

static uint64_t count_owned(const struct calls_handle *handle, uint64_t start, uint64_t end)
{
        uint64_t count = 0;

        for (uint64_t at = start; at < end; at += CALLS_BLOCK)
                count += handle->owned[at / CALLS_BLOCK];
        return count;
}

static void allocate(struct calls *calls)
{
        struct calls_handle *handle = calls->handle;
        uint64_t size = calls_number(calls, calls->size - handle->next), stop;
        bool exact = take_byte(calls->input) & 1;
        struct rmmap_range range;
        int want = 0;

        /* Saturates at the end, which exact must not. */
        stop = size <= calls->size ? handle->next + rmmap_align_up(size) : UINT64_MAX;
        if (size == 0)
                want = -EINVAL;
        else if (handle->next == calls->size || (exact && stop > calls->size))
                want = -ENOSPC;
        fuzz_is(exact ? rmmap_allocate_exact(handle->file, size, &range)
                      : rmmap_allocate(handle->file, size, &range),
                want);
        if (want != 0)
                return;
        stop = stop < calls->size ? stop : calls->size;
        calls_keep(calls, range, handle->next, stop);
        own(handle, handle->next, stop, true);
        handle->next = stop;
        handle->fresh = false;
        fuzz_check(rmmap_remaining(handle->file) == calls->size - stop);
}

static void split(struct calls *calls)
{
        struct calls_range *range = calls_pick(calls), old;
        bool upward = take_byte(calls->input) & 1;
        struct rmmap_range low, high;
        uint64_t position, point;
        int want;

        if (range == NULL)
                return;
        old = *range;
        position = calls_number(calls, old.end - old.start);
        point = old.start + position;
        point = (upward ? point + CALLS_BLOCK - 1 : point) / CALLS_BLOCK * CALLS_BLOCK;
        want = position > old.end - old.start  ? -ERANGE
               : upward && point >= old.end    ? RMMAP_SPLIT_LOW
               : !upward && point <= old.start ? RMMAP_SPLIT_HIGH
                                               : RMMAP_SPLIT_BOTH;
        fuzz_is(upward ? rmmap_range_split_up(old.range, position, &low, &high)
                       : rmmap_range_split_down(old.range, position, &low, &high),
                want);
        if (want < 0)
                return;
        if (want != RMMAP_SPLIT_BOTH) {
                fuzz_check(rmmap_range_equal(want == RMMAP_SPLIT_LOW ? low : high, old.range));
                return;
        }
        *range = (struct calls_range){.range = low, .start = old.start, .end = point};
        fuzz_check(rmmap_range_end(low) == point);
        calls_keep(calls, high, point, old.end);
}

static int claim_answer(const struct calls_handle *handle, uint64_t start, uint64_t end)
{
        if (count_owned(handle, start, end) > 0)
                return -EBUSY;
        return end > handle->next ? -ERANGE : 0;
}

/* Shared claims own nothing: they may overlap each other, and nothing that is allocated. */
static void note_claim(struct calls_handle *handle, uint64_t start, uint64_t end)
{
        if (!(handle->options.flags & RMMAP_SHARED_CLAIMS))
                own(handle, start, end, true);
        handle->fresh = false;
        handle->claimed = true;
}

static void claim(struct calls *calls)
{
        struct calls_handle *handle = calls->handle;
        uint64_t start = calls_number(calls, handle->next), end = calls_number(calls, handle->next);
        struct rmmap_range range;
        int want = 0;

        if (start >= end)
                want = -EINVAL;
        else if (end > calls->size)
                want = -ERANGE;
        else if (start % CALLS_BLOCK != 0 || (end % CALLS_BLOCK != 0 && end != calls->size))
                want = -EINVAL;
        else
                want = claim_answer(handle, start, end);
        fuzz_is(rmmap_claim_range(handle->file, start, end, &range), want);
        if (want != 0)
                return;
        calls_keep(calls, range, start, end);
        note_claim(handle, start, end);
}

/* Ends the ownership of the range, if all of it is owned; the owner isn't checked. */
static void unclaim(struct calls *calls)
{
        struct calls_handle *handle = calls->handle;
        struct calls_range *range = calls_pick(calls);
        uint64_t blocks;
        int want = 0;

        if (range == NULL)
                return;
        blocks = rmmap_align_up(range->end - range->start) / CALLS_BLOCK;
        if (!(handle->options.flags & RMMAP_SHARED_CLAIMS) &&
            count_owned(handle, range->start, range->end) != blocks)
                want = -EINVAL;
        fuzz_is(rmmap_unclaim_range(handle->file, range->range), want);
        if (want == 0)
                own(handle, range->start, range->end, false);
}

static void give_back(struct calls *calls)
{
        struct calls_range *range = calls_pick(calls);

        if (range != NULL)
                fuzz_is(rmmap_give_back_range(calls->handle->file, range->range),
                        range->start == range->end ? 0 : -EOPNOTSUPP);
}

static void commit(struct calls *calls)
{
        struct calls_range *range = calls_pick(calls);
        int want = calls_read_only(calls) ? -EROFS : 0;

        if (range == NULL)
                return;
        fuzz_is(rmmap_mark_written(calls->handle->file, range->range, &range->receipt), want);
        range->written = range->written || want == 0;
}

static void encode_and_decode(struct calls *calls)
{
        struct calls_range *range = calls_pick(calls);
        unsigned char bytes[RMMAP_RANGE_ENCODED_SIZE];
        struct rmmap_range back;
        uint8_t change = take_byte(calls->input);
        int want;

        if (range == NULL)
                return;
        fuzz_is(rmmap_range_encode(range->range, bytes, sizeof(bytes)), 0);
        if (change & 1)
                bytes[change % sizeof(bytes)] ^= (unsigned char)(1 + change % 7);
        want = change & 1                   ? -EBADMSG
               : range->start == range->end ? 0
                                            : claim_answer(calls->handle, range->start, range->end);
        fuzz_is(rmmap_range_decode(calls->handle->file, bytes, sizeof(bytes), &back), want);
        fuzz_check(want != 0 || rmmap_range_equal(back, range->range));
        if (want == 0 && range->start != range->end)
                note_claim(calls->handle, range->start, range->end);
}

/* A receipt owns nothing, and so doesn't the range in it. */
static void receipt_of_bytes(struct calls *calls)
{
        struct calls_handle *handle = calls->handle;
        struct calls_range *range = calls_pick(calls);
        unsigned char bytes[RMMAP_RECEIPT_ENCODED_SIZE];
        struct rmmap_receipt back;

        if (range == NULL || !range->written)
                return;
        fuzz_is(rmmap_receipt_encode(range->receipt, bytes, sizeof(bytes)), 0);
        fuzz_is(rmmap_receipt_decode(handle->file, bytes, sizeof(bytes), &back), 0);
        fuzz_check(rmmap_receipt_equal(back, range->receipt));
        calls_keep(calls, rmmap_receipt_range(back), range->start, range->end);
        bytes[take_byte(calls->input) % sizeof(bytes)] ^= 16;
        fuzz_is(rmmap_receipt_decode(handle->file, bytes, sizeof(bytes), &back), -EBADMSG);
}

static void save_and_restore(struct calls *calls)
{
        struct calls_handle *handle = calls->handle;
        unsigned char state[128];
        size_t length = sizeof(state);

        fuzz_is(rmmap_allocator_save(handle->file, state, &length), 0);
        fuzz_is(rmmap_allocator_restore(handle->file, state, length), handle->fresh ? 0 : -EBUSY);
        fuzz_check(rmmap_allocated(handle->file) == handle->next);
        state[take_byte(calls->input) % length] ^= 1;
        fuzz_is(rmmap_allocator_restore(handle->file, state, length),
                handle->claimed ? -EBUSY : -EBADMSG);
}

static void sync_or_flush(struct calls *calls)
{
        struct calls_range *range = calls_pick(calls);
        struct rmmap_file *file = calls->handle->file;
        uint8_t how = take_byte(calls->input);
        uint64_t offset, length, limit;

        if (range == NULL || !range->written || how & 1) {
                limit = range == NULL || how & 2 ? calls->size : range->end - range->start;
                offset = calls_number(calls, limit);
                length = calls_number(calls, limit);
                if (range != NULL && !(how & 2))
                        fuzz_is(rmmap_sync_within(file, range->range, offset, length),
                                offset <= limit && length <= limit - offset ? 0 : -ERANGE);
                else
                        fuzz_is(how & 4 ? rmmap_raw_sync(file, offset, length)
                                        : calls_flushed(calls,
                                                        rmmap_raw_flush(file, offset, length)),
                                offset <= limit && length <= limit - offset ? 0 : -ERANGE);
                return;
        }
        if (how & 2)
                fuzz_is(rmmap_sync_range(file, range->receipt), 0);
        else if (how & 4)
                fuzz_is(rmmap_sync_ranges(file, &range->receipt, 1), 0);
        else if (how & 8)
                fuzz_is(calls_flushed(calls, rmmap_flush_range(file, range->receipt)), 0);
        else
                fuzz_is(how & 16 ? rmmap_sync_all(file) : calls_flushed(calls, rmmap_flush(file)),
                        0);
}

static void clone_and_release(struct calls *calls)
{
        struct rmmap_file *file = calls->handle->file;

        fuzz_check(rmmap_clone(file) == file && rmmap_size(file) == calls->size);
        fuzz_check(rmmap_release(file) == NULL);
}

/* What belongs to one handle is refused by the other. */
static void use_the_wrong_handle(struct calls *calls)
{
        struct calls_range *range = calls_pick(calls);
        struct calls_handle *other = &calls->handles[calls->handle == &calls->handles[0]];
        struct rmmap_range edited;

        if (range == NULL)
                return;
        if (other->file != NULL)
                fuzz_is(rmmap_read_within(other->file, range->range, 0, calls->buffer, 0), -EXDEV);
        edited = range->range;
        edited.opaque[take_byte(calls->input) % 3] += 1;
        fuzz_is(rmmap_read_within(calls->handle->file, edited, 0, calls->buffer, 0), -EINVAL);
}

/* Opened, or released again; the other one may keep it out. */
static void second_handle(struct calls *calls)
{
        struct calls_handle *second = &calls->handles[1];
        struct rmmap_options *options = &second->options;
        uint8_t choice = take_byte(calls->input);
        int err, want = 0;

        if (second->file != NULL) {
                second->file = rmmap_release(second->file);
                return;
        }
        memset(second, 0, sizeof(*second));
        *options = (struct rmmap_options)RMMAP_OPTIONS_INIT;
        options->flags = (choice & 1 ? RMMAP_READ_ONLY : 0) | (choice & 2 ? RMMAP_CATCH_FAULTS : 0);
        options->engine = (choice >> 2) % 3;
        options->flags |= choice & 16 ? RMMAP_WRITE_BEHIND : 0;
        options->pattern = choice & 32 ? RMMAP_PATTERN_SEQUENTIAL : RMMAP_PATTERN_UNKNOWN;
        options->flags |= RMMAP_SHARED_CLAIMS | (choice & 1 ? 0 : RMMAP_REWRITE);
        options->allocate_from = choice & 64 ? calls->size : 0;
        options->allocator = choice & 128 ? rmmap_sequential_allocator() : NULL;
        if (calls->handles[0].options.flags & RMMAP_LOCK_FILE)
                want = -EBUSY;
        err = rmmap_open(calls->path, options, &second->file);
        if (want == 0 && err == -EOPNOTSUPP && options->engine == RMMAP_ENGINE_MAP &&
            !(options->flags & RMMAP_CATCH_FAULTS))
                return;
        fuzz_is(err, want);
        if (err != 0)
                second->file = NULL;
        second->first = second->next = options->allocate_from;
        second->fresh = true;
}

struct look {
        const unsigned char *from;
        unsigned char *to;
        size_t length;
};

static int look_at(void *arg)
{
        const struct look *look = arg;

        memcpy(look->to, look->from, look->length);
        return 0;
}

/* Through the pointer, as a program does it: -EOPNOTSUPP where there is none. */
static int read_guarded(struct calls *calls, uint64_t offset, size_t length)
{
        struct look look = {.to = calls->buffer, .length = length};
        const void *bytes;
        int result = -1, err = rmmap_raw_view(calls->handles[0].file, &bytes);

        if (err != 0)
                return err;
        look.from = (const unsigned char *)bytes + offset;
        err = rmmap_guard_call(calls->handles[0].file, look_at, &look, &result);
        fuzz_check(err != 0 || result == 0);
        return err;
}

/*
 * Somebody makes the file shorter, and longer again after one call, which must not kill, and not
 * give bytes that aren't there. What lay beyond the cut is as the file then says.
 */
static void cut(struct calls *calls)
{
        struct calls_handle *handle = &calls->handles[0];
        uint64_t left = calls_number(calls, calls->size) % calls->size;
        uint64_t offset = calls_number(calls, calls->size) % calls->size;
        uint64_t length = 1 + calls_number(calls, calls->size) % (calls->size - offset);
        uint8_t how = take_byte(calls->input);
        bool writes = how & 1;
        int got;

        /* An emulator of a process doesn't deliver every fault. */
        if (!(handle->options.flags & RMMAP_CATCH_FAULTS) || getenv("RMMAP_EMULATOR") != NULL)
                return;
        fuzz_check(ftruncate(calls->fd, (off_t)left) == 0);
        calls_scribble(calls, (size_t)length);
        if (writes)
                got = rmmap_raw_write(handle->file, offset, calls->buffer, (size_t)length);
        else if (how & 2)
                got = read_guarded(calls, offset, (size_t)length);
        else
                got = rmmap_raw_read(handle->file, offset, calls->buffer, (size_t)length, NULL);
        fuzz_check(got == 0 || got == -ESTALE);
        if (offset + length > (left + CALLS_BLOCK - 1) / CALLS_BLOCK * CALLS_BLOCK)
                fuzz_is(got, -ESTALE);
        if (!writes && offset + length <= left) {
                fuzz_is(got, 0);
                fuzz_check(memcmp(calls->buffer, calls->bytes + offset, (size_t)length) == 0);
        }
        if (writes && got == 0)
                memcpy(calls->bytes + offset, calls->buffer, (size_t)length);
        fuzz_check(ftruncate(calls->fd, (off_t)calls->size) == 0);
        fuzz_check(pread(calls->fd, calls->buffer, (size_t)calls->size, 0) == (ssize_t)calls->size);
        for (uint64_t i = 0; i < left; i++)
                fuzz_check(calls->buffer[i] == calls->bytes[i] ||
                           (writes && got != 0 && i >= offset && i < offset + length));
        memcpy(calls->bytes, calls->buffer, (size_t)calls->size);
}

static void describe(struct calls *calls)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        fuzz_is(rmmap_describe(calls->handle->file, &info), 0);
        fuzz_check(info.file_size == calls->size && info.allocated == calls->handle->next);
        fuzz_check(info.error == 0);
        fuzz_is(rmmap_error(calls->handle->file), 0);
}

void (*const calls_others[])(struct calls *calls) = {
        allocate,
        split,
        claim,
        give_back,
        commit,
        encode_and_decode,
        save_and_restore,
        sync_or_flush,
        clone_and_release,
        use_the_wrong_handle,
        second_handle,
        cut,
        describe,
        allocate,
        unclaim,
        receipt_of_bytes,
};
const size_t calls_others_count = sizeof(calls_others) / sizeof(calls_others[0]);
