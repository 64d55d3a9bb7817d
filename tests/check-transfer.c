/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Writing and reading ranges with each engine. The test reads the result by pread, including every
 * other byte of the file.
 */
#include <stdlib.h>
#include <unistd.h>

#include "setups.h"

#define SLICE ((size_t)256 << 10) /* large copies go in slices of this */
#define SIZE (4 * SLICE + 3 * 4096 + 1234)

/* A file with ranges before and after the one under test; *file NULL: not possible here. */
static void three_ranges(int setup, uint64_t first, uint64_t length, struct rmmap_file **file,
                         struct rmmap_range *range)
{
        struct rmmap_range neighbour;

        *file = setup_file(setup, "transfer", SIZE);
        if (*file == NULL)
                return;
        ck_ok(rmmap_allocate(*file, first, &neighbour));
        ck_ok(rmmap_allocate(*file, length, range));
        ck_assert_uint_eq(rmmap_range_start(*range), first);
}

/* Holds B.2. */
START_TEST(a_write_moves_its_bytes_and_no_others)
{
        static const size_t lengths[] = {4096,         SLICE - 4096, SLICE,
                                         SLICE + 4096, 2 * SLICE,    3 * SLICE + 4096};

        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
                size_t length = lengths[i];
                unsigned char *data = setup_data(8192, length), *found = malloc(length);
                struct rmmap_receipt receipt;
                struct rmmap_range range;
                struct rmmap_file *file;
                size_t got = 0;

                three_ranges(_i, 8192, length, &file, &range);
                if (file != NULL) {
                        ck_ok(rmmap_write_range(file, range, data, length, &receipt));
                        ck_assert_uint_eq(rmmap_receipt_start(receipt), 8192);
                        ck_assert_uint_eq(rmmap_receipt_end(receipt), 8192 + length);
                        ck_assert(setup_holds(SIZE, 8192, 8192 + length, data));
                        ck_ok(rmmap_read_range(file, range, found, length, &got));
                        ck_assert_uint_eq(got, length);
                        ck_assert_int_eq(memcmp(found, data, length), 0);
                }
                rmmap_release(file);
                free(data);
                free(found);
        }
}
END_TEST

/* Nothing can be moved there, and a read gives what there is before. */
START_TEST(at_the_end_there_is_nothing)
{
        struct rmmap_range range, empty, rest;
        struct rmmap_receipt receipt;
        struct rmmap_file *file;
        unsigned char found[10] = {0};
        size_t got = 7;

        three_ranges(_i, 4096, 8192, &file, &range);
        if (file == NULL)
                return;
        ck_is(rmmap_range_split_up(range, 0, &empty, &rest), RMMAP_SPLIT_BOTH);
        ck_ok(rmmap_write_range(file, empty, NULL, 0, NULL));
        ck_ok(rmmap_write_range_durable(file, empty, NULL, 0, &receipt));
        ck_ok(rmmap_sync_range(file, receipt));
        ck_ok(rmmap_read_range(file, empty, NULL, 0, &got));
        ck_assert_uint_eq(got, 0);
        ck_ok(rmmap_write_within(file, range, 8192, NULL, 0));
        ck_ok(rmmap_sync_within(file, range, 8192, 0));
        ck_ok(rmmap_raw_write(file, SIZE, NULL, 0));
        ck_ok(flushed(rmmap_raw_flush(file, SIZE, 0)));
        ck_ok(rmmap_raw_sync(file, SIZE, 0));
        ck_ok(rmmap_raw_read(file, 0, NULL, 0, NULL));
        ck_ok(rmmap_raw_read(file, SIZE - 3, found, sizeof(found), &got));
        ck_assert_uint_eq(got, 3);
        ck_assert(found[2] == test_byte(SIZE - 1) && found[3] == 0);
        ck_ok(rmmap_raw_read(file, SIZE, found, sizeof(found), &got));
        ck_assert_uint_eq(got, 0);
        ck_ok(rmmap_raw_read(file, UINT64_MAX, found, sizeof(found), &got));
        ck_assert_uint_eq(got, 0);
        ck_assert(setup_holds(SIZE, 0, 0, NULL));
        rmmap_release(file);
}
END_TEST

/* rmmap_describe reports the engine that is in use, and counts what went by calls. */
START_TEST(describe_tells_how_bytes_move)
{
        struct rmmap_info before = RMMAP_INFO_INIT, after = RMMAP_INFO_INIT;
        struct rmmap_file *file = setup_file(_i, "transfer", SIZE);

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
        Suite *suite = suite_create("transfer");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, a_write_moves_its_bytes_and_no_others, 0, setup_count);
        tcase_add_loop_test(core, at_the_end_there_is_nothing, 0, setup_count);
        tcase_add_loop_test(core, describe_tells_how_bytes_move, 0, setup_count);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
