/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rmmap_trim: the end that was never handed out is cut, and returns to the file system; nobody else
 * may have the file; it grows again, and no byte is then lost or handed out twice. Holds B.10.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "fault/inject.h"
#include "growing.h"
#include "setups.h"

static struct stat status_of(const char *path)
{
        struct stat status;

        ck_assert_int_eq(stat(path, &status), 0);
        return status;
}

static void expect_size(const struct rmmap_file *file, uint64_t size)
{
        ck_assert_uint_eq(rmmap_size(file), size);
        ck_assert_uint_eq(size_on_disk(test_path("file")), size);
}

static struct rmmap_file *create(uint64_t size, const struct rmmap_options *options)
{
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("file"), size, options, &file));
        return file;
}

static struct rmmap_range allocate(struct rmmap_file *file, uint64_t size, uint64_t start)
{
        struct rmmap_range range;

        ck_ok(rmmap_allocate(file, size, &range));
        ck_assert_uint_eq(rmmap_range_start(range), start);
        return range;
}

/* Writes the range with one byte. */
static void fill(struct rmmap_file *file, struct rmmap_range range, int byte)
{
        size_t length = (size_t)rmmap_range_length(range);
        void *bytes = malloc(length);

        ck_assert_ptr_nonnull(bytes);
        memset(bytes, byte, length);
        ck_ok(rmmap_write_range(file, range, bytes, length, NULL));
        free(bytes);
}

static int byte_at(struct rmmap_file *file, uint64_t offset)
{
        unsigned char byte;
        size_t length;

        ck_ok(rmmap_raw_read(file, offset, &byte, 1, &length));
        ck_assert_uint_eq(length, 1);
        return byte;
}

static const struct rmmap_allocator_ops *allocator(int index)
{
        return index == 0   ? rmmap_concurrent_allocator()
               : index == 1 ? rmmap_sequential_allocator()
                            : rmmap_reusing_allocator();
}

/* ---- what is cut, and what stays */

START_TEST(large_steps_go_back)
{
        struct rmmap_options options = growing(256 * MIB, 32 * MIB);
        struct rmmap_file *file;
        void *before = NULL, *after = NULL;
        bool mapped;

        options.allocator = allocator(_i);
        file = create(A, &options);
        fill(file, allocate(file, A, 0), 'a');
        fill(file, allocate(file, 3 * A, A), 'b');
        mapped = rmmap_raw_data(file, &before) == 0;
        ck_assert_uint_gt(rmmap_size(file), 32 * MIB);
        ck_ok(rmmap_trim(file));
        expect_size(file, 4 * A);
        ck_assert_uint_eq(rmmap_allocated(file), 4 * A);
        ck_assert_uint_eq(rmmap_remaining(file), 256 * MIB - 4 * A);
        ck_assert_int_le(status_of(test_path("file")).st_blocks, (long)(MIB / 512));
        ck_ok(rmmap_trim(file)); /* nothing to cut */
        expect_size(file, 4 * A);
        ck_ok(rmmap_sync_all(file));
        ck_is(rmmap_raw_write(file, 4 * A - 1, "xy", 2), -ERANGE);

        fill(file, allocate(file, 2 * A, 4 * A), 'c'); /* it grows by itself */
        expect_size(file, 4 * A + 32 * MIB);
        ck_assert_int_eq(byte_at(file, 0), 'a');
        ck_assert_int_eq(byte_at(file, 4 * A - 1), 'b');
        ck_assert_int_eq(byte_at(file, 6 * A - 1), 'c');
        ck_assert_int_eq(byte_at(file, 6 * A), 0);
        if (mapped) {
                ck_ok(rmmap_raw_data(file, &after));
                ck_assert_ptr_eq(before, after);
        }
        ck_ok(rmmap_close(file));
}
END_TEST

/* Regions that were mapped before the cut aren't any more. */
START_TEST(what_grows_again_is_zero)
{
        struct rmmap_options options = growing(64 * MIB, 0);
        struct rmmap_file *file;

        options.engine = _i == 0 ? RMMAP_ENGINE_MAP : _i == 1 ? RMMAP_ENGINE_PWRITE : 0;
        options.flags = _i == 3 ? RMMAP_POPULATE : _i == 0 ? RMMAP_CATCH_FAULTS : 0;
        file = create(16 * MIB, &options);
        fill(file, allocate(file, MIB, 0), 'a');
        ck_ok(rmmap_raw_fill(file, 'x'));
        ck_ok(rmmap_trim(file));
        expect_size(file, MIB);
        ck_ok(rmmap_grow(file, 24 * MIB));
        for (uint64_t at = 0; at < 24 * MIB; at += MIB / 4)
                ck_assert_int_eq(byte_at(file, at), at < MIB ? 'x' : 0);
        fill(file, allocate(file, 8 * MIB, MIB), 'b');
        ck_ok(rmmap_sync_all(file));
        ck_assert_int_eq(byte_at(file, 9 * MIB - 1), 'b');
        ck_assert_int_eq(byte_at(file, 9 * MIB), 0);
        ck_ok(rmmap_close(file));
}
END_TEST

/* One that was made too long; it may have the length again that it had, and no more. */
START_TEST(a_file_that_does_not_grow)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_range range;
        struct rmmap_file *file;

        options.allocator = allocator(_i);
        file = create(8 * A + 5, &options);
        allocate(file, 3 * A, 0);
        ck_ok(rmmap_trim(file));
        expect_size(file, 3 * A);
        ck_is(rmmap_allocate(file, 1, &range), -ENOSPC);
        ck_is(rmmap_allocate_exact(file, 1, &range), -ENOSPC);
        ck_assert_uint_eq(rmmap_remaining(file), 0);
        ck_is(rmmap_grow(file, 8 * A + 6), -EFBIG);
        ck_ok(rmmap_grow(file, 8 * A + 5));
        expect_size(file, 8 * A + 5);
        allocate(file, 2 * A, 3 * A);
        range = allocate(file, 9 * A, 5 * A);
        ck_assert_uint_eq(rmmap_range_end(range), 8 * A + 5);
        ck_ok(rmmap_trim(file)); /* a short last range stays */
        expect_size(file, 8 * A + 5);
        ck_ok(rmmap_close(file));
}
END_TEST

START_TEST(one_unit_remains)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;

        options.allocator = allocator(_i);
        file = create(8 * A, &options);
        ck_ok(rmmap_trim(file));
        expect_size(file, A);
        ck_ok(rmmap_trim(file));
        expect_size(file, A);
        allocate(file, A, 0);
        ck_ok(rmmap_close(file));

        file = create(7, &options);
        ck_ok(rmmap_trim(file));
        expect_size(file, 7);
        ck_ok(rmmap_close(file));
}
END_TEST

/* Opened for writing, the content stays, and what was behind its end isn't all of a unit. */
START_TEST(content_stays)
{
        struct rmmap_options options = growing(64 * A, 0);
        struct rmmap_file *file;

        ck_ok(rmmap_open(test_file("file", (size_t)(2 * A + 9)), &options, &file));
        ck_ok(rmmap_trim(file));
        expect_size(file, 2 * A + 9);
        ck_ok(rmmap_grow(file, 32 * A));
        ck_ok(rmmap_trim(file));
        expect_size(file, 3 * A);
        ck_ok(rmmap_grow(file, 32 * A));
        allocate(file, A, 3 * A);
        ck_ok(rmmap_trim(file));
        expect_size(file, 4 * A);
        ck_ok(rmmap_close(file));

        options.flags = RMMAP_REWRITE;
        ck_ok(rmmap_open(test_path("file"), &options, &file));
        allocate(file, A, 0);
        ck_ok(rmmap_trim(file));
        expect_size(file, A);
        ck_ok(rmmap_close(file));
}
END_TEST

/* What is free again was out once. */
START_TEST(what_was_given_back_stays)
{
        struct rmmap_options options = growing(64 * A, 0);
        struct rmmap_range range;
        struct rmmap_file *file;

        options.allocator = rmmap_reusing_allocator();
        file = create(32 * A, &options);
        allocate(file, 4 * A, 0);
        range = allocate(file, 4 * A, 4 * A);
        ck_ok(rmmap_give_back_range(file, range));
        ck_ok(rmmap_allocate_at(file, 10 * A, 11 * A, &range));
        ck_ok(rmmap_trim(file));
        expect_size(file, 11 * A);
        ck_assert_uint_eq(rmmap_allocated(file), 5 * A);
        ck_assert_uint_eq(rmmap_remaining(file), 6 * A);
        allocate(file, 6 * A, 4 * A);
        ck_is(rmmap_allocate(file, 1, &range), -ENOSPC);
        ck_ok(rmmap_grow(file, 12 * A));
        allocate(file, 2 * A, 11 * A);
        ck_ok(rmmap_close(file));
}
END_TEST

/* A state belongs to a file of its length or less. */
START_TEST(states_and_claims)
{
        struct rmmap_options options = growing(64 * A, 0);
        unsigned char earlier[256], later[256];
        size_t earlier_length = sizeof(earlier), later_length = sizeof(later);
        struct rmmap_range range;
        struct rmmap_file *file;

        options.allocator = allocator(_i);
        file = create(32 * A, &options);
        allocate(file, 4 * A, 0);
        ck_ok(rmmap_allocator_save(file, earlier, &earlier_length));
        ck_ok(rmmap_trim(file));
        ck_ok(rmmap_allocator_save(file, later, &later_length));
        ck_is(rmmap_claim_range(file, 3 * A, 5 * A, &range), -ERANGE);
        ck_is(rmmap_claim_range(file, 3 * A, 4 * A, &range), -EBUSY);
        ck_ok(rmmap_close(file));

        ck_ok(rmmap_open(test_path("file"), &options, &file));
        ck_is(rmmap_allocator_restore(file, earlier, earlier_length), -EBADMSG);
        ck_ok(rmmap_allocator_restore(file, later, later_length));
        ck_ok(rmmap_claim_range(file, 3 * A, 4 * A, &range));
        ck_ok(rmmap_grow(file, 8 * A));
        allocate(file, A, 4 * A);
        ck_ok(rmmap_trim(file));
        expect_size(file, 5 * A);
        ck_ok(rmmap_close(file));
}
END_TEST

/* ---- who may have it */

static int trims_in_a_child(void *file)
{
        child_is(rmmap_trim(file), -EPERM);
        return 0;
}

START_TEST(nobody_else_has_it)
{
        struct rmmap_options options = growing(64 * A, 0);
        struct rmmap_file *file = create(32 * A, &options), *other;

        allocate(file, A, 0);
        ck_is(rmmap_trim(NULL), -EINVAL);
        rmmap_clone(file);
        ck_is(rmmap_trim(file), -EBUSY);
        rmmap_release(file);
        options.flags = RMMAP_READ_ONLY;
        ck_ok(rmmap_open(test_path("file"), &options, &other));
        ck_is(rmmap_trim(file), -EBUSY);
        ck_is(rmmap_trim(other), -EROFS);
        expect_size(file, 32 * A);
        rmmap_release(other);
        ck_child(trims_in_a_child, file);
        ck_ok(rmmap_trim(file));
        ck_ok(rmmap_open(test_path("file"), &options, &other)); /* the lock is shared again */
        ck_ok(rmmap_grow(file, 2 * A));
        rmmap_release(other);
        ck_ok(rmmap_close(file));

        options.flags = RMMAP_LOCK_FILE;
        file = create(32 * A, &options);
        ck_ok(rmmap_trim(file));
        options.flags = 0;
        ck_is(rmmap_open(test_path("file"), &options, &other), -EBUSY);
        ck_ok(rmmap_close(file));
}
END_TEST

/* What another one added isn't cut. */
START_TEST(another_size_is_refused)
{
        struct rmmap_options options = growing(64 * A, 0);
        struct rmmap_file *file = create(32 * A, &options), *other;

        allocate(file, A, 0);
        ck_ok(rmmap_open(test_path("file"), &options, &other));
        ck_ok(rmmap_grow(other, 40 * A));
        rmmap_release(other);
        ck_is(rmmap_trim(file), -ESTALE);
        ck_ok(rmmap_error(file));
        ck_assert_uint_eq(size_on_disk(test_path("file")), 40 * A);
        ck_ok(rmmap_grow(file, 0));
        ck_ok(rmmap_trim(file));
        expect_size(file, A);
        ck_ok(rmmap_close(file));
}
END_TEST

START_TEST(a_published_file_is_refused)
{
        struct rmmap_file *file = create(32 * A, NULL);

        ck_ok(rmmap_publish(file, test_path("target"), 3 * A, 0));
        ck_is(rmmap_trim(file), -EROFS);
        ck_ok(rmmap_close(file));
}
END_TEST

START_TEST(the_allocator_decides)
{
        struct rmmap_allocator_ops ops = *rmmap_concurrent_allocator();
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;

        options.allocator = &ops;
        for (int missing = 0; missing < 2; missing++) {
                ops.grow = missing == 0 ? NULL : rmmap_concurrent_allocator()->grow;
                ops.trim = missing == 1 ? NULL : rmmap_concurrent_allocator()->trim;
                file = create(8 * A, &options);
                ck_is(rmmap_trim(file), -EOPNOTSUPP);
                expect_size(file, 8 * A);
                ck_ok(rmmap_close(file));
        }
}
END_TEST

/* ---- when it can't be done */

START_TEST(a_failure_leaves_the_size)
{
        struct rmmap_options options = growing(64 * A, 0);
        struct rmmap_file *file = create(32 * A, &options);

        allocate(file, A, 0);
        inject_start();
        inject_fail(INJECT_FTRUNCATE, 1, EIO, 1);
        ck_is(rmmap_trim(file), -EIO);
        ck_assert_uint_eq(rmmap_size(file), 32 * A);
        ck_assert_uint_eq(rmmap_remaining(file), 31 * A);
        inject_fail(INJECT_FSTAT, 1, EIO, 1);
        ck_is(rmmap_trim(file), -EIO);
        ck_ok(rmmap_error(file));
        ck_assert_uint_eq(rmmap_size(file), 32 * A);
        allocate(file, A, A);
        ck_ok(rmmap_trim(file));
        expect_size(file, 2 * A);
        ck_ok(rmmap_close(file));
}
END_TEST

/* Another program that takes the file in the moment without a lock. */
START_TEST(a_lock_that_is_lost)
{
        struct rmmap_options options = growing(64 * A, 0);
        struct rmmap_file *file;

        inject_start();
        file = create(32 * A, &options);
        if (inject_count(INJECT_FLOCK) == 0) {
                printf("SKIP: files aren't locked by flock here\n");
                rmmap_release(file);
                return;
        }
        inject_start();
        inject_fail(INJECT_FLOCK, 2, EWOULDBLOCK, 10000);
        ck_is(rmmap_trim(file), -ESTALE);
        inject_start();
        ck_is(rmmap_sync_all(file), -ESTALE);
        rmmap_release(file);
}
END_TEST

/* The first sync of anything makes the size durable. */
START_TEST(the_next_sync_syncs)
{
        struct rmmap_options options = growing(64 * A, 0);
        struct rmmap_file *file = create(32 * A, &options);
        struct rmmap_range range = allocate(file, A, 0);
        int before;

        ck_ok(rmmap_sync_all(file));
        inject_start();
        ck_ok(rmmap_trim(file));
        before = inject_count(INJECT_FSYNC);
        fill(file, range, 'a');
        ck_ok(rmmap_sync_all(file));
        ck_assert_int_gt(inject_count(INJECT_FSYNC), before);
        ck_ok(rmmap_close(file));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("trim");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 60);
        tcase_add_loop_test(core, large_steps_go_back, 0, 3);
        tcase_add_loop_test(core, what_grows_again_is_zero, 0, 4);
        tcase_add_loop_test(core, a_file_that_does_not_grow, 0, 3);
        tcase_add_loop_test(core, one_unit_remains, 0, 3);
        tcase_add_test(core, content_stays);
        tcase_add_test(core, what_was_given_back_stays);
        tcase_add_loop_test(core, states_and_claims, 0, 3);
        tcase_add_test(core, nobody_else_has_it);
        tcase_add_test(core, another_size_is_refused);
        tcase_add_test(core, a_published_file_is_refused);
        tcase_add_test(core, the_allocator_decides);
        tcase_add_test(core, a_failure_leaves_the_size);
        tcase_add_test(core, a_lock_that_is_lost);
        tcase_add_test(core, the_next_sync_syncs);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
