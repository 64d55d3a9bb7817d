/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How warm a window is guessed to be; and that bytes are right whichever way each write took. */
#include "child.h"
#include "policy.h"
#include "windows.h"

#define MIB ((size_t)1 << 20)

START_TEST(large_writes_fill_by_one_pass)
{
        struct windows windows;

        ck_ok(windows_create(&windows, 5 * MIB)); /* two whole windows and a short one */
        ck_assert_uint_eq(windows.count, 3);
        windows_note_write(&windows, 0, MIB);
        ck_assert_uint_lt(window_state(&windows, 0), WINDOW_FILLED);
        windows_note_write(&windows, MIB, 2 * MIB); /* over a boundary */
        ck_assert_uint_eq(window_state(&windows, 0), WINDOW_FILLED);
        ck_assert_uint_gt(window_state(&windows, 1), WINDOW_COLD);
        ck_assert_uint_lt(window_state(&windows, 1), WINDOW_FILLED);
        ck_assert_uint_eq(window_state(&windows, 2), WINDOW_COLD);
        windows_note_write(&windows, 0, 5 * MIB);
        ck_assert_uint_eq(window_state(&windows, 1), WINDOW_FILLED);
        window_set(&windows, 1, WINDOW_WARM);
        windows_note_write(&windows, 0, 5 * MIB); /* a call there doesn't unmap it */
        ck_assert_uint_eq(window_state(&windows, 1), WINDOW_WARM);
        windows_destroy(&windows);
}
END_TEST

START_TEST(small_writes_fill_after_some)
{
        struct windows windows;
        int writes = 0;

        ck_ok(windows_create(&windows, 4 * MIB));
        for (; window_state(&windows, 1) < WINDOW_FILLED && writes < 1000; writes++)
                windows_note_write(&windows, 2 * MIB + 64, 64);
        ck_assert_int_eq(writes, 16);
        ck_assert_uint_eq(window_state(&windows, 0), WINDOW_COLD);
        windows_note_writeback(&windows, 0, 2 * MIB);
        ck_assert_uint_eq(window_state(&windows, 1), WINDOW_FILLED);
        windows_note_writeback(&windows, 4 * MIB - 1, 4 * MIB);
        ck_assert_uint_eq(window_state(&windows, 1), WINDOW_COLD);
        windows_note_writeback(&windows, 0, 0);
        windows_set_warm(&windows);
        ck_assert_uint_eq(window_state(&windows, 0), WINDOW_WARM);
        windows_destroy(&windows);
}
END_TEST

/* A cold window that comes after a warm one is going to be filled, if it is begun at its start. */
START_TEST(windows_in_order)
{
        struct windows windows;

        ck_ok(windows_create(&windows, 6 * MIB));
        ck_assert_uint_eq(window_class(&windows, 2 * MIB), WINDOW_COLD);
        window_set(&windows, 0, WINDOW_FILLED);
        ck_assert_uint_eq(window_class(&windows, 2 * MIB), WINDOW_COLD);
        window_set(&windows, 0, WINDOW_WARM);
        ck_assert_uint_eq(window_class(&windows, 2 * MIB), WINDOW_FILLED);
        ck_assert_uint_eq(window_class(&windows, 2 * MIB + WINDOW_START), WINDOW_COLD);
        ck_assert_uint_eq(window_class(&windows, 4 * MIB), WINDOW_COLD);
        ck_assert_uint_eq(window_class(&windows, 1), WINDOW_WARM);
        windows_destroy(&windows);
}
END_TEST

START_TEST(what_each_state_is_good_for)
{
        const uint32_t unknown = RMMAP_PATTERN_UNKNOWN, dense = RMMAP_PATTERN_DENSE,
                       scattered = RMMAP_PATTERN_SCATTERED;

        for (uint32_t pattern = unknown; pattern <= RMMAP_PATTERN_RANDOM; pattern++) {
                for (int large = 0; large < 2; large++)
                        ck_assert_int_eq(policy_way(pattern, large, WINDOW_WARM), WAY_MAP);
                ck_assert_int_eq(policy_way(pattern, true, WINDOW_COLD), WAY_CALL);
                ck_assert_int_eq(policy_way(pattern, true, 100), WAY_CALL);
                ck_assert_int_eq(policy_way(pattern, true, WINDOW_FILLED), WAY_PREPARE);
        }
        ck_assert_int_eq(policy_way(unknown, false, WINDOW_COLD), WAY_CALL);
        ck_assert_int_eq(policy_way(unknown, false, WINDOW_FILLED), WAY_PREPARE);
        ck_assert_int_eq(policy_way(dense, false, WINDOW_COLD), WAY_PREPARE);
        ck_assert_int_eq(policy_way(scattered, false, WINDOW_FILLED), WAY_CALL);
        ck_assert_int_eq(policy_way(RMMAP_PATTERN_SEQUENTIAL, false, WINDOW_COLD), WAY_PREPARE);
        ck_assert_int_eq(policy_way(RMMAP_PATTERN_RANDOM, false, WINDOW_COLD), WAY_CALL);
}
END_TEST

static uint64_t by_call(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        if (info.engine != RMMAP_ENGINE_AUTO)
                return UINT64_MAX;
        return info.pwrite_bytes;
}

/* Described by the bytes that calls wrote: cold by calls, warm by the mapping, a sync cools. */
/* Holds A.4. */
START_TEST(each_write_takes_its_way)
{
        static unsigned char data[MIB];
        struct rmmap_file *file;
        uint64_t before;

        memset(data, 'w', sizeof(data));
        ck_ok(rmmap_create(test_path("ways"), 2 * MIB, NULL, &file));
        if (by_call(file) == UINT64_MAX) {
                rmmap_release(file);
                skip_part("space is not reserved here: there is one way only");
                return;
        }
        for (size_t i = 0; i < 2; i++)
                ck_ok(rmmap_raw_write(file, i * MIB, data, MIB));
        before = by_call(file);
        ck_assert_uint_eq(before, 2 * MIB);
        ck_ok(rmmap_raw_write(file, 5, "by the mapping", 14));
        ck_ok(rmmap_raw_write(file, MIB, data, MIB));
        ck_assert_uint_eq(by_call(file), before);
        ck_ok(rmmap_sync_all(file));
        ck_ok(rmmap_raw_write(file, MIB, data, MIB));
        ck_assert_uint_eq(by_call(file), before + MIB);
        ck_assert(test_file_holds(test_path("ways"), 5, "by the mapping", 14));
        ck_assert(test_file_holds(test_path("ways"), MIB, data, MIB));
        rmmap_release(file);
}
END_TEST

/* The caller's word that writes are few and far apart. */
START_TEST(scattered_writes_never_warm)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;

        options.pattern = RMMAP_PATTERN_SCATTERED;
        ck_ok(rmmap_create(test_path("scattered"), 2 * MIB, &options, &file));
        if (by_call(file) != UINT64_MAX) {
                for (uint64_t i = 0; i < 100; i++)
                        ck_ok(rmmap_raw_write(file, 4096 * i, "x", 1));
                ck_assert_uint_eq(by_call(file), 100);
        }
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("windows");
        TCase *core = tcase_create("core");

        tcase_add_test(core, large_writes_fill_by_one_pass);
        tcase_add_test(core, small_writes_fill_after_some);
        tcase_add_test(core, windows_in_order);
        tcase_add_test(core, what_each_state_is_good_for);
        tcase_add_test(core, each_write_takes_its_way);
        tcase_add_test(core, scattered_writes_never_warm);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
