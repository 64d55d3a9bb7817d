/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Access by offset with each engine, and the byte counts of rmmap_describe. */
#include <stdlib.h>
#include <unistd.h>

#include "setups.h"

#define SIZE ((size_t)(300 << 10) + 77)

START_TEST(write_and_read_anywhere)
{
        static const size_t offsets[] = {0, 1, 4095, 4096, SIZE - 1000};
        static const size_t lengths[] = {0, 1, 999, 1000};

        for (size_t i = 0; i < 5; i++) {
                for (size_t j = 0; j < 4; j++) {
                        size_t start = offsets[i], length = lengths[j], got = 0;
                        unsigned char *data = setup_data(start, length), found[1000];
                        struct rmmap_file *file = setup_file(_i, "raw", SIZE);

                        if (file != NULL) {
                                ck_ok(rmmap_raw_write(file, start, data, length));
                                ck_assert(setup_holds(SIZE, start, start + length, data));
                                ck_ok(rmmap_raw_read(file, start, found, length, &got));
                                ck_assert_uint_eq(got, length);
                                ck_assert_int_eq(memcmp(found, data, length), 0);
                        }
                        rmmap_release(file);
                        free(data);
                }
        }
}
END_TEST

START_TEST(a_write_beyond_the_end_does_nothing_in_part)
{
        struct rmmap_file *file = setup_file(_i, "raw", SIZE);
        unsigned char *data = setup_data(0, SIZE);
        volatile size_t length = SIZE_MAX; /* no buffer has it, and the compiler would say so */

        if (file != NULL) {
                ck_is(rmmap_raw_write(file, 1, data, SIZE), -ERANGE);
                ck_is(rmmap_raw_write(file, SIZE - 1, data, 2), -ERANGE);
                ck_is(rmmap_raw_write(file, SIZE, data, 1), -ERANGE);
                ck_is(rmmap_raw_write(file, SIZE + 1, data, 0), -ERANGE);
                ck_is(rmmap_raw_write(file, UINT64_MAX, data, 2), -ERANGE);
                ck_is(rmmap_raw_write(file, 2, data, length), -ERANGE);
                ck_ok(rmmap_raw_write(file, SIZE, data, 0));
                ck_is(rmmap_raw_flush(file, SIZE, 1), -ERANGE);
                ck_is(rmmap_raw_flush(file, UINT64_MAX, UINT64_MAX), -ERANGE);
                ck_is(rmmap_raw_sync(file, 1, SIZE), -ERANGE);
                ck_is(rmmap_raw_sync(file, UINT64_MAX, 2), -ERANGE);
                ck_ok(rmmap_raw_sync(file, SIZE, 0));
                ck_assert(setup_holds(SIZE, 0, 0, NULL));
        }
        rmmap_release(file);
        free(data);
}
END_TEST

START_TEST(a_read_is_short_at_the_end)
{
        struct rmmap_file *file = setup_file(_i, "raw", SIZE);
        unsigned char *found = calloc(1, SIZE + 10);
        size_t got = 7;

        if (file != NULL) {
                ck_ok(rmmap_raw_read(file, SIZE - 3, found, 10, &got));
                ck_assert_uint_eq(got, 3);
                ck_assert_uint_eq(found[2], test_byte(SIZE - 1));
                ck_assert_uint_eq(found[3], 0);
                ck_ok(rmmap_raw_read(file, SIZE, found, 10, &got));
                ck_assert_uint_eq(got, 0);
                ck_ok(rmmap_raw_read(file, UINT64_MAX, found, 10, &got));
                ck_assert_uint_eq(got, 0);
                ck_ok(rmmap_raw_read(file, 0, found, SIZE + 10, &got));
                ck_assert_uint_eq(got, SIZE);
                ck_ok(rmmap_raw_read(file, 1, found, 1, NULL));
                ck_assert_uint_eq(found[0], test_byte(1));
        }
        rmmap_release(file);
        free(found);
}
END_TEST

START_TEST(fill_and_zero)
{
        struct rmmap_file *file = setup_file(_i, "raw", SIZE);
        unsigned char *want = malloc(SIZE);

        if (file != NULL) {
                ck_ok(rmmap_raw_fill(file, 0xa5));
                memset(want, 0xa5, SIZE);
                ck_assert(setup_holds(SIZE, 0, SIZE, want));
                ck_ok(rmmap_raw_zero(file));
                memset(want, 0, SIZE);
                ck_assert(setup_holds(SIZE, 0, SIZE, want));
        }
        rmmap_release(file);
        free(want);
}
END_TEST

START_TEST(data_and_view)
{
        struct rmmap_file *file = setup_file(_i, "raw", SIZE);
        const void *view;
        void *data;

        if (file == NULL)
                return;
        ck_ok(rmmap_raw_data(file, &data));
        ck_ok(rmmap_raw_view(file, &view));
        ck_assert_ptr_eq(data, view);
        ck_assert_uint_eq(((const unsigned char *)view)[SIZE - 1], test_byte(SIZE - 1));
        memcpy((char *)data + 5000, "stored", 6);
        ck_assert(setup_holds(SIZE, 5000, 5006, "stored"));
        ck_ok(rmmap_raw_write(file, 6000, "called", 6));
        ck_assert_int_eq(memcmp((const char *)view + 6000, "called", 6), 0);
        rmmap_release(file);
}
END_TEST

START_TEST(arguments)
{
        struct rmmap_file *file = setup_file(0, "raw", SIZE);
        void *volatile nothing = NULL; /* the compiler would warn */
        const void *view;
        char byte = 0;
        void *data;

        ck_is(rmmap_raw_write(NULL, 0, &byte, 1), -EINVAL);
        ck_is(rmmap_raw_write(file, 0, nothing, 1), -EINVAL);
        ck_ok(rmmap_raw_write(file, 0, NULL, 0));
        ck_is(rmmap_raw_read(NULL, 0, &byte, 1, NULL), -EINVAL);
        ck_is(rmmap_raw_read(file, 0, nothing, 1, NULL), -EINVAL);
        ck_ok(rmmap_raw_read(file, 0, NULL, 0, NULL));
        ck_is(rmmap_raw_fill(NULL, 0), -EINVAL);
        ck_is(rmmap_raw_zero(NULL), -EINVAL);
        ck_is(rmmap_raw_flush(NULL, 0, 0), -EINVAL);
        ck_is(rmmap_raw_sync(NULL, 0, 0), -EINVAL);
        ck_is(rmmap_raw_data(NULL, &data), -EINVAL);
        ck_is(rmmap_raw_data(file, NULL), -EINVAL);
        ck_is(rmmap_raw_view(NULL, &view), -EINVAL);
        ck_is(rmmap_raw_view(file, NULL), -EINVAL);
        rmmap_release(file);
}
END_TEST

/* rmmap_describe reports the engine that is in use. */
START_TEST(describe_tells_how_bytes_move)
{
        struct rmmap_file *file = setup_file(_i, "raw", SIZE);
        struct rmmap_info before = RMMAP_INFO_INIT, after = RMMAP_INFO_INIT;

        if (file == NULL)
                return;
        ck_ok(rmmap_describe(file, &before));
        ck_ok(rmmap_raw_fill(file, 1));
        ck_ok(rmmap_describe(file, &after));
        ck_assert_uint_eq(before.engine, after.engine);
        ck_assert_uint_eq(before.pattern, setups[_i].pattern);
        ck_assert_ptr_nonnull(before.engine_reason);
        if (setups[_i].engine != RMMAP_ENGINE_AUTO)
                ck_assert_uint_eq(before.engine, setups[_i].engine);
        if (before.engine == RMMAP_ENGINE_PWRITE)
                ck_assert_uint_eq(after.pwrite_bytes - before.pwrite_bytes, SIZE);
        if (setups[_i].engine == RMMAP_ENGINE_MAP)
                ck_assert_uint_eq(after.pwrite_bytes, 0);
        if (!(before.facts & (RMMAP_FACT_RESERVED | RMMAP_FACT_CATCH_FAULTS)))
                ck_assert_uint_eq(before.engine, RMMAP_ENGINE_PWRITE);
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("raw");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, write_and_read_anywhere, 0, setup_count);
        tcase_add_loop_test(core, a_write_beyond_the_end_does_nothing_in_part, 0, setup_count);
        tcase_add_loop_test(core, a_read_is_short_at_the_end, 0, setup_count);
        tcase_add_loop_test(core, fill_and_zero, 0, setup_count);
        tcase_add_loop_test(core, data_and_view, 0, setup_count);
        tcase_add_loop_test(core, describe_tells_how_bytes_move, 0, setup_count);
        tcase_add_test(core, arguments);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
