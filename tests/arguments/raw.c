/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arguments of the raw calls: offsets into the file. */
#include "stage.h"

static const struct {
        uint64_t offset, length;
} outside[] = {
        {0, FILE_SIZE + 1},     {1, FILE_SIZE},
        {FILE_SIZE, 1},         {FILE_SIZE + 1, 0},
        {FILE_SIZE - 1, 2},     {UINT64_MAX, 0},
        {UINT64_MAX, 1},        {UINT64_MAX - FILE_SIZE + 1, FILE_SIZE},
        {0, UINT32_MAX},        {FILE_SIZE, SIZE_MAX - FILE_SIZE + 1},
        {UINT64_C(1) << 32, 1}, {UINT64_C(1) << 63, FILE_SIZE},
};

START_TEST(raw_outside)
{
        for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
                uint64_t offset = outside[i].offset, length = outside[i].length;

                refused(rmmap_raw_write(stage.file, offset, stage.data, (size_t)length), ERANGE);
                refused(rmmap_raw_flush(stage.file, offset, length), ERANGE);
                refused(rmmap_raw_sync(stage.file, offset, length), ERANGE);
        }
        refused(rmmap_raw_flush(stage.file, 1, UINT64_MAX), ERANGE);
        refused(rmmap_raw_sync(stage.file, UINT64_MAX, UINT64_MAX), ERANGE);
}
END_TEST

START_TEST(raw_at_the_end)
{
        ck_ok(rmmap_raw_write(stage.file, FILE_SIZE, NULL, 0));
        ck_ok(flushed(rmmap_raw_flush(stage.file, FILE_SIZE, 0)));
        ck_ok(rmmap_raw_sync(stage.file, FILE_SIZE, 0));
        ck_ok(flushed(rmmap_raw_flush(stage.file, 0, FILE_SIZE)));
        ck_ok(rmmap_raw_sync(stage.file, 0, FILE_SIZE));
        ck_ok(rmmap_raw_write(stage.file, FILE_SIZE - 1, stage.data, 1));
        ck_assert(test_file_holds(test_path("file"), FILE_SIZE - 1, stage.data, 1));
}
END_TEST

/* How much there is from an offset on. */
START_TEST(raw_read_across_the_end)
{
        static const struct {
                uint64_t offset;
                size_t capacity, there;
        } reads[] = {
                {0, 0, 0},
                {0, 1, 1},
                {FILE_SIZE - 1, 1, 1},
                {FILE_SIZE - 1, 2, 1},
                {FILE_SIZE - LENGTH, LENGTH, LENGTH},
                {FILE_SIZE - LENGTH + 1, LENGTH, LENGTH - 1},
                {FILE_SIZE - LENGTH, SIZE_MAX, LENGTH},
                {FILE_SIZE, 1, 0},
                {FILE_SIZE + 1, 1, 0},
                {UINT64_C(1) << 32, 1, 0},
                {UINT64_MAX, SIZE_MAX, 0},
        };

        for (size_t i = 0; i < sizeof(reads) / sizeof(reads[0]); i++) {
                size_t there = reads[i].there;

                forget_results();
                ck_ok(rmmap_raw_read(stage.file, reads[i].offset, out.buffer, reads[i].capacity,
                                     &out.length));
                ck_assert_uint_eq(out.length, there);
                ck_assert_uint_eq(out.buffer[there], 0xa5);
                if (there > 0)
                        ck_assert_uint_eq(out.buffer[there - 1],
                                          test_byte(reads[i].offset + there - 1));
        }
        ck_ok(rmmap_raw_read(stage.file, 0, out.buffer, 1, NULL));
        ck_ok(rmmap_raw_read(stage.file, 0, NULL, 0, NULL));
}
END_TEST

START_TEST(raw_without_something)
{
        refused(rmmap_raw_write(NULL, 0, stage.data, 1), EINVAL);
        refused(rmmap_raw_write(stage.file, 0, NULL, 1), EINVAL);
        refused(rmmap_raw_read(NULL, 0, out.buffer, 1, &out.length), EINVAL);
        refused(rmmap_raw_read(stage.file, 0, NULL, 1, &out.length), EINVAL);
        refused(rmmap_raw_read(stage.file, UINT64_MAX, NULL, 1, &out.length), EINVAL);
        refused(rmmap_raw_fill(NULL, 1), EINVAL);
        refused(rmmap_raw_zero(NULL), EINVAL);
        refused(rmmap_raw_data(NULL, &out.data), EINVAL);
        refused(rmmap_raw_data(stage.file, NULL), EINVAL);
        refused(rmmap_raw_view(NULL, &out.view), EINVAL);
        refused(rmmap_raw_view(stage.file, NULL), EINVAL);
}
END_TEST

START_TEST(raw_changes_of_what_is_read_only)
{
        refused(rmmap_raw_write(stage.reader, 0, stage.data, 1), EROFS);
        refused(rmmap_raw_write(stage.reader, 0, NULL, 0), EROFS);
        refused(rmmap_raw_fill(stage.reader, 1), EROFS);
        refused(rmmap_raw_zero(stage.reader), EROFS);
        refused(rmmap_raw_data(stage.reader, &out.data), EROFS);
        ck_ok(rmmap_raw_view(stage.reader, &out.view));
        ck_ok(rmmap_raw_read(stage.reader, 0, out.buffer, 1, &out.length));
}
END_TEST

TCase *raw_case(void)
{
        TCase *tests = stage_case("raw");

        tcase_add_test(tests, raw_outside);
        tcase_add_test(tests, raw_at_the_end);
        tcase_add_test(tests, raw_read_across_the_end);
        tcase_add_test(tests, raw_without_something);
        tcase_add_test(tests, raw_changes_of_what_is_read_only);
        return tests;
}
