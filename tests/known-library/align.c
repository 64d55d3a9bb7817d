/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "known.h"

START_TEST(align_up_zero)
{
        ck_assert_uint_eq(rmmap_align_up(0), 0);
}
END_TEST

START_TEST(align_up_already_aligned)
{
        ck_assert_uint_eq(rmmap_align_up(A), A);
        ck_assert_uint_eq(rmmap_align_up(2 * A), 2 * A);
        ck_assert_uint_eq(rmmap_align_up(100 * A), 100 * A);
}
END_TEST

START_TEST(align_up_not_aligned)
{
        ck_assert_uint_eq(rmmap_align_up(1), A);
        ck_assert_uint_eq(rmmap_align_up(A - 1), A);
        ck_assert_uint_eq(rmmap_align_up(A + 1), 2 * A);
        ck_assert_uint_eq(rmmap_align_up(2 * A - 1), 2 * A);
}
END_TEST

START_TEST(align_up_mid_values)
{
        ck_assert_uint_eq(rmmap_align_up(A / 2), A);
        ck_assert_uint_eq(rmmap_align_up(A + A / 2), 2 * A);
}
END_TEST

START_TEST(align_up_large_values)
{
        ck_assert_uint_eq(rmmap_align_up(1000000000), 1000001536);
        ck_assert_uint_eq(rmmap_align_up(UINT64_C(1) << 62), UINT64_C(1) << 62);
}
END_TEST

START_TEST(align_down_zero)
{
        ck_assert_uint_eq(rmmap_align_down(0), 0);
}
END_TEST

START_TEST(align_down_already_aligned)
{
        ck_assert_uint_eq(rmmap_align_down(A), A);
        ck_assert_uint_eq(rmmap_align_down(2 * A), 2 * A);
        ck_assert_uint_eq(rmmap_align_down(100 * A), 100 * A);
}
END_TEST

START_TEST(align_down_not_aligned)
{
        ck_assert_uint_eq(rmmap_align_down(1), 0);
        ck_assert_uint_eq(rmmap_align_down(A - 1), 0);
        ck_assert_uint_eq(rmmap_align_down(A + 1), A);
        ck_assert_uint_eq(rmmap_align_down(2 * A - 1), A);
}
END_TEST

START_TEST(align_down_mid_values)
{
        ck_assert_uint_eq(rmmap_align_down(A / 2), 0);
        ck_assert_uint_eq(rmmap_align_down(A + A / 2), A);
}
END_TEST

START_TEST(align_down_large_values)
{
        ck_assert_uint_eq(rmmap_align_down(1000000000), 999997440);
        ck_assert_uint_eq(rmmap_align_down(UINT64_MAX), UINT64_MAX - 4095);
}
END_TEST

START_TEST(align_up_down_relationship)
{
        ck_assert_uint_eq(rmmap_align_up(A), rmmap_align_down(A));
        for (uint64_t i = 1; i < A; i++)
                ck_assert_uint_eq(rmmap_align_up(i) - rmmap_align_down(i), A);
}
END_TEST

START_TEST(align_round_trip)
{
        static const uint64_t values[] = {0, 1, 100, 4095, 4096, 4097, 10000, UINT64_MAX};

        for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
                uint64_t up = rmmap_align_up(values[i]);

                ck_assert_uint_eq(rmmap_align_down(up), up);
                ck_assert_uint_eq(rmmap_align_up(up), up);
        }
}
END_TEST

TCase *known_align(void)
{
        TCase *cases = tcase_create("align");

        tcase_add_test(cases, align_up_zero);
        tcase_add_test(cases, align_up_already_aligned);
        tcase_add_test(cases, align_up_not_aligned);
        tcase_add_test(cases, align_up_mid_values);
        tcase_add_test(cases, align_up_large_values);
        tcase_add_test(cases, align_down_zero);
        tcase_add_test(cases, align_down_already_aligned);
        tcase_add_test(cases, align_down_not_aligned);
        tcase_add_test(cases, align_down_mid_values);
        tcase_add_test(cases, align_down_large_values);
        tcase_add_test(cases, align_up_down_relationship);
        tcase_add_test(cases, align_round_trip);
        return cases;
}
