/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arguments of the calls that make handles, and of those that only look at one. */
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "stage.h"

START_TEST(create_without_something_makes_no_file)
{
        const char *path = test_path("none");

        refused(rmmap_create(NULL, FILE_SIZE, NULL, &out.file), EINVAL);
        refused(rmmap_create(path, FILE_SIZE, NULL, NULL), EINVAL);
        refused(rmmap_create(NULL, FILE_SIZE, NULL, NULL), EINVAL);
        refused(rmmap_create(path, 0, NULL, &out.file), EINVAL);
        refused(rmmap_create("", FILE_SIZE, NULL, &out.file), ENOENT);
        ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(create_of_what_no_mapping_holds)
{
        static const uint64_t sizes[] = {UINT64_C(1) << 47, (UINT64_C(1) << 47) + 1,
                                         (UINT64_C(1) << 53) + 1, INT64_MAX, UINT64_MAX};
        const char *path = test_path("none");

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
                refused(rmmap_create(path, sizes[i], NULL, &out.file), EFBIG);
        ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* Asked for what can't be, it must leave the file that is there, with all in it. */
START_TEST(create_refused_leaves_the_file_alone)
{
        const struct rmmap_options bad[] = {test_options(UINT32_C(1) << 31, 0),
                                            test_options(RMMAP_READ_ONLY, 0), test_options(0, 3),
                                            test_options(RMMAP_MUST_CREATE, 0)};
        static const int errors[] = {EOPNOTSUPP, EINVAL, EOPNOTSUPP, EEXIST};
        const char *path = test_file("there", 5000);
        unsigned char byte = test_byte(4999);

        for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
                refused(rmmap_create(path, FILE_SIZE, &bad[i], &out.file), errors[i]);
        refused(rmmap_create(path, 0, NULL, &out.file), EINVAL);
        refused(rmmap_create(path, UINT64_MAX, NULL, &out.file), EFBIG);
        refused(rmmap_create(test_path("file"), FILE_SIZE, NULL, &out.file), EBUSY);
        ck_assert(test_file_holds(path, 4999, &byte, 1));
}
END_TEST

START_TEST(open_without_something)
{
        int fd = open(test_path("file"), O_RDONLY | O_CLOEXEC);

        refused(rmmap_open(NULL, NULL, &out.file), EINVAL);
        refused(rmmap_open(test_path("file"), NULL, NULL), EINVAL);
        refused(rmmap_open("", NULL, &out.file), ENOENT);
        refused(rmmap_open_fd(fd, NULL, NULL), EINVAL);
        refused(rmmap_open_fd(fd, NULL, &out.file), EACCES);
        refused(rmmap_open_fd(-1, NULL, &out.file), EBADF);
        refused(rmmap_open_fd(INT_MIN, NULL, &out.file), EBADF);
        refused(rmmap_open_fd(INT_MAX, NULL, &out.file), EBADF);
        close(fd);
}
END_TEST

/* Rounded up; from the end on nothing is left, and that is no error. */
START_TEST(allocate_from_anywhere)
{
        static const uint64_t from[] = {0,          1,
                                        4096,       4097,
                                        FILE_SIZE,  FILE_SIZE - 101,
                                        16384,      FILE_SIZE - 1,
                                        UINT64_MAX, UINT64_MAX - 4095};
        static const uint64_t first[] = {FILE_SIZE, 4096,  4096,      8192,      FILE_SIZE,
                                         16384,     16384, FILE_SIZE, FILE_SIZE, FILE_SIZE};
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;

        for (size_t i = 0; i < sizeof(from) / sizeof(from[0]); i++) {
                options.allocate_from = from[i];
                ck_ok(rmmap_open(test_path("file"), &options, &file));
                ck_assert_uint_eq(rmmap_allocated(file), first[i]);
                ck_assert_uint_eq(rmmap_remaining(file), FILE_SIZE - first[i]);
                rmmap_release(file);
        }
}
END_TEST

START_TEST(of_no_handle_there_is_nothing_to_tell)
{
        ck_assert_ptr_null(rmmap_clone(NULL));
        ck_assert_ptr_null(rmmap_release(NULL));
        ck_assert_uint_eq(rmmap_size(NULL), 0);
        ck_assert_uint_eq(rmmap_remaining(NULL), 0);
        ck_assert_uint_eq(rmmap_allocated(NULL), 0);
        refused(rmmap_fd(NULL), EINVAL);
        refused(rmmap_describe(NULL, &out.info), EINVAL);
        refused(rmmap_describe(stage.file, NULL), EINVAL);
        refused(rmmap_describe(NULL, NULL), EINVAL);
}
END_TEST

static int never(void *arg)
{
        (void)arg;
        ck_abort_msg("it was called");
        return 0;
}

static int forty_two(void *arg)
{
        return arg == &out ? 42 : 0;
}

START_TEST(guard_call_needs_a_guard)
{
        struct rmmap_options options = test_options(RMMAP_CATCH_FAULTS, 0);
        struct rmmap_file *guarded;

        refused(rmmap_guard_call(NULL, never, NULL, &out.value), EINVAL);
        refused(rmmap_guard_call(stage.file, never, NULL, &out.value), EINVAL);
        refused(rmmap_guard_call(stage.file, NULL, NULL, &out.value), EINVAL);
        ck_ok(rmmap_open(test_path("file"), &options, &guarded));
        refused(rmmap_guard_call(guarded, NULL, NULL, &out.value), EINVAL);
        ck_ok(rmmap_guard_call(guarded, forty_two, &out, NULL));
        ck_ok(rmmap_guard_call(guarded, forty_two, &out, &out.value));
        ck_assert_int_eq(out.value, 42);
        rmmap_release(guarded);
}
END_TEST

TCase *handle_case(void)
{
        TCase *tests = stage_case("handles");

        tcase_add_test(tests, create_without_something_makes_no_file);
        tcase_add_test(tests, create_of_what_no_mapping_holds);
        tcase_add_test(tests, create_refused_leaves_the_file_alone);
        tcase_add_test(tests, open_without_something);
        tcase_add_test(tests, allocate_from_anywhere);
        tcase_add_test(tests, of_no_handle_there_is_nothing_to_tell);
        tcase_add_test(tests, guard_call_needs_a_guard);
        return tests;
}
