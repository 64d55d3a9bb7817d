/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Its enums of results are enum rmmap_split here; out of bounds is -ERANGE. */
#include "known.h"

static struct rmmap_file *file;
static struct rmmap_range low, high;

static void setup(void)
{
        file = known_create(3 * A, NULL);
}

static void teardown(void)
{
        file = rmmap_release(file);
}

static struct rmmap_range piece(uint64_t start, uint64_t end)
{
        struct rmmap_range range;

        ck_ok(rmmap_unclaim_range(file, known_take(file, 3 * A)));
        ck_ok(rmmap_claim_range(file, start, end, &range));
        return range;
}

static bool is(struct rmmap_range range, uint64_t start, uint64_t end)
{
        return rmmap_range_equal(range, range) && rmmap_range_start(range) == start &&
               rmmap_range_end(range) == end;
}

static bool is_nothing(struct rmmap_range range)
{
        return !rmmap_range_equal(range, range) && rmmap_range_end(range) == 0;
}

START_TEST(split_at_align_up_basic)
{
        ck_is(rmmap_range_split_up(piece(0, 2 * A), 100, &low, &high), RMMAP_SPLIT_BOTH);
        ck_assert(is(low, 0, A) && is(high, A, 2 * A));
}
END_TEST

START_TEST(split_at_align_up_already_aligned)
{
        ck_is(rmmap_range_split_up(piece(0, 2 * A), A, &low, &high), RMMAP_SPLIT_BOTH);
        ck_assert(is(low, 0, A) && is(high, A, 2 * A));
}
END_TEST

START_TEST(split_at_align_up_returns_low)
{
        ck_is(rmmap_range_split_up(piece(0, A), 100, &low, &high), RMMAP_SPLIT_LOW);
        ck_assert(is(low, 0, A));
}
END_TEST

/* It gives the range back; here the caller still has it. */
START_TEST(split_at_align_up_pos_beyond_len)
{
        struct rmmap_range range = piece(0, A);

        ck_is(rmmap_range_split_up(range, 5000, &low, &high), -ERANGE);
        ck_assert(is(range, 0, A));
}
END_TEST

START_TEST(split_at_align_up_pos_zero)
{
        ck_is(rmmap_range_split_up(piece(0, 2 * A), 0, &low, &high), RMMAP_SPLIT_BOTH);
        ck_assert(is(low, 0, 0) && rmmap_range_is_empty(low) && is(high, 0, 2 * A));
}
END_TEST

START_TEST(split_at_align_up_non_zero_start)
{
        ck_is(rmmap_range_split_up(piece(A, 3 * A), 100, &low, &high), RMMAP_SPLIT_BOTH);
        ck_assert(is(low, A, 2 * A) && is(high, 2 * A, 3 * A));
}
END_TEST

START_TEST(split_at_align_down_basic)
{
        ck_is(rmmap_range_split_down(piece(0, 2 * A), 5000, &low, &high), RMMAP_SPLIT_BOTH);
        ck_assert(is(low, 0, A) && is(high, A, 2 * A));
}
END_TEST

START_TEST(split_at_align_down_already_aligned)
{
        ck_is(rmmap_range_split_down(piece(0, 2 * A), A, &low, &high), RMMAP_SPLIT_BOTH);
        ck_assert(is(low, 0, A) && is(high, A, 2 * A));
}
END_TEST

START_TEST(split_at_align_down_returns_high)
{
        ck_is(rmmap_range_split_down(piece(0, 2 * A), 100, &low, &high), RMMAP_SPLIT_HIGH);
        ck_assert(is(high, 0, 2 * A));
}
END_TEST

START_TEST(split_at_align_down_pos_beyond_len)
{
        struct rmmap_range range = piece(0, A);

        ck_is(rmmap_range_split_down(range, 5000, &low, &high), -ERANGE);
        ck_assert(is(range, 0, A));
}
END_TEST

START_TEST(split_at_align_down_pos_zero)
{
        ck_is(rmmap_range_split_down(piece(0, 2 * A), 0, &low, &high), RMMAP_SPLIT_HIGH);
        ck_assert(is(high, 0, 2 * A));
}
END_TEST

START_TEST(split_at_align_down_non_zero_start)
{
        ck_is(rmmap_range_split_down(piece(A, 3 * A), 5000, &low, &high), RMMAP_SPLIT_BOTH);
        ck_assert(is(low, A, 2 * A) && is(high, 2 * A, 3 * A));
}
END_TEST

START_TEST(split_up_result_helpers)
{
        struct rmmap_range range = piece(0, 3 * A);

        ck_is(rmmap_range_split_up(range, 5000, &low, &high), RMMAP_SPLIT_BOTH);
        ck_assert_uint_eq(rmmap_range_start(low), rmmap_range_start(range));
        ck_assert_uint_eq(rmmap_range_end(low), rmmap_range_start(high));
        ck_assert_uint_eq(rmmap_range_end(high), rmmap_range_end(range));
}
END_TEST

START_TEST(split_up_result_low_helpers)
{
        struct rmmap_range range = piece(0, A);

        ck_is(rmmap_range_split_up(range, 100, &low, &high), RMMAP_SPLIT_LOW);
        ck_assert(rmmap_range_equal(low, range) && is_nothing(high));
}
END_TEST

START_TEST(split_down_result_helpers)
{
        struct rmmap_range range = piece(0, 3 * A);

        ck_is(rmmap_range_split_down(range, 5000, &low, &high), RMMAP_SPLIT_BOTH);
        ck_assert_uint_eq(rmmap_range_start(low), rmmap_range_start(range));
        ck_assert_uint_eq(rmmap_range_end(low), rmmap_range_start(high));
        ck_assert_uint_eq(rmmap_range_end(high), rmmap_range_end(range));
}
END_TEST

START_TEST(split_down_result_high_helpers)
{
        struct rmmap_range range = piece(0, 2 * A);

        ck_is(rmmap_range_split_down(range, 100, &low, &high), RMMAP_SPLIT_HIGH);
        ck_assert(is_nothing(low) && rmmap_range_equal(high, range));
}
END_TEST

TCase *known_split(void)
{
        TCase *cases = tcase_create("split");

        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, split_at_align_up_basic);
        tcase_add_test(cases, split_at_align_up_already_aligned);
        tcase_add_test(cases, split_at_align_up_returns_low);
        tcase_add_test(cases, split_at_align_up_pos_beyond_len);
        tcase_add_test(cases, split_at_align_up_pos_zero);
        tcase_add_test(cases, split_at_align_up_non_zero_start);
        tcase_add_test(cases, split_at_align_down_basic);
        tcase_add_test(cases, split_at_align_down_already_aligned);
        tcase_add_test(cases, split_at_align_down_returns_high);
        tcase_add_test(cases, split_at_align_down_pos_beyond_len);
        tcase_add_test(cases, split_at_align_down_pos_zero);
        tcase_add_test(cases, split_at_align_down_non_zero_start);
        tcase_add_test(cases, split_up_result_helpers);
        tcase_add_test(cases, split_up_result_low_helpers);
        tcase_add_test(cases, split_down_result_helpers);
        tcase_add_test(cases, split_down_result_high_helpers);
        return cases;
}
