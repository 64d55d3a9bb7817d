/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arguments of the calls that write a whole range. */
#include <limits.h>

#include "stage.h"

typedef int write_function(struct rmmap_file *file, struct rmmap_range range, const void *data,
                           size_t length, struct rmmap_receipt *receipt);

/* The same arguments as one piece, and as three. */
static int write_as_piece(struct rmmap_file *file, struct rmmap_range range, const void *data,
                          size_t length, struct rmmap_receipt *receipt)
{
        struct iovec piece = {(void *)(uintptr_t)data, length};

        return rmmap_writev_range(file, range, &piece, 1, receipt);
}

static int write_as_pieces(struct rmmap_file *file, struct rmmap_range range, const void *data,
                           size_t length, struct rmmap_receipt *receipt)
{
        unsigned char *at = (unsigned char *)(uintptr_t)data;
        size_t first = length / 2;
        struct iovec pieces[] = {{at, first}, {NULL, 0}, {at ? at + first : at, length - first}};

        return rmmap_writev_range(file, range, pieces, 3, receipt);
}

static write_function *const writes[] = {rmmap_write_range, rmmap_write_range_durable,
                                         write_as_piece, write_as_pieces};

START_TEST(write_without_something)
{
        write_function *write = writes[_i];

        refused(write(NULL, stage.range, stage.data, LENGTH, &out.receipt), EINVAL);
        refused(write(stage.file, stage.range, NULL, LENGTH, &out.receipt), EINVAL);
        refused(write(stage.file, stage.zeros, stage.data, LENGTH, &out.receipt), EINVAL);
        refused(write(stage.file, stage.forged, stage.data, RMMAP_ALIGNMENT, &out.receipt), EINVAL);
        refused(write(stage.file, as_range(stage.receipt), stage.data, LENGTH, &out.receipt),
                EINVAL);
        refused(write(stage.file, stage.foreign, stage.data, LENGTH, &out.receipt), EXDEV);
        refused(write(stage.reader, stage.read_only_range, stage.data, LENGTH, &out.receipt),
                EROFS);
}
END_TEST

/* Holds B.3, F.3. */
START_TEST(write_another_length)
{
        static const size_t lengths[] = {0, 1, LENGTH - 1, LENGTH + 1, SIZE_MAX - 1, SIZE_MAX};

        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
                refused(writes[_i](stage.file, stage.range, stage.data, lengths[i], &out.receipt),
                        EMSGSIZE);
        refused(writes[_i](stage.file, stage.range, NULL, 0, &out.receipt), EMSGSIZE);
        refused(writes[_i](stage.file, stage.empty, stage.data, 1, &out.receipt), EMSGSIZE);
}
END_TEST

START_TEST(write_needs_no_receipt)
{
        ck_ok(writes[_i](stage.file, stage.empty, NULL, 0, NULL));
        ck_ok(writes[_i](stage.file, stage.empty, NULL, 0, &out.receipt));
        ck_assert(rmmap_receipt_is_empty(out.receipt));
        ck_ok(writes[_i](stage.file, stage.range, stage.data, LENGTH, NULL));
        ck_assert(test_file_holds(test_path("file"), 0, stage.data, LENGTH));
        ck_ok(writes[_i](stage.file, stage.range, stage.data, LENGTH, &out.receipt));
        ck_assert(rmmap_receipt_equal(out.receipt, stage.receipt));
}
END_TEST

static int write_pieces(const struct iovec *pieces, int count)
{
        return rmmap_writev_range(stage.file, stage.range, pieces, count, &out.receipt);
}

START_TEST(writev_odd_counts)
{
        struct iovec whole[] = {{stage.data, LENGTH}, {stage.data, LENGTH}};

        refused(write_pieces(NULL, 1), EINVAL);
        refused(write_pieces(NULL, INT_MAX), EINVAL);
        refused(write_pieces(NULL, -1), EINVAL);
        refused(write_pieces(whole, -1), EINVAL);
        refused(write_pieces(whole, INT_MIN), EINVAL);
        refused(write_pieces(whole, 0), EMSGSIZE);
        refused(write_pieces(NULL, 0), EMSGSIZE);
        refused(write_pieces(whole, 2), EMSGSIZE);
        ck_ok(rmmap_writev_range(stage.file, stage.empty, NULL, 0, &out.receipt));
        ck_ok(rmmap_writev_range(stage.file, stage.empty, whole, 0, NULL));
}
END_TEST

/* Sums of lengths that wrap to the right one. */
START_TEST(writev_lengths_that_wrap)
{
        struct iovec wraps[] = {{stage.data, SIZE_MAX}, {stage.data, LENGTH + 1}};
        struct iovec halves[] = {{stage.data, SIZE_MAX / 2 + 1},
                                 {stage.data, SIZE_MAX / 2 + 1},
                                 {stage.data, LENGTH}};
        struct iovec last[] = {{stage.data, 1}, {stage.data, SIZE_MAX}, {stage.data, LENGTH}};
        struct iovec hole[] = {{stage.data, 1}, {NULL, 1}, {stage.data, LENGTH - 2}};

        refused(write_pieces(wraps, 2), EMSGSIZE);
        refused(write_pieces(wraps + 1, 1), EMSGSIZE);
        refused(write_pieces(halves, 3), EMSGSIZE);
        refused(write_pieces(last, 3), EMSGSIZE);
        refused(write_pieces(hole, 3), EINVAL);
}
END_TEST

START_TEST(commit_without_something)
{
        refused(rmmap_mark_written(NULL, stage.range, &out.receipt), EINVAL);
        refused(rmmap_mark_written(stage.file, stage.range, NULL), EINVAL);
        refused(rmmap_mark_written(stage.file, stage.zeros, &out.receipt), EINVAL);
        refused(rmmap_mark_written(stage.file, stage.forged, &out.receipt), EINVAL);
        refused(rmmap_mark_written(stage.file, as_range(stage.receipt), &out.receipt), EINVAL);
        refused(rmmap_mark_written(stage.file, stage.foreign, &out.receipt), EXDEV);
        refused(rmmap_mark_written(stage.reader, stage.read_only_range, &out.receipt), EROFS);
        ck_ok(rmmap_mark_written(stage.file, stage.empty, &out.receipt));
}
END_TEST

TCase *writing_case(void)
{
        TCase *tests = stage_case("writing");
        const int count = (int)(sizeof(writes) / sizeof(writes[0]));

        tcase_add_loop_test(tests, write_without_something, 0, count);
        tcase_add_loop_test(tests, write_another_length, 0, count);
        tcase_add_loop_test(tests, write_needs_no_receipt, 0, count);
        tcase_add_test(tests, writev_odd_counts);
        tcase_add_test(tests, writev_lengths_that_wrap);
        tcase_add_test(tests, commit_without_something);
        return tests;
}
