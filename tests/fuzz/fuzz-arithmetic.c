/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Alignment, bounds, splits, and what the built-in allocators compute, against a model in integers
 * so wide that nothing in it can wrap.
 */
#include <errno.h>

#include "base/checked.h"
#include "fuzz/input.h"
#include "range.h"
#include "rmmap.h"

__extension__ typedef unsigned __int128 wide;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
        (void)argc;
        (void)argv;
        fuzz_is(seal_key_draw(), 0);
        return 0;
}

static wide up(wide value, wide unit)
{
        return (value + unit - 1) / unit * unit;
}

static void check_alignment(struct input *input)
{
        uint64_t value = take_word(input), unit = UINT64_C(1) << (take_byte(input) & 63);
        wide highest = (((wide)1 << 64) - 1) / unit * unit, want = up(value, unit);

        fuzz_check(align_up_to(value, unit) == (uint64_t)(want > highest ? highest : want));
        fuzz_check(align_down_to(value, unit) == value / unit * unit);
        fuzz_check(is_aligned_to(value, unit) == (value % unit == 0));
        want = up(value, RMMAP_ALIGNMENT);
        highest = (((wide)1 << 64) - 1) / RMMAP_ALIGNMENT * RMMAP_ALIGNMENT;
        fuzz_check(rmmap_align_up(value) == (uint64_t)(want > highest ? highest : want));
        fuzz_check(rmmap_align_down(value) == value / RMMAP_ALIGNMENT * RMMAP_ALIGNMENT);
}

static void check_bounds(struct input *input)
{
        uint64_t offset = take_word(input), length = take_word(input), size = take_word(input);

        fuzz_check(within(offset, length, size) == ((wide)offset + length <= size));
}

static void check_is(struct rmmap_range range, wide start, wide end)
{
        fuzz_check(rmmap_range_start(range) == start && rmmap_range_end(range) == end);
        fuzz_check(rmmap_range_length(range) == end - start);
        fuzz_check(rmmap_range_is_empty(range) == (start == end));
}

static void check_is_nothing(struct rmmap_range range)
{
        static const struct rmmap_range nothing;

        fuzz_check(memcmp(&range, &nothing, sizeof(range)) == 0);
        fuzz_check(!rmmap_range_equal(range, nothing) && !rmmap_range_is_empty(range));
}

/* Ends are offsets in files, which end below the last page that could be counted. */
static void check_split(struct input *input)
{
        uint64_t a = take_word(input) % (UINT64_MAX - 4094), position = take_word(input);
        uint64_t b = take_word(input) % (UINT64_MAX - 4094), start = a < b ? a : b;
        uint64_t end = a < b ? b : a;
        bool upward = take_byte(input) & 1;
        struct rmmap_range range, low, high;
        wide point =
                upward ? up((wide)start + position, 4096) : ((wide)start + position) / 4096 * 4096;
        int want = RMMAP_SPLIT_BOTH, got;

        range_seal(&range, start, end, 42);
        memset(&low, 0xee, sizeof(low));
        high = low;
        got = upward ? rmmap_range_split_up(range, position, &low, &high)
                     : rmmap_range_split_down(range, position, &low, &high);
        if (position > end - start)
                want = -ERANGE;
        else if (upward && point >= end)
                want = RMMAP_SPLIT_LOW;
        else if (!upward && point <= start)
                want = RMMAP_SPLIT_HIGH;
        fuzz_is(got, want);
        if (want == -ERANGE) {
                fuzz_check(low.opaque[0] == UINT64_C(0xeeeeeeeeeeeeeeee));
        } else if (want == RMMAP_SPLIT_BOTH) {
                check_is(low, start, point);
                check_is(high, point, end);
        } else {
                fuzz_check(rmmap_range_equal(want == RMMAP_SPLIT_LOW ? low : high, range));
                check_is_nothing(want == RMMAP_SPLIT_LOW ? high : low);
        }
}

/* Units handed out so far; the last one of the file may be short. */
struct model {
        wide unit, total, next;
};

static void check_allocate(struct model *model, const struct rmmap_allocator_ops *ops, void *state,
                           struct input *input)
{
        uint64_t size = take_word(input), start = 7, end = 7;
        bool exact = take_byte(input) & 1;
        wide at = model->next * model->unit, stop = at + up(size, model->unit);
        int want = 0;

        if (size == 0)
                want = -EINVAL;
        else if (at >= model->total || (exact && stop > model->total))
                want = -ENOSPC;
        fuzz_is(ops->allocate(state, size, exact ? RMMAP_ALLOCATE_EXACT : 0, &start, &end), want);
        if (want != 0) {
                fuzz_check(start == 7 && end == 7);
                return;
        }
        if (stop > model->total)
                stop = model->total;
        fuzz_check(start == at && end == stop);
        model->next = up(stop, model->unit) / model->unit;
}

static void check_allocator(struct input *input)
{
        const struct rmmap_allocator_ops *ops =
                take_byte(input) & 1 ? rmmap_sequential_allocator() : rmmap_concurrent_allocator();
        struct rmmap_allocator_args args = {.size = sizeof(args)};
        struct model model;
        void *state = NULL;
        int want = 0;

        args.total = take_word(input);
        args.first = take_word(input);
        args.alignment = UINT64_C(1) << (take_byte(input) & 63);
        if (args.alignment < RMMAP_ALIGNMENT || args.total == 0)
                want = -EINVAL;
        else if (args.total > UINT64_C(1) << 53 || args.alignment > UINT64_C(1) << 53)
                want = -EFBIG;
        fuzz_is(ops->create(&args, &state), want);
        if (want != 0)
                return;
        model = (struct model){args.alignment, args.total, up(args.first, args.alignment)};
        model.next /= model.unit;
        for (int i = 0; i < 16; i++) {
                wide at = model.next * model.unit, left = at < model.total ? model.total - at : 0;

                fuzz_check(ops->remaining(state) == left);
                check_allocate(&model, ops, state, input);
        }
        ops->destroy(state);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct input input = {data, size};

        switch (take_byte(&input) % 4) {
        case 0:
                check_alignment(&input);
                break;
        case 1:
                check_bounds(&input);
                break;
        case 2:
                check_split(&input);
                break;
        default:
                check_allocator(&input);
        }
        return 0;
}
