/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arguments of the calls that flush and sync. */
#include "stage.h"

typedef int receipt_function(struct rmmap_file *file, struct rmmap_receipt receipt);

/* As the last of three; the good ones before it must not lead to any I/O. */
static int sync_as_last(struct rmmap_file *file, struct rmmap_receipt receipt)
{
        struct rmmap_receipt receipts[] = {stage.receipt, stage.receipt, receipt};

        return rmmap_sync_ranges(file, receipts, 3);
}

static receipt_function *const functions[] = {rmmap_flush_range, rmmap_sync_range, sync_as_last};

static uint64_t calls_so_far(void)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(stage.file, &info));
        return info.sync_calls + info.sync_rounds + info.flush_calls;
}

START_TEST(a_bad_receipt_starts_nothing)
{
        receipt_function *function = functions[_i];
        uint64_t before = calls_so_far();

        refused(function(NULL, stage.receipt), EINVAL);
        refused(function(stage.file, stage.zero_receipt), EINVAL);
        refused(function(stage.file, stage.forged_receipt), EINVAL);
        refused(function(stage.file, as_receipt(stage.range)), EINVAL);
        refused(function(stage.file, stage.foreign_receipt), EXDEV);
        ck_assert_uint_eq(calls_so_far(), before);
        ck_ok(flushed(function(stage.file, stage.receipt)));
        ck_assert_uint_gt(calls_so_far(), before);
}
END_TEST

START_TEST(sync_ranges_of_none)
{
        uint64_t before;

        ck_ok(rmmap_sync_all(stage.file)); /* nothing is owed any more */
        before = calls_so_far();
        refused(rmmap_sync_ranges(NULL, &stage.receipt, 1), EINVAL);
        refused(rmmap_sync_ranges(NULL, NULL, 0), EINVAL);
        refused(rmmap_sync_ranges(stage.file, NULL, 1), EINVAL);
        refused(rmmap_sync_ranges(stage.file, NULL, SIZE_MAX), EINVAL);
        ck_ok(rmmap_sync_ranges(stage.file, NULL, 0));
        ck_ok(rmmap_sync_ranges(stage.file, &stage.forged_receipt, 0));
        ck_assert_uint_eq(calls_so_far(), before);
}
END_TEST

START_TEST(sync_within_without_something)
{
        uint64_t before = calls_so_far();

        refused(rmmap_sync_within(NULL, stage.range, 0, 1), EINVAL);
        refused(rmmap_sync_within(stage.file, stage.zeros, 0, 0), EINVAL);
        refused(rmmap_sync_within(stage.file, stage.forged, 0, 1), EINVAL);
        refused(rmmap_sync_within(stage.file, as_range(stage.receipt), 0, 1), EINVAL);
        refused(rmmap_sync_within(stage.file, stage.foreign, 0, 1), EXDEV);
        ck_assert_uint_eq(calls_so_far(), before);
        ck_ok(rmmap_sync_within(stage.file, stage.range, LENGTH, 0));
        ck_ok(rmmap_sync_within(stage.file, stage.range, 0, LENGTH));
}
END_TEST

START_TEST(sync_and_flush_of_no_handle)
{
        refused(rmmap_flush(NULL), EINVAL);
        refused(rmmap_sync_all(NULL), EINVAL);
        refused(rmmap_raw_flush(NULL, 0, 0), EINVAL);
        refused(rmmap_raw_sync(NULL, 0, 0), EINVAL);
}
END_TEST

TCase *durability_case(void)
{
        TCase *tests = stage_case("durability");

        tcase_add_loop_test(tests, a_bad_receipt_starts_nothing, 0,
                            (int)(sizeof(functions) / sizeof(functions[0])));
        tcase_add_test(tests, sync_ranges_of_none);
        tcase_add_test(tests, sync_within_without_something);
        tcase_add_test(tests, sync_and_flush_of_no_handle);
        return tests;
}
