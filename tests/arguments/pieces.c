/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arguments of the calls that write pieces of a range, or from a descriptor. */
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "stage.h"

/* Pieces of LENGTH bytes that don't lie within them. */
static const struct {
        uint64_t offset;
        size_t length;
} outside[] = {
        {0, LENGTH + 1},
        {1, LENGTH},
        {LENGTH, 1},
        {LENGTH + 1, 0},
        {LENGTH - 1, 2},
        {UINT64_MAX, 0},
        {UINT64_MAX, 1},
        {UINT64_MAX - LENGTH + 1, LENGTH},
        {0, SIZE_MAX},
        {LENGTH, SIZE_MAX - LENGTH + 1},
        {UINT64_C(1) << 32, LENGTH},
        {UINT64_C(1) << 63, LENGTH},
};

START_TEST(write_within_without_something)
{
        refused(rmmap_write_within(NULL, stage.range, 0, stage.data, 1), EINVAL);
        refused(rmmap_write_within(stage.file, stage.range, 0, NULL, 1), EINVAL);
        refused(rmmap_write_within(stage.file, stage.zeros, 0, stage.data, 1), EINVAL);
        refused(rmmap_write_within(stage.file, stage.forged, 0, stage.data, 1), EINVAL);
        refused(rmmap_write_within(stage.file, as_range(stage.receipt), 0, stage.data, 1), EINVAL);
        refused(rmmap_write_within(stage.file, stage.foreign, 0, stage.data, 1), EXDEV);
        refused(rmmap_write_within(stage.reader, stage.read_only_range, 0, stage.data, 1), EROFS);
}
END_TEST

/* Holds B.3, F.3. */
START_TEST(write_outside)
{
        for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++)
                refused(rmmap_write_within(stage.file, stage.range, outside[i].offset, stage.data,
                                           outside[i].length),
                        ERANGE);
        ck_ok(rmmap_write_within(stage.file, stage.range, 0, NULL, 0));
        ck_ok(rmmap_write_within(stage.file, stage.range, LENGTH, NULL, 0));
        ck_ok(rmmap_write_within(stage.file, stage.range, LENGTH - 1, stage.data, 1));
        ck_assert(test_file_holds(test_path("file"), LENGTH - 1, stage.data, 1));
}
END_TEST

START_TEST(read_and_sync_outside)
{
        for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
                refused(rmmap_read_within(stage.file, stage.range, outside[i].offset, out.buffer,
                                          outside[i].length),
                        ERANGE);
                refused(rmmap_sync_within(stage.file, stage.range, outside[i].offset,
                                          outside[i].length),
                        ERANGE);
        }
}
END_TEST

static int fill_from(struct rmmap_file *file, struct rmmap_range range, int fd, uint64_t done)
{
        uint64_t now = done;
        int result = rmmap_write_range_from_fd(file, range, fd, &now, &out.receipt);

        ck_assert_uint_eq(now, done);
        return result;
}

START_TEST(fill_without_something)
{
        int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        uint64_t done = 0;

        refused(fill_from(NULL, stage.range, zero, 0), EINVAL);
        refused(rmmap_write_range_from_fd(stage.file, stage.range, zero, NULL, &out.receipt),
                EINVAL);
        refused(fill_from(stage.file, stage.zeros, zero, 0), EINVAL);
        refused(fill_from(stage.file, stage.forged, zero, 0), EINVAL);
        refused(fill_from(stage.file, as_range(stage.receipt), zero, 0), EINVAL);
        refused(fill_from(stage.file, stage.foreign, zero, 0), EXDEV);
        refused(fill_from(stage.reader, stage.read_only_range, zero, 0), EROFS);
        refused(fill_from(stage.file, stage.range, zero, LENGTH + 1), ERANGE);
        refused(fill_from(stage.file, stage.range, zero, UINT64_MAX), ERANGE);
        refused(fill_from(stage.file, stage.empty, zero, 1), ERANGE);
        ck_ok(rmmap_write_range_from_fd(stage.file, stage.range, zero, &done, NULL));
        ck_assert_uint_eq(done, LENGTH);
        close(zero);
}
END_TEST

START_TEST(fill_from_no_descriptor)
{
        static const int fds[] = {-1, INT_MIN, INT_MAX};

        for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
                refused(fill_from(stage.file, stage.range, fds[i], 0), EBADF);
                refused(fill_from(stage.file, stage.range, fds[i], LENGTH - 1), EBADF);
                /* Complete already: nothing is read. */
                ck_ok(fill_from(stage.file, stage.range, fds[i], LENGTH));
                ck_ok(fill_from(stage.file, stage.empty, fds[i], 0));
        }
}
END_TEST

TCase *pieces_case(void)
{
        TCase *tests = stage_case("pieces");

        tcase_add_test(tests, write_within_without_something);
        tcase_add_test(tests, write_outside);
        tcase_add_test(tests, read_and_sync_outside);
        tcase_add_test(tests, fill_without_something);
        tcase_add_test(tests, fill_from_no_descriptor);
        return tests;
}
