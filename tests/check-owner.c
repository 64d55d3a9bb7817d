/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The owner of ranges and receipts: each handle accepts only its own. */
#include "range-calls.h"
#include "two-files.h"

/* Holds F.2. */
START_TEST(of_another_handle)
{
        struct rmmap_range range = take(file, 4096), theirs = take(other, 4096);
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *again = NULL;

        options.flags = RMMAP_REWRITE;
        range_calls_of_handles_answer(other, range, -EXDEV, "another file's");
        receipt_calls_of_handles_answer(other, receipt_of(file, range), -EXDEV, "another file's");
        /* Another handle of the same file has another allocator, and so another owner. */
        ck_ok(rmmap_open(test_path("one"), &options, &again));
        range_calls_of_handles_answer(again, range, -EXDEV, "another handle's");
        receipt_calls_of_handles_answer(again, receipt_of(file, range), -EXDEV, "another handle's");
        ck_assert(!rmmap_range_equal(range, take(again, 4096)));
        ck_assert(!rmmap_range_equal(range, theirs));
        rmmap_release(again);
}
END_TEST

/* Holds F.2. */
START_TEST(of_a_released_handle)
{
        struct rmmap_range range = take(file, 4096);
        struct rmmap_receipt receipt = receipt_of(file, range);

        rmmap_release(file);
        file = create("one");
        range_calls_of_handles_answer(file, range, -EXDEV, "an earlier handle's");
        receipt_calls_of_handles_answer(file, receipt, -EXDEV, "an earlier handle's");
        ck_assert_uint_eq(rmmap_range_end(range), 4096); /* still a value of this process */
}
END_TEST

START_TEST(of_a_clone)
{
        struct rmmap_file *clone = rmmap_clone(file);
        struct rmmap_range range = take(clone, 4096);

        range_calls_answer(file, range, 0, "a clone's");
        receipt_calls_answer(clone, receipt_of(file, range), 0, "a clone's");
        rmmap_release(clone);
}
END_TEST

/* Seal, owner, EROFS, lengths: the first failed check decides the error. */
START_TEST(checks_come_in_order)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_range foreign = take(file, 4096), mine, forged;
        struct rmmap_file *reader = NULL;
        unsigned char byte = 0;

        options.flags = RMMAP_READ_ONLY;
        ck_ok(rmmap_open(test_path("one"), &options, &reader));
        mine = forged = take(reader, 4096);
        forged.opaque[1] ^= 1;
        ck_is(rmmap_write_range(reader, forged, &byte, 1, NULL), -EINVAL);
        ck_is(rmmap_write_range(reader, foreign, &byte, 1, NULL), -EXDEV);
        ck_is(rmmap_write_range(reader, mine, &byte, 1, NULL), -EROFS);
        ck_is(rmmap_write_range(file, foreign, &byte, 1, NULL), -EMSGSIZE);
        ck_is(rmmap_write_within(reader, forged, 4096, &byte, 1), -EINVAL);
        ck_is(rmmap_write_within(reader, foreign, 4096, &byte, 1), -EXDEV);
        ck_is(rmmap_write_within(reader, mine, 4096, &byte, 1), -EROFS);
        ck_is(rmmap_write_within(file, foreign, 4096, &byte, 1), -ERANGE);
        ck_is(rmmap_read_range(reader, forged, &byte, 1, NULL), -EINVAL);
        ck_is(rmmap_read_range(reader, foreign, &byte, 1, NULL), -EXDEV);
        ck_is(rmmap_read_range(reader, mine, &byte, 1, NULL), -ENOBUFS);
        rmmap_release(reader);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("owner");
        TCase *cases = tcase_create("owner");

        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, of_another_handle);
        tcase_add_test(cases, of_a_released_handle);
        tcase_add_test(cases, of_a_clone);
        tcase_add_test(cases, checks_come_in_order);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
