/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arguments of the functions on ranges alone. */
#include "stage.h"

typedef int split_function(struct rmmap_range range, uint64_t position, struct rmmap_range *low,
                           struct rmmap_range *high);
static split_function *const splits[] = {rmmap_range_split_up, rmmap_range_split_down};

START_TEST(split_without_something)
{
        split_function *split = splits[_i];

        refused(split(stage.range, 0, NULL, &out.high), EINVAL);
        refused(split(stage.range, 0, &out.low, NULL), EINVAL);
        refused(split(stage.range, 0, NULL, NULL), EINVAL);
        refused(split(stage.range, 0, &out.low, &out.low), EINVAL);
        refused(split(stage.forged, 0, &out.low, &out.high), EINVAL);
        refused(split(stage.zeros, 0, &out.low, &out.high), EINVAL);
        refused(split(as_range(stage.receipt), 0, &out.low, &out.high), EINVAL);
}
END_TEST

START_TEST(split_at_the_end_and_beyond)
{
        split_function *split = splits[_i];

        refused(split(stage.range, LENGTH + 1, &out.low, &out.high), ERANGE);
        refused(split(stage.range, UINT64_MAX, &out.low, &out.high), ERANGE);
        refused(split(stage.range, UINT64_MAX - LENGTH + 1, &out.low, &out.high), ERANGE);
        refused(split(stage.empty, 1, &out.low, &out.high), ERANGE);
        ck_is(split(stage.range, LENGTH, &out.low, &out.high),
              _i == 0 ? RMMAP_SPLIT_LOW : RMMAP_SPLIT_BOTH);
        ck_is(split(stage.empty, 0, &out.low, &out.high),
              _i == 0 ? RMMAP_SPLIT_LOW : RMMAP_SPLIT_HIGH);
}
END_TEST

/* The out-parameters may be where the range came from. */
START_TEST(split_in_place)
{
        struct rmmap_range low = stage.range, high = stage.range;

        ck_is(splits[_i](low, RMMAP_ALIGNMENT, &low, &high), RMMAP_SPLIT_BOTH);
        ck_assert_uint_eq(rmmap_range_end(low), RMMAP_ALIGNMENT);
        ck_assert_uint_eq(rmmap_range_start(high), RMMAP_ALIGNMENT);
        ck_is(splits[_i](high, 0, &low, &high), _i == 0 ? RMMAP_SPLIT_BOTH : RMMAP_SPLIT_HIGH);
        ck_assert_uint_eq(rmmap_range_end(high), LENGTH);
}
END_TEST

static void tells_nothing(struct rmmap_range range)
{
        struct rmmap_receipt receipt = as_receipt(range);

        ck_assert_uint_eq(rmmap_range_start(range), 0);
        ck_assert_uint_eq(rmmap_range_end(range), 0);
        ck_assert_uint_eq(rmmap_range_length(range), 0);
        ck_assert(!rmmap_range_is_empty(range));
        ck_assert(!rmmap_range_equal(range, range));
        ck_assert_uint_eq(rmmap_receipt_start(receipt), 0);
        ck_assert_uint_eq(rmmap_receipt_end(receipt), 0);
        ck_assert_uint_eq(rmmap_receipt_length(receipt), 0);
        ck_assert(!rmmap_receipt_is_empty(receipt));
        ck_assert(!rmmap_receipt_equal(receipt, receipt));
}

START_TEST(an_invalid_one_tells_nothing)
{
        struct rmmap_range again;
        struct rmmap_range edited = stage.range;

        tells_nothing(stage.zeros);
        tells_nothing(stage.forged);
        for (int bit = 0; bit < 256; bit++) {
                edited.opaque[bit / 64] ^= UINT64_C(1) << (bit % 64);
                tells_nothing(edited);
                again = rmmap_receipt_range(as_receipt(edited));
                ck_assert_mem_eq(&again, &stage.zeros, sizeof(again));
                edited = stage.range;
        }
        again = rmmap_receipt_range(as_receipt(stage.range));
        ck_assert_mem_eq(&again, &stage.zeros, sizeof(again));
        ck_assert(!rmmap_range_equal(stage.range, stage.forged));
        ck_assert(!rmmap_range_equal(stage.forged, stage.range));
        ck_assert(!rmmap_range_equal(stage.range, stage.foreign));
        ck_assert(rmmap_range_equal(stage.range, stage.range));
}
END_TEST

START_TEST(alignment_saturates)
{
        const uint64_t highest = UINT64_MAX - (RMMAP_ALIGNMENT - 1);

        ck_assert_uint_eq(rmmap_align_up(0), 0);
        ck_assert_uint_eq(rmmap_align_up(1), RMMAP_ALIGNMENT);
        ck_assert_uint_eq(rmmap_align_up(RMMAP_ALIGNMENT), RMMAP_ALIGNMENT);
        ck_assert_uint_eq(rmmap_align_up(highest - 1), highest);
        ck_assert_uint_eq(rmmap_align_up(highest), highest);
        ck_assert_uint_eq(rmmap_align_up(highest + 1), highest);
        ck_assert_uint_eq(rmmap_align_up(UINT64_MAX), highest);
        ck_assert_uint_eq(rmmap_align_down(UINT64_MAX), highest);
        ck_assert_uint_eq(rmmap_align_down(highest - 1), highest - RMMAP_ALIGNMENT);
        ck_assert_uint_eq(rmmap_align_down(RMMAP_ALIGNMENT - 1), 0);
        ck_assert_uint_eq(rmmap_align_down(0), 0);
}
END_TEST

TCase *range_case(void)
{
        TCase *tests = stage_case("ranges");

        tcase_add_loop_test(tests, split_without_something, 0, 2);
        tcase_add_loop_test(tests, split_at_the_end_and_beyond, 0, 2);
        tcase_add_loop_test(tests, split_in_place, 0, 2);
        tcase_add_test(tests, an_invalid_one_tells_nothing);
        tcase_add_test(tests, alignment_saturates);
        return tests;
}
