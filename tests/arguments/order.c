/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Two faults at once: the one that is checked first answers. The order is NULL, seal, owner, EPERM
 * and EROFS, lengths and bounds, the sticky error, then I/O.
 */
#include "stage.h"

#define FAR (LENGTH + 1)

static struct rmmap_range forged_and_foreign(void)
{
        struct rmmap_range range = stage.foreign;

        range.opaque[1] -= RMMAP_ALIGNMENT;
        return range;
}

START_TEST(null_before_owner)
{
        uint64_t far = FAR;

        refused(rmmap_write_range(stage.file, stage.foreign, NULL, 1, &out.receipt), EINVAL);
        refused(rmmap_write_range_durable(stage.file, stage.foreign, NULL, 1, NULL), EINVAL);
        refused(rmmap_writev_range(stage.file, stage.foreign, NULL, 1, &out.receipt), EINVAL);
        refused(rmmap_write_range_from_fd(stage.file, stage.foreign, -1, NULL, NULL), EINVAL);
        refused(rmmap_write_range_from_fd(NULL, stage.foreign, -1, &far, NULL), EINVAL);
        refused(rmmap_write_within(stage.file, stage.foreign, FAR, NULL, 1), EINVAL);
        refused(rmmap_mark_written(stage.file, stage.foreign, NULL), EINVAL);
        refused(rmmap_read_range(stage.file, stage.foreign, NULL, 1, &out.length), EINVAL);
        refused(rmmap_read_within(stage.file, stage.foreign, FAR, NULL, 1), EINVAL);
        refused(rmmap_range_data(stage.file, stage.foreign, NULL), EINVAL);
        refused(rmmap_range_view(stage.file, stage.foreign, NULL), EINVAL);
        refused(rmmap_range_split_up(stage.range, FAR, NULL, &out.high), EINVAL);
        refused(rmmap_range_encode(stage.range, NULL, 0), EINVAL);
        refused(rmmap_range_decode(stage.file, stage.receipt_bytes, 1, NULL), EINVAL);
}
END_TEST

START_TEST(null_before_read_only)
{
        refused(rmmap_write_range(stage.reader, stage.read_only_range, NULL, 1, NULL), EINVAL);
        refused(rmmap_mark_written(stage.reader, stage.read_only_range, NULL), EINVAL);
        refused(rmmap_range_data(stage.reader, stage.read_only_range, NULL), EINVAL);
        refused(rmmap_write_range_from_fd(stage.reader, stage.read_only_range, -1, NULL, NULL),
                EINVAL);
        refused(rmmap_raw_write(stage.reader, FILE_SIZE, NULL, 1), EINVAL);
        refused(rmmap_raw_data(stage.reader, NULL), EINVAL);
}
END_TEST

START_TEST(seal_before_owner)
{
        struct rmmap_range range = forged_and_foreign();
        struct rmmap_receipt receipt = stage.foreign_receipt;
        uint64_t done = 0;

        receipt.opaque[1] -= RMMAP_ALIGNMENT;
        refused(rmmap_give_back_range(stage.file, range), EINVAL);
        refused(rmmap_write_range(stage.file, range, stage.data, 1, NULL), EINVAL);
        refused(rmmap_write_range_from_fd(stage.file, range, -1, &done, NULL), EINVAL);
        refused(rmmap_read_range(stage.file, range, out.buffer, 0, NULL), EINVAL);
        refused(rmmap_range_view(stage.file, range, &out.view), EINVAL);
        refused(rmmap_sync_within(stage.file, range, FAR, 1), EINVAL);
        refused(rmmap_sync_range(stage.file, receipt), EINVAL);
        refused(rmmap_flush_range(stage.file, receipt), EINVAL);
        /* And before lengths, where there is no owner to look at. */
        refused(rmmap_range_split_up(range, FAR, &out.low, &out.high), EINVAL);
        refused(rmmap_range_encode(range, out.buffer, 0), EINVAL);
}
END_TEST

START_TEST(owner_before_read_only)
{
        uint64_t done = 0;

        refused(rmmap_write_range(stage.reader, stage.foreign, stage.data, 1, NULL), EXDEV);
        refused(rmmap_write_within(stage.reader, stage.foreign, FAR, stage.data, 1), EXDEV);
        refused(rmmap_write_range_from_fd(stage.reader, stage.foreign, -1, &done, NULL), EXDEV);
        refused(rmmap_mark_written(stage.reader, stage.foreign, &out.receipt), EXDEV);
        refused(rmmap_range_data(stage.reader, stage.foreign, &out.data), EXDEV);
}
END_TEST

START_TEST(owner_before_lengths)
{
        refused(rmmap_write_range(stage.file, stage.foreign, stage.data, 1, NULL), EXDEV);
        refused(rmmap_write_within(stage.file, stage.foreign, FAR, stage.data, 1), EXDEV);
        refused(rmmap_read_range(stage.file, stage.foreign, out.buffer, 0, NULL), EXDEV);
        refused(rmmap_read_within(stage.file, stage.foreign, FAR, out.buffer, 1), EXDEV);
        refused(rmmap_sync_within(stage.file, stage.foreign, FAR, 1), EXDEV);
}
END_TEST

START_TEST(read_only_before_lengths)
{
        uint64_t far = FAR;

        refused(rmmap_write_range(stage.reader, stage.read_only_range, stage.data, 1, NULL), EROFS);
        refused(rmmap_write_range_durable(stage.reader, stage.read_only_range, stage.data, 1, NULL),
                EROFS);
        refused(rmmap_writev_range(stage.reader, stage.read_only_range, NULL, 0, NULL), EROFS);
        refused(rmmap_write_within(stage.reader, stage.read_only_range, FAR, stage.data, 1), EROFS);
        refused(rmmap_write_range_from_fd(stage.reader, stage.read_only_range, -1, &far, NULL),
                EROFS);
        refused(rmmap_raw_write(stage.reader, FILE_SIZE + 1, stage.data, 1), EROFS);
}
END_TEST

/* ---- in a forked child, where the allocator is the parent's */

static int allocate_nothing_for_nobody(void)
{
        return rmmap_allocate(stage.file, 0, NULL);
}

static int allocate_nothing(void)
{
        return rmmap_allocate(stage.file, 0, &out.range);
}

static int allocate_exactly_too_much(void)
{
        return rmmap_allocate_exact(stage.file, UINT64_MAX, &out.range);
}

static int give_back_foreign(void)
{
        return rmmap_give_back_range(stage.file, stage.foreign);
}

static int give_back_forged(void)
{
        return rmmap_give_back_range(stage.file, stage.forged);
}

static int give_back_nothing(void)
{
        return rmmap_give_back_range(stage.file, stage.empty);
}

static int restore_nothing(void)
{
        return rmmap_allocator_restore(stage.file, NULL, 0);
}

static int restore_rubbish(void)
{
        return rmmap_allocator_restore(stage.file, stage.data, 1);
}

START_TEST(not_in_a_child)
{
        ck_is(in_child(allocate_nothing_for_nobody), -EINVAL);
        ck_is(in_child(allocate_nothing), -EPERM);
        ck_is(in_child(allocate_exactly_too_much), -EPERM);
        ck_is(in_child(give_back_forged), -EINVAL);
        ck_is(in_child(give_back_foreign), -EXDEV);
        ck_is(in_child(give_back_nothing), -EPERM);
        ck_is(in_child(restore_nothing), -EINVAL);
        ck_is(in_child(restore_rubbish), -EPERM);
}
END_TEST

/* ---- with an error that stays */

START_TEST(everything_before_the_sticky_error)
{
        break_fsync();
        ck_is(rmmap_sync_all(stage.file), -EIO);
        refused(rmmap_sync_range(stage.file, stage.zero_receipt), EINVAL);
        refused(rmmap_sync_range(stage.file, stage.foreign_receipt), EXDEV);
        refused(rmmap_sync_ranges(stage.file, NULL, 1), EINVAL);
        refused(rmmap_sync_ranges(stage.file, &stage.foreign_receipt, 1), EXDEV);
        refused(rmmap_sync_within(stage.file, stage.range, FAR, 1), ERANGE);
        refused(rmmap_raw_sync(stage.file, FILE_SIZE, 1), ERANGE);
        refused(rmmap_write_range_durable(stage.file, stage.range, stage.data, 1, NULL), EMSGSIZE);
        refused(rmmap_write_range_durable(stage.file, stage.foreign, stage.data, LENGTH, NULL),
                EXDEV);
}
END_TEST

/* refused also sees that no byte was written. */
START_TEST(the_sticky_error_before_any_input_or_output)
{
        break_fsync();
        ck_is(rmmap_sync_range(stage.file, stage.receipt), -EIO);
        refused(rmmap_write_range_durable(stage.file, stage.range, stage.data, LENGTH,
                                          &out.receipt),
                EIO);
        refused(rmmap_sync_range(stage.file, stage.receipt), EIO);
        refused(rmmap_sync_ranges(stage.file, &stage.receipt, 1), EIO);
        refused(rmmap_sync_within(stage.file, stage.range, 0, 1), EIO);
        refused(rmmap_raw_sync(stage.file, 0, 1), EIO);
        refused(rmmap_sync_all(stage.file), EIO);
        ck_ok(flushed(rmmap_flush(stage.file)));
        ck_ok(flushed(rmmap_flush_range(stage.file, stage.receipt)));
}
END_TEST

TCase *order_case(void)
{
        TCase *tests = stage_case("order");

        tcase_add_test(tests, null_before_owner);
        tcase_add_test(tests, null_before_read_only);
        tcase_add_test(tests, seal_before_owner);
        tcase_add_test(tests, owner_before_read_only);
        tcase_add_test(tests, owner_before_lengths);
        tcase_add_test(tests, read_only_before_lengths);
        tcase_add_test(tests, not_in_a_child);
        tcase_add_test(tests, everything_before_the_sticky_error);
        tcase_add_test(tests, the_sticky_error_before_any_input_or_output);
        return tests;
}
