/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Its safe file, by ranges and receipts. */
#include "known.h"

static const unsigned char zeros[4096];

static void write_filled(struct rmmap_file *file, struct rmmap_range range, int byte,
                         struct rmmap_receipt *receipt)
{
        unsigned char data[4096];

        memset(data, byte, sizeof(data));
        ck_ok(rmmap_write_range(file, range, data, sizeof(data), receipt));
}

static void holds_byte(struct rmmap_file *file, struct rmmap_range range, int byte)
{
        unsigned char found[4096];
        size_t length = 0;

        ck_ok(rmmap_read_range(file, range, found, sizeof(found), &length));
        ck_assert_uint_eq(length, A);
        for (size_t i = 0; i < length; i++)
                ck_assert_int_eq(found[i], byte);
}

START_TEST(create_with_allocator)
{
        struct rmmap_file *file = known_create(10 * A, rmmap_sequential_allocator());

        ck_assert_uint_eq(rmmap_size(file), 10 * A);
        ck_assert_uint_eq(rmmap_remaining(file), 10 * A);
        ck_assert_uint_eq(rmmap_allocated(file), 0);
        rmmap_release(file);
}
END_TEST

/* Its allocator starts again at 0, over the data; here that has to be said. */
START_TEST(open_existing_file)
{
        struct rmmap_file *file = known_create(A, NULL);
        unsigned char data[4096] = "testdata!!", found[4096];
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        ck_ok(rmmap_write_range(file, known_take(file, A), data, sizeof(data), NULL));
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
        options.flags = RMMAP_REWRITE;
        ck_ok(rmmap_open(known_path(), &options, &file));
        ck_assert_uint_eq(rmmap_size(file), A);
        ck_ok(rmmap_read_range(file, known_take(file, A), found, sizeof(found), NULL));
        ck_assert_mem_eq(found, data, sizeof(found));
        rmmap_release(file);
}
END_TEST

START_TEST(basic_write_and_read)
{
        struct rmmap_file *file = known_create(2 * A, NULL);
        struct rmmap_range one = known_take(file, A), two = known_take(file, A);
        struct rmmap_receipt first, second;

        write_filled(file, one, 1, &first);
        write_filled(file, two, 2, &second);
        ck_assert_uint_eq(rmmap_receipt_length(first), A);
        ck_assert_uint_eq(rmmap_receipt_length(second), A);
        ck_ok(rmmap_sync_all(file));
        holds_byte(file, one, 1);
        holds_byte(file, two, 2);
        rmmap_release(file);
}
END_TEST

START_TEST(write_range_all)
{
        struct rmmap_file *file = known_create(A, NULL);
        struct rmmap_receipt receipt;

        ck_ok(rmmap_write_range(file, known_take(file, A), zeros, A, &receipt));
        ck_assert_uint_eq(rmmap_receipt_length(receipt), A);
        ck_assert_uint_eq(rmmap_receipt_start(receipt), 0);
        ck_assert_uint_eq(rmmap_receipt_end(receipt), A);
        rmmap_release(file);
}
END_TEST

struct shared {
        struct rmmap_file *file;
        struct rmmap_range ranges[100];
};

static int write_one(void *arg, size_t index)
{
        const struct shared *shared = arg;
        struct rmmap_file *clone = rmmap_clone(shared->file);
        unsigned char data[4096];
        int err;

        memset(data, (int)index, sizeof(data));
        err = rmmap_write_range(clone, shared->ranges[index], data, sizeof(data), NULL);
        rmmap_release(clone);
        return err;
}

static void write_by_threads(size_t threads)
{
        struct shared shared = {.file = known_create(threads * A, NULL)};

        for (size_t i = 0; i < threads; i++)
                shared.ranges[i] = known_take(shared.file, A);
        known_threads(threads, write_one, &shared);
        ck_ok(rmmap_sync_all(shared.file));
        for (size_t i = 0; i < threads; i++)
                holds_byte(shared.file, shared.ranges[i], (int)i);
        rmmap_release(shared.file);
}

START_TEST(concurrent_writes_with_allocated_ranges)
{
        write_by_threads(10);
}
END_TEST

START_TEST(high_concurrency)
{
        write_by_threads(100);
}
END_TEST

/* Another length asserts in debug builds only; here it is always an error: see faults.c. */
START_TEST(data_length_match)
{
        struct rmmap_file *file = known_create(A, NULL);
        struct rmmap_range range = known_take(file, A);
        struct rmmap_receipt receipt;

        ck_ok(rmmap_write_range(file, range, zeros, A, &receipt));
        ck_assert_uint_eq(rmmap_receipt_length(receipt), A);
        ck_is(rmmap_write_range(file, range, zeros, A - 1, &receipt), -EMSGSIZE);
        rmmap_release(file);
}
END_TEST

START_TEST(read_range_buffer_too_small)
{
        struct rmmap_file *file = known_create(A, NULL);
        struct rmmap_range range = known_take(file, A);
        unsigned char found[8192] = {0};

        write_filled(file, range, 0x42, NULL);
        ck_is(rmmap_read_range(file, range, found, 100, NULL), -ENOBUFS);
        ck_is(rmmap_read_range(file, range, found, A - 1, NULL), -ENOBUFS);
        ck_assert_mem_eq(found, zeros, A); /* nothing was read */
        holds_byte(file, range, 0x42);
        ck_ok(rmmap_read_range(file, range, found, sizeof(found), NULL));
        ck_assert(found[0] == 0x42 && found[A - 1] == 0x42 && found[A] == 0);
        rmmap_release(file);
}
END_TEST

START_TEST(flush_operations)
{
        struct rmmap_file *file = known_create(2 * A, NULL);
        struct rmmap_receipt first, second;

        write_filled(file, known_take(file, A), 1, &first);
        write_filled(file, known_take(file, A), 2, &second);
        ck_ok(flushed(rmmap_flush(file)));
        ck_ok(flushed(rmmap_flush_range(file, first)));
        ck_ok(flushed(rmmap_flush_range(file, second)));
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
}
END_TEST

START_TEST(clone_and_shared_access)
{
        struct rmmap_file *one = known_create(2 * A, NULL), *two = rmmap_clone(one);
        struct rmmap_range first = known_take(one, A), second = known_take(two, A);

        write_filled(one, first, 11, NULL);
        write_filled(two, second, 22, NULL);
        ck_ok(rmmap_sync_all(one));
        holds_byte(two, first, 11);
        holds_byte(one, second, 22);
        rmmap_release(one);
        rmmap_release(two);
}
END_TEST

TCase *known_file(void)
{
        TCase *cases = tcase_create("file");

        tcase_set_timeout(cases, 60);
        tcase_add_test(cases, create_with_allocator);
        tcase_add_test(cases, open_existing_file);
        tcase_add_test(cases, basic_write_and_read);
        tcase_add_test(cases, write_range_all);
        tcase_add_test(cases, concurrent_writes_with_allocated_ranges);
        tcase_add_test(cases, high_concurrency);
        tcase_add_test(cases, data_length_match);
        tcase_add_test(cases, read_range_buffer_too_small);
        tcase_add_test(cases, flush_operations);
        tcase_add_test(cases, clone_and_shared_access);
        return cases;
}
