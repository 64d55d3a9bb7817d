/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Opening existing files by name. */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"

static int try_open(const char *path, uint32_t flags)
{
        struct rmmap_options options = test_options(flags, 0);
        struct rmmap_file *file = UNTOUCHED;
        size_t descriptors = test_count_descriptors();
        int err = rmmap_open(path, &options, &file);

        if (err == 0)
                rmmap_release(file);
        else
                ck_assert_ptr_eq(file, UNTOUCHED);
        ck_assert_uint_eq(test_count_descriptors(), descriptors);
        return err;
}

START_TEST(a_file_as_it_is)
{
        const char *path = test_file("as-it-is", 10000);
        unsigned char bytes[10000];
        struct rmmap_range range;
        struct rmmap_file *file;
        size_t length = 0;

        ck_ok(rmmap_open(path, NULL, &file));
        ck_assert_uint_eq(rmmap_size(file), 10000);
        ck_assert_uint_eq(rmmap_remaining(file), 0); /* it has an owner already */
        ck_is(rmmap_allocate(file, 1, &range), -ENOSPC);
        ck_ok(rmmap_claim_range(file, 0, 10000, &range));
        ck_ok(rmmap_read_range(file, range, bytes, sizeof(bytes), &length));
        ck_assert_uint_eq(length, sizeof(bytes));
        for (size_t i = 0; i < sizeof(bytes); i++)
                ck_assert_uint_eq(bytes[i], test_byte(i));
        rmmap_release(file);
        ck_assert(test_file_holds(path, 0, bytes, sizeof(bytes)));
}
END_TEST

START_TEST(allocation_goes_on_where_it_is_told)
{
        static const struct {
                uint64_t from, start;
        } cases[] = {{1, 4096}, {4096, 4096}, {4097, 8192}, {8191, 8192}};
        const char *path = test_file("goes-on", 10000);
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_range range;
        struct rmmap_file *file;

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                options.allocate_from = cases[i].from;
                ck_ok(rmmap_open(path, &options, &file));
                ck_assert_uint_eq(rmmap_remaining(file), 10000 - cases[i].start);
                ck_ok(rmmap_allocate(file, 1, &range));
                ck_assert_uint_eq(rmmap_range_start(range), cases[i].start);
                rmmap_release(file);
        }
        for (uint64_t from = 9000; from != 0; from = from == 9000 ? UINT64_MAX : 0) {
                options.allocate_from = from; /* past the last start: nothing left, no error */
                ck_ok(rmmap_open(path, &options, &file));
                ck_assert_uint_eq(rmmap_remaining(file), 0);
                ck_is(rmmap_allocate(file, 1, &range), -ENOSPC);
                ck_ok(rmmap_claim_range(file, 0, 10000, &range));
                rmmap_release(file);
        }
}
END_TEST

/* Existing content is handed out only if the caller asks for it. Holds B.6. */
START_TEST(content_is_not_handed_out)
{
        static const struct {
                uint32_t flags;
                uint64_t from, left;
        } cases[] = {
                {0, 0, 0},
                {RMMAP_READ_ONLY, 0, 10000},
                {RMMAP_READ_ONLY, 1, 10000 - 4096},
                {RMMAP_REWRITE, 0, 10000},
                {RMMAP_REWRITE, 1, 10000 - 4096},
                {0, 1, 10000 - 4096},
                {0, UINT64_MAX, 0},
                {RMMAP_REWRITE, UINT64_MAX, 0},
        };
        const char *path = test_file("content", 10000);
        const struct rmmap_allocator_ops *allocators[] = {rmmap_concurrent_allocator(),
                                                          rmmap_sequential_allocator()};
        int fd = open(path, O_RDWR | O_CLOEXEC);

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct rmmap_options options = test_options(cases[i].flags, 0);
                struct rmmap_range range;
                struct rmmap_file *file;

                options.allocate_from = cases[i].from;
                options.allocator = allocators[i % 2];
                ck_ok(_i == 0 ? rmmap_open(path, &options, &file)
                              : rmmap_open_fd(fd, &options, &file));
                ck_assert_uint_eq(rmmap_remaining(file), cases[i].left);
                ck_is(rmmap_allocate(file, 1, &range), cases[i].left > 0 ? 0 : -ENOSPC);
                if (cases[i].left == 0)
                        ck_ok(rmmap_claim_range(file, 0, 10000, &range));
                rmmap_release(file);
        }
        close(fd);
}
END_TEST

START_TEST(rewrite_is_for_opens_that_write)
{
        struct rmmap_options options = test_options(RMMAP_REWRITE, 0);
        struct rmmap_file *file = UNTOUCHED;

        ck_is(rmmap_create(test_path("rewrite"), 4096, &options, &file), -EINVAL);
        ck_assert_int_ne(access(test_path("rewrite"), F_OK), 0);
        ck_is(try_open(test_file("rewrite", 100), RMMAP_REWRITE | RMMAP_READ_ONLY), -EINVAL);
        ck_ok(try_open(test_path("rewrite"), RMMAP_REWRITE | RMMAP_SHARED_CLAIMS));
        ck_assert_ptr_eq(file, UNTOUCHED);
}
END_TEST

START_TEST(what_can_not_be_opened)
{
        const char *link = test_path("link"), *file = test_file("file", 10);

        alarm(20);
        ck_assert_int_eq(symlink("file", link), 0);
        ck_assert_int_eq(mkfifo(test_path("fifo"), 0600), 0);
        ck_is(try_open(test_file("empty", 0), 0), -ENODATA);
        ck_is(try_open(test_path("empty"), RMMAP_READ_ONLY), -ENODATA);
        ck_is(try_open(test_path("missing"), 0), -ENOENT);
        ck_is(try_open(test_directory(), 0), -EISDIR);
        ck_is(try_open(test_directory(), RMMAP_READ_ONLY), -EISDIR);
        ck_is(try_open(test_path("fifo"), 0), -ENODEV);
        ck_is(try_open(test_path("fifo"), RMMAP_READ_ONLY), -ENODEV);
        ck_is(try_open("/dev/null", 0), -ENODEV);
        ck_is(try_open(link, RMMAP_NO_FOLLOW), -ELOOP);
        ck_ok(try_open(link, 0));
        ck_ok(try_open(file, RMMAP_NO_FOLLOW));
        ck_is(try_open(file, RMMAP_MUST_CREATE), -EINVAL);
        ck_is(try_open(file, RMMAP_NO_PREALLOCATE), -EINVAL);
        ck_is(try_open(file, UINT32_C(1) << 30), -EOPNOTSUPP);
        alarm(0);
}
END_TEST

/* A component of the path, and a whole path, that is too long for the kernel. */
START_TEST(names_that_are_too_long)
{
        char *name = malloc(PATH_MAX + 300), *path = malloc(PATH_MAX + 600);

        memset(name, 'n', 256);
        name[256] = '\0';
        snprintf(path, PATH_MAX + 600, "%s/%s", test_directory(), name);
        ck_is(try_open(path, 0), -ENAMETOOLONG);
        ck_is(try_open(path, RMMAP_READ_ONLY), -ENAMETOOLONG);
        for (size_t i = 0; i < PATH_MAX + 200; i += 2)
                memcpy(name + i, "./", 3);
        test_file("near", 10);
        snprintf(path, PATH_MAX + 600, "%s/%snear", test_directory(), name);
        ck_is(try_open(path, 0), -ENAMETOOLONG);
        ck_is(try_open(path, RMMAP_READ_ONLY | RMMAP_NO_FOLLOW), -ENAMETOOLONG);
        free(name);
        free(path);
}
END_TEST

START_TEST(a_read_only_handle_changes_nothing)
{
        struct rmmap_options options = test_options(RMMAP_READ_ONLY, 0);
        const char *path = test_file("read-only", 8192);
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        struct rmmap_file *file;
        unsigned char bytes[4096];
        const void *view;
        uint64_t done = 0;
        void *data;

        ck_assert_int_eq(chmod(path, 0444), 0);
        ck_ok(rmmap_open(path, &options, &file));
        ck_ok(rmmap_allocate(file, 4096, &range));
        ck_is(rmmap_write_range(file, range, bytes, 4096, &receipt), -EROFS);
        ck_is(rmmap_write_range_durable(file, range, bytes, 4096, &receipt), -EROFS);
        ck_is(rmmap_writev_range(file, range, NULL, 0, &receipt), -EROFS);
        ck_is(rmmap_write_range_from_fd(file, range, 0, &done, &receipt), -EROFS);
        ck_is(rmmap_write_within(file, range, 0, bytes, 1), -EROFS);
        ck_is(rmmap_mark_written(file, range, &receipt), -EROFS);
        ck_is(rmmap_range_data(file, range, &data), -EROFS);
        ck_is(rmmap_raw_write(file, 0, bytes, 1), -EROFS);
        ck_is(rmmap_raw_fill(file, 1), -EROFS);
        ck_is(rmmap_raw_zero(file), -EROFS);
        ck_is(rmmap_raw_data(file, &data), -EROFS);
        ck_ok(rmmap_read_range(file, range, bytes, 4096, NULL));
        ck_assert_uint_eq(bytes[4095], test_byte(4095));
        ck_ok(rmmap_range_view(file, range, &view));
        ck_assert_int_eq(memcmp(view, bytes, 4096), 0);
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
}
END_TEST

/* Holds B.4. */
START_TEST(two_handles_have_two_allocators)
{
        const char *path = test_file("two", 8192);
        struct rmmap_options options = test_options(RMMAP_REWRITE, 0);
        struct rmmap_range first, second, other;
        struct rmmap_file *one, *two;

        ck_ok(rmmap_open(path, &options, &one));
        ck_ok(rmmap_open(path, &options, &two));
        ck_ok(rmmap_allocate(one, 4096, &first));
        ck_ok(rmmap_allocate(two, 4096, &second));
        ck_assert_uint_eq(rmmap_range_start(first), rmmap_range_start(second));
        ck_assert(!rmmap_range_equal(first, second));
        ck_is(rmmap_write_within(two, first, 0, "x", 1), -EXDEV);
        ck_is(rmmap_claim_range(two, 4096, 8192, &other), -ERANGE);
        ck_ok(rmmap_write_within(one, first, 0, "seen", 4)); /* by the other too */
        ck_assert(test_file_holds(path, 0, "seen", 4));
        rmmap_release(one);
        ck_ok(rmmap_write_within(two, second, 0, "x", 1));
        rmmap_release(two);
}
END_TEST

/* A program started by exec doesn't inherit the handle's descriptors. */
START_TEST(descriptors_close_on_exec)
{
        bool before[256];
        struct rmmap_file *made, *opened, *again;

        for (int fd = 0; fd < 256; fd++)
                before[fd] = fcntl(fd, F_GETFD) >= 0;
        ck_ok(rmmap_create(test_path("exec"), 4096, NULL, &made));
        ck_ok(rmmap_open(test_path("exec"), NULL, &opened));
        ck_ok(rmmap_open_fd(rmmap_fd(made), NULL, &again));
        for (int fd = 0; fd < 256; fd++)
                if (!before[fd] && fcntl(fd, F_GETFD) >= 0)
                        ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
        ck_assert_int_eq(fcntl(rmmap_fd(made), F_GETFD), FD_CLOEXEC);
        rmmap_release(made);
        rmmap_release(opened);
        rmmap_release(again);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("open");
        TCase *core = tcase_create("core");

        tcase_add_test(core, a_file_as_it_is);
        tcase_add_test(core, allocation_goes_on_where_it_is_told);
        tcase_add_loop_test(core, content_is_not_handed_out, 0, 2);
        tcase_add_test(core, rewrite_is_for_opens_that_write);
        tcase_add_test(core, what_can_not_be_opened);
        tcase_add_test(core, names_that_are_too_long);
        tcase_add_test(core, a_read_only_handle_changes_nothing);
        tcase_add_test(core, two_handles_have_two_allocators);
        tcase_add_test(core, descriptors_close_on_exec);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
