/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "known.h"

static struct rmmap_file *file;

static void setup(void)
{
        file = known_create(10 * A, NULL);
}

static void teardown(void)
{
        file = rmmap_release(file);
}

static struct rmmap_receipt write_zeros(struct rmmap_range range)
{
        static const unsigned char zeros[4096];
        struct rmmap_receipt receipt = {{0}};

        ck_ok(rmmap_write_range(file, range, zeros, sizeof(zeros), &receipt));
        return receipt;
}

START_TEST(allocated_range_properties)
{
        struct rmmap_range range = known_take(file, A);

        ck_assert_uint_eq(rmmap_range_start(range), 0);
        ck_assert_uint_eq(rmmap_range_end(range), A);
        ck_assert_uint_eq(rmmap_range_length(range), A);
        ck_assert(!rmmap_range_is_empty(range));
}
END_TEST

/* Bounds are numbers, for whatever pairs a program has; they come back by a claim. */
START_TEST(allocated_range_conversions)
{
        struct rmmap_range range = known_take(file, A), again;
        const uint64_t bounds[] = {rmmap_range_start(range), rmmap_range_end(range)};

        ck_assert(bounds[0] == 0 && bounds[1] == A);
        ck_ok(rmmap_unclaim_range(file, range));
        ck_ok(rmmap_claim_range(file, bounds[0], bounds[1], &again));
        ck_assert(rmmap_range_equal(range, again));
}
END_TEST

START_TEST(allocated_range_equality)
{
        struct rmmap_range one = known_take(file, A), two = known_take(file, A);
        struct rmmap_range three = known_take(file, A), copy = one;

        ck_assert(rmmap_range_equal(one, one));
        ck_assert(!rmmap_range_equal(one, two));
        ck_assert(!rmmap_range_equal(two, three));
        ck_assert(rmmap_range_equal(one, copy));
}
END_TEST

START_TEST(write_receipt_properties)
{
        struct rmmap_range range = known_take(file, A);
        struct rmmap_receipt receipt = write_zeros(range);

        ck_assert_uint_eq(rmmap_receipt_start(receipt), 0);
        ck_assert_uint_eq(rmmap_receipt_end(receipt), A);
        ck_assert_uint_eq(rmmap_receipt_length(receipt), A);
        ck_assert(!rmmap_receipt_is_empty(receipt));
        ck_assert(rmmap_range_equal(rmmap_receipt_range(receipt), range));
}
END_TEST

START_TEST(write_receipt_equality)
{
        struct rmmap_receipt one = write_zeros(known_take(file, A));
        struct rmmap_receipt two = write_zeros(known_take(file, A)), copy = one;

        ck_assert(rmmap_receipt_equal(one, one));
        ck_assert(!rmmap_receipt_equal(one, two));
        ck_assert(rmmap_receipt_equal(one, copy));
}
END_TEST

START_TEST(multiple_receipts_from_same_range)
{
        struct rmmap_range range = known_take(file, A);
        struct rmmap_receipt one = write_zeros(range), two = write_zeros(range);

        ck_assert(rmmap_range_equal(rmmap_receipt_range(one), rmmap_receipt_range(two)));
}
END_TEST

TCase *known_types(void)
{
        TCase *cases = tcase_create("types");

        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, allocated_range_properties);
        tcase_add_test(cases, allocated_range_conversions);
        tcase_add_test(cases, allocated_range_equality);
        tcase_add_test(cases, write_receipt_properties);
        tcase_add_test(cases, write_receipt_equality);
        tcase_add_test(cases, multiple_receipts_from_same_range);
        return cases;
}
