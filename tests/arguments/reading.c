/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arguments of the calls that read a range, or give its bytes. */
#include "stage.h"

START_TEST(read_without_something)
{
        refused(rmmap_read_range(NULL, stage.range, out.buffer, LENGTH, &out.length), EINVAL);
        refused(rmmap_read_range(stage.file, stage.range, NULL, LENGTH, &out.length), EINVAL);
        refused(rmmap_read_range(stage.file, stage.zeros, out.buffer, LENGTH, &out.length), EINVAL);
        refused(rmmap_read_range(stage.file, stage.forged, out.buffer, LENGTH, &out.length),
                EINVAL);
        refused(rmmap_read_range(stage.file, as_range(stage.receipt), out.buffer, LENGTH,
                                 &out.length),
                EINVAL);
        refused(rmmap_read_range(stage.file, stage.foreign, out.buffer, LENGTH, &out.length),
                EXDEV);
}
END_TEST

START_TEST(read_into_too_little)
{
        refused(rmmap_read_range(stage.file, stage.range, out.buffer, LENGTH - 1, &out.length),
                ENOBUFS);
        refused(rmmap_read_range(stage.file, stage.range, out.buffer, 0, &out.length), ENOBUFS);
        refused(rmmap_read_range(stage.file, stage.range, NULL, 0, &out.length), ENOBUFS);
}
END_TEST

START_TEST(read_into_enough)
{
        ck_ok(rmmap_read_range(stage.file, stage.empty, NULL, 0, NULL));
        ck_ok(rmmap_read_range(stage.file, stage.range, out.buffer, LENGTH, NULL));
        forget_results();
        ck_ok(rmmap_read_range(stage.file, stage.range, out.buffer, sizeof(out.buffer),
                               &out.length));
        ck_assert_uint_eq(out.length, LENGTH);
        ck_assert_uint_eq(out.buffer[0], test_byte(0));
        ck_assert_uint_eq(out.buffer[LENGTH - 1], test_byte(LENGTH - 1));
        ck_assert_uint_eq(out.buffer[LENGTH], 0xa5);
        ck_ok(rmmap_read_range(stage.reader, stage.read_only_range, out.buffer, LENGTH, NULL));
}
END_TEST

START_TEST(read_within_without_something)
{
        refused(rmmap_read_within(NULL, stage.range, 0, out.buffer, 1), EINVAL);
        refused(rmmap_read_within(stage.file, stage.range, 0, NULL, 1), EINVAL);
        refused(rmmap_read_within(stage.file, stage.zeros, 0, out.buffer, 1), EINVAL);
        refused(rmmap_read_within(stage.file, stage.forged, 0, out.buffer, 1), EINVAL);
        refused(rmmap_read_within(stage.file, as_range(stage.receipt), 0, out.buffer, 1), EINVAL);
        refused(rmmap_read_within(stage.file, stage.foreign, 0, out.buffer, 1), EXDEV);
        ck_ok(rmmap_read_within(stage.file, stage.range, LENGTH, NULL, 0));
        forget_results();
        ck_ok(rmmap_read_within(stage.file, stage.range, LENGTH - 1, out.buffer, 1));
        ck_assert_uint_eq(out.buffer[0], test_byte(LENGTH - 1));
        ck_assert_uint_eq(out.buffer[1], 0xa5);
}
END_TEST

START_TEST(data_without_something)
{
        refused(rmmap_range_data(NULL, stage.range, &out.data), EINVAL);
        refused(rmmap_range_data(stage.file, stage.range, NULL), EINVAL);
        refused(rmmap_range_data(stage.file, stage.zeros, &out.data), EINVAL);
        refused(rmmap_range_data(stage.file, stage.forged, &out.data), EINVAL);
        refused(rmmap_range_data(stage.file, as_range(stage.receipt), &out.data), EINVAL);
        refused(rmmap_range_data(stage.file, stage.foreign, &out.data), EXDEV);
        refused(rmmap_range_data(stage.reader, stage.read_only_range, &out.data), EROFS);
}
END_TEST

START_TEST(view_without_something)
{
        refused(rmmap_range_view(NULL, stage.range, &out.view), EINVAL);
        refused(rmmap_range_view(stage.file, stage.range, NULL), EINVAL);
        refused(rmmap_range_view(stage.file, stage.zeros, &out.view), EINVAL);
        refused(rmmap_range_view(stage.file, stage.forged, &out.view), EINVAL);
        refused(rmmap_range_view(stage.file, as_range(stage.receipt), &out.view), EINVAL);
        refused(rmmap_range_view(stage.file, stage.foreign, &out.view), EXDEV);
        ck_ok(rmmap_range_view(stage.reader, stage.read_only_range, &out.view));
}
END_TEST

TCase *reading_case(void)
{
        TCase *tests = stage_case("reading");

        tcase_add_test(tests, read_without_something);
        tcase_add_test(tests, read_into_too_little);
        tcase_add_test(tests, read_into_enough);
        tcase_add_test(tests, read_within_without_something);
        tcase_add_test(tests, data_without_something);
        tcase_add_test(tests, view_without_something);
        return tests;
}
