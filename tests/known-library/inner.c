/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Its unsafe file, by offsets: the raw calls. */
#include <stdlib.h>

#include "known.h"

static void put(struct rmmap_file *file, uint64_t offset, const char *text)
{
        ck_ok(rmmap_raw_write(file, offset, text, strlen(text)));
}

static void holds(struct rmmap_file *file, uint64_t offset, const char *text)
{
        char found[64];
        size_t length = 0;

        ck_ok(rmmap_raw_read(file, offset, found, strlen(text), &length));
        ck_assert_uint_eq(length, strlen(text));
        ck_assert_mem_eq(found, text, length);
}

/* All of [offset, offset + length) is this byte. */
static void holds_byte(struct rmmap_file *file, uint64_t offset, size_t length, int byte)
{
        unsigned char *found = malloc(length);
        size_t got = 0;

        ck_assert_ptr_nonnull(found);
        ck_ok(rmmap_raw_read(file, offset, found, length, &got));
        ck_assert_uint_eq(got, length);
        for (size_t i = 0; i < length; i++)
                ck_assert_int_eq(found[i], byte);
        free(found);
}

START_TEST(create_and_basic_operations)
{
        struct rmmap_file *file = known_create(100, NULL);

        ck_assert_uint_eq(rmmap_size(file), 100);
        put(file, 0, "hello");
        put(file, 50, "world");
        ck_ok(rmmap_sync_all(file));
        holds(file, 0, "hello");
        holds(file, 50, "world");
        rmmap_release(file);
}
END_TEST

START_TEST(open_existing_file)
{
        struct rmmap_file *file = known_create(100, NULL);

        put(file, 0, "test");
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
        ck_ok(rmmap_open(known_path(), NULL, &file));
        ck_assert_uint_eq(rmmap_size(file), 100);
        holds(file, 0, "test");
        rmmap_release(file);
}
END_TEST

/* A write is whole, or it is refused: there is no length to return. */
START_TEST(write_at_returns_correct_length)
{
        struct rmmap_file *file = known_create(100, NULL);

        ck_ok(rmmap_raw_write(file, 0, "hello", 5));
        ck_ok(rmmap_raw_write(file, 10, "world", 5));
        ck_is(rmmap_raw_write(file, 97, "world", 5), -ERANGE);
        holds_byte(file, 97, 3, 0);
        rmmap_release(file);
}
END_TEST

struct shared {
        struct rmmap_file *file;
        size_t piece;
};

static int write_piece(void *arg, size_t index)
{
        const struct shared *shared = arg;
        struct rmmap_file *clone = rmmap_clone(shared->file);
        unsigned char data[1024];
        int err;

        memset(data, (int)index, sizeof(data));
        err = rmmap_raw_write(clone, index * shared->piece, data, shared->piece);
        rmmap_release(clone);
        return err;
}

static void write_by_threads(size_t threads, size_t piece)
{
        struct shared shared = {known_create(threads * piece, NULL), piece};

        known_threads(threads, write_piece, &shared);
        ck_ok(rmmap_sync_all(shared.file));
        for (size_t i = 0; i < threads; i++)
                holds_byte(shared.file, i * piece, piece, (int)i);
        rmmap_release(shared.file);
}

START_TEST(concurrent_non_overlapping_writes)
{
        write_by_threads(10, 100);
}
END_TEST

START_TEST(high_concurrency)
{
        write_by_threads(100, 1024);
}
END_TEST

START_TEST(out_of_order_writes)
{
        struct rmmap_file *file = known_create(300, NULL);

        put(file, 200, "third");
        put(file, 0, "first");
        put(file, 100, "second");
        ck_ok(rmmap_sync_all(file));
        holds(file, 0, "first");
        holds(file, 100, "second");
        holds(file, 200, "third");
        rmmap_release(file);
}
END_TEST

START_TEST(large_file_write)
{
        const size_t size = (size_t)10 << 20;
        struct rmmap_file *file = known_create(size, NULL);
        unsigned char *data = malloc(size);

        ck_assert_ptr_nonnull(data);
        memset(data, 0xab, size);
        ck_ok(rmmap_raw_write(file, 0, data, size));
        ck_ok(rmmap_sync_all(file));
        ck_assert_uint_eq(rmmap_size(file), size);
        holds_byte(file, 0, 1024, 0xab);
        holds_byte(file, size - 1024, 1024, 0xab);
        free(data);
        rmmap_release(file);
}
END_TEST

/* Past the end it asserts in debug builds only; here it is always an error. */
START_TEST(bounds_checking)
{
        struct rmmap_file *file = known_create(100, NULL);

        ck_ok(rmmap_raw_write(file, 95, "hello", 5));
        ck_is(rmmap_raw_write(file, 96, "hello", 5), -ERANGE);
        ck_is(rmmap_raw_write(file, 100, "h", 1), -ERANGE);
        ck_is(rmmap_raw_write(file, UINT64_MAX, "hello", 5), -ERANGE);
        ck_ok(rmmap_raw_write(file, 100, "", 0));
        rmmap_release(file);
}
END_TEST

START_TEST(read_at_bounds)
{
        struct rmmap_file *file = known_create(100, NULL);
        char found[50];
        size_t length = 0;

        put(file, 0, "hello");
        holds(file, 0, "hello");
        ck_ok(rmmap_raw_read(file, 90, found, 50, &length));
        ck_assert_uint_eq(length, 10);
        ck_ok(rmmap_raw_read(file, 100, found, 10, &length));
        ck_assert_uint_eq(length, 0);
        rmmap_release(file);
}
END_TEST

START_TEST(fill_operations)
{
        struct rmmap_file *file = known_create(1000, NULL);

        ck_ok(rmmap_raw_fill(file, 0xff));
        ck_ok(rmmap_sync_all(file));
        holds_byte(file, 0, 1000, 0xff);
        ck_ok(rmmap_raw_zero(file));
        ck_ok(rmmap_sync_all(file));
        holds_byte(file, 0, 1000, 0);
        rmmap_release(file);
}
END_TEST

START_TEST(read_slice)
{
        struct rmmap_file *file = known_create(100, NULL);
        const void *view = NULL;

        put(file, 10, "hello world");
        ck_ok(rmmap_raw_view(file, &view));
        ck_assert_mem_eq((const char *)view + 10, "hello world", 11);
        ck_assert_mem_eq((const char *)view + 10, "hello", 5);
        rmmap_release(file);
}
END_TEST

START_TEST(flush_range)
{
        struct rmmap_file *file = known_create(1000, NULL);

        put(file, 0, "hello");
        put(file, 500, "world");
        ck_ok(flushed(rmmap_raw_flush(file, 0, 5)));
        ck_ok(flushed(rmmap_raw_flush(file, 500, 5)));
        ck_is(rmmap_raw_flush(file, 998, 5), -ERANGE);
        ck_ok(rmmap_raw_sync(file, 500, 5));
        ck_is(rmmap_raw_sync(file, 998, 5), -ERANGE);
        rmmap_release(file);
}
END_TEST

START_TEST(clone_and_shared_access)
{
        struct rmmap_file *one = known_create(100, NULL), *two = rmmap_clone(one);

        put(one, 0, "file1");
        put(two, 50, "file2");
        ck_ok(rmmap_sync_all(one));
        rmmap_release(one); /* the other one keeps it */
        holds(two, 0, "file1");
        holds(two, 50, "file2");
        rmmap_release(two);
}
END_TEST

START_TEST(as_ptr)
{
        struct rmmap_file *file = known_create(100, NULL);
        const void *view = NULL;

        put(file, 0, "hello");
        ck_ok(rmmap_raw_view(file, &view));
        ck_assert_ptr_nonnull(view);
        ck_assert_mem_eq(view, "hello", 5);
        rmmap_release(file);
}
END_TEST

START_TEST(as_mut_ptr)
{
        struct rmmap_file *file = known_create(100, NULL);
        void *data = NULL;

        ck_ok(rmmap_raw_data(file, &data));
        ck_assert_ptr_nonnull(data);
        memcpy(data, "hello", 5);
        ck_ok(rmmap_sync_all(file));
        holds(file, 0, "hello");
        ck_assert(test_file_holds(known_path(), 0, "hello", 5));
        rmmap_release(file);
}
END_TEST

TCase *known_inner(void)
{
        TCase *cases = tcase_create("inner");

        tcase_set_timeout(cases, 60);
        tcase_add_test(cases, create_and_basic_operations);
        tcase_add_test(cases, open_existing_file);
        tcase_add_test(cases, write_at_returns_correct_length);
        tcase_add_test(cases, concurrent_non_overlapping_writes);
        tcase_add_test(cases, high_concurrency);
        tcase_add_test(cases, out_of_order_writes);
        tcase_add_test(cases, large_file_write);
        tcase_add_test(cases, bounds_checking);
        tcase_add_test(cases, read_at_bounds);
        tcase_add_test(cases, fill_operations);
        tcase_add_test(cases, read_slice);
        tcase_add_test(cases, flush_range);
        tcase_add_test(cases, clone_and_shared_access);
        tcase_add_test(cases, as_ptr);
        tcase_add_test(cases, as_mut_ptr);
        return cases;
}
