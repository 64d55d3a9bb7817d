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

START_TEST(the_short_range_at_the_end)
{
        static const size_t sizes[] = {1, 4095, 4097, 8191, SLICE + 1, SLICE + 4097};

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                size_t size = sizes[i], start = size / 4096 * 4096, length = size - start;
                struct rmmap_file *file = setup_file(_i, "short", size);
                unsigned char *data = setup_data(start, length), found[4096];
                struct rmmap_range before, range;

                if (file != NULL) {
                        if (start != 0)
                                ck_ok(rmmap_allocate(file, start, &before));
                        ck_ok(rmmap_allocate(file, 4096, &range));
                        ck_assert_uint_eq(rmmap_range_length(range), length);
                        ck_ok(rmmap_write_range(file, range, data, length, NULL));
                        ck_assert(setup_holds(size, start, size, data));
                        ck_ok(rmmap_read_range(file, range, found, sizeof(found), NULL));
                        ck_assert_int_eq(memcmp(found, data, length), 0);
                }
                rmmap_release(file);
                free(data);
        }
}
END_TEST

/* Wrong lengths are refused before any byte is copied, and out-parameters stay unchanged. */
/* Holds B.3, F.3. */
START_TEST(wrong_lengths_move_nothing)
{
        static const size_t wrong[] = {0, 1, 8191, 8193, 12288, SIZE};
        unsigned char *data = setup_data(0, SIZE), *buffer = calloc(1, SIZE);
        struct rmmap_receipt receipt = {{7, 7, 7, 7}};
        struct rmmap_range range;
        struct rmmap_file *file;
        size_t got = 77;

        three_ranges(_i, 8192, 8192, &file, &range);
        for (size_t i = 0; file != NULL && i < sizeof(wrong) / sizeof(wrong[0]); i++) {
                struct iovec piece = {.iov_base = data, .iov_len = wrong[i]};

                ck_is(rmmap_write_range(file, range, data, wrong[i], &receipt), -EMSGSIZE);
                ck_is(rmmap_write_range_durable(file, range, data, wrong[i], &receipt), -EMSGSIZE);
                ck_is(rmmap_writev_range(file, range, &piece, 1, &receipt), -EMSGSIZE);
                ck_assert_uint_eq(receipt.opaque[0] + receipt.opaque[3], 14);
                if (wrong[i] < 8192)
                        ck_is(rmmap_read_range(file, range, buffer, wrong[i], &got), -ENOBUFS);
        }
        ck_assert_uint_eq(got, 77);
        ck_assert_uint_eq(buffer[0], 0);
        if (file != NULL)
                ck_assert(setup_holds(SIZE, 0, 0, NULL));
        rmmap_release(file);
        free(data);
        free(buffer);
}
END_TEST

/* Holds B.3, F.3. */
START_TEST(pieces_outside_their_range_move_nothing)
{
        static const struct {
                uint64_t offset;
                size_t length;
        } outside[] = {{0, 8193},     {8192, 1},           {8193, 0},
                       {4096, 4097},  {UINT64_MAX, 1},     {UINT64_MAX, 0},
                       {1, SIZE_MAX}, {UINT64_MAX - 1, 4}, {8191, 2}};
        unsigned char *data = setup_data(0, SIZE), *buffer = calloc(1, SIZE);
        struct rmmap_range range;
        struct rmmap_file *file;

        three_ranges(_i, 8192, 8192, &file, &range);
        for (size_t i = 0; file != NULL && i < sizeof(outside) / sizeof(outside[0]); i++) {
                uint64_t offset = outside[i].offset;
                /* The compiler sees constant lengths that no buffer has. */
                volatile size_t length = outside[i].length;

                ck_is(rmmap_write_within(file, range, offset, data, length), -ERANGE);
                ck_is(rmmap_read_within(file, range, offset, buffer, length), -ERANGE);
        }
        ck_assert_uint_eq(buffer[0], 0);
        if (file != NULL) {
                ck_ok(rmmap_write_within(file, range, 8192, data, 0)); /* nothing, at the end */
                ck_ok(rmmap_write_within(file, range, 0, NULL, 0));
                ck_assert(setup_holds(SIZE, 0, 0, NULL));
        }
        rmmap_release(file);
        free(data);
        free(buffer);
}
END_TEST

START_TEST(pieces_within_a_range)
{
        static const struct {
                size_t offset, length;
        } pieces[] = {{0, 1},
                      {1, 1},
                      {4095, 2},
                      {4096, 4096},
                      {12345, 777},
                      {1, SLICE - 1},
                      {1, SLICE},
                      {1, SLICE + 1},
                      {4095, 2 * SLICE + 2},
                      {3 * SLICE - 1, 1}};

        for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
                size_t offset = pieces[i].offset, length = pieces[i].length;
                size_t start = 4096 + offset;
                unsigned char *data = setup_data(start, length), *found = malloc(length);
                struct rmmap_receipt receipt;
                struct rmmap_range range;
                struct rmmap_file *file;

                three_ranges(_i, 4096, 3 * SLICE, &file, &range);
                if (file != NULL) {
                        ck_ok(rmmap_write_within(file, range, offset, data, length));
                        ck_assert(setup_holds(SIZE, start, start + length, data));
                        ck_ok(rmmap_read_within(file, range, offset, found, length));
                        ck_assert_int_eq(memcmp(found, data, length), 0);
                        ck_ok(rmmap_mark_written(file, range, &receipt));
                        ck_assert(rmmap_range_equal(rmmap_receipt_range(receipt), range));
                }
                rmmap_release(file);
                free(data);
                free(found);
        }
}
END_TEST

START_TEST(a_write_gathers_pieces)
{
        unsigned char *data = setup_data(4096, 8192);
        struct iovec pieces[] = {{data, 1},       {NULL, 0},           {data + 1, 4095},
                                 {data, 0},       {data + 4096, 4000}, {data + 8096, 96},
                                 {data, SIZE_MAX}};
        struct rmmap_receipt receipt = {{7, 7, 7, 7}};
        struct rmmap_range range;
        struct rmmap_file *file;

        three_ranges(_i, 4096, 8192, &file, &range);
        if (file != NULL) {
                ck_is(rmmap_writev_range(file, range, pieces, 5, &receipt), -EMSGSIZE);
                ck_is(rmmap_writev_range(file, range, pieces, 7, &receipt), -EMSGSIZE);
                ck_is(rmmap_writev_range(file, range, pieces, -1, &receipt), -EINVAL);
                ck_is(rmmap_writev_range(file, range, NULL, 1, &receipt), -EINVAL);
                pieces[1].iov_len = 1;
                ck_is(rmmap_writev_range(file, range, pieces, 6, &receipt), -EINVAL);
                pieces[1].iov_len = 0;
                ck_assert_uint_eq(receipt.opaque[0], 7);
                ck_assert(setup_holds(SIZE, 0, 0, NULL));
                ck_ok(rmmap_writev_range(file, range, pieces, 6, &receipt));
                ck_assert_uint_eq(rmmap_receipt_length(receipt), 8192);
                ck_assert(setup_holds(SIZE, 4096, 12288, data));
        }
        rmmap_release(file);
        free(data);
}
END_TEST

START_TEST(an_empty_range_takes_nothing)
{
        struct rmmap_range range, low, high;
        struct rmmap_receipt receipt;
        struct rmmap_file *file;
        char byte = 'x';
        size_t got = 7;

        three_ranges(_i, 4096, 8192, &file, &range);
        if (file == NULL)
                return;
        ck_is(rmmap_range_split_up(range, 0, &low, &high), RMMAP_SPLIT_BOTH);
        ck_ok(rmmap_write_range(file, low, NULL, 0, &receipt));
        ck_assert(rmmap_receipt_is_empty(receipt));
        ck_is(rmmap_write_range(file, low, &byte, 1, &receipt), -EMSGSIZE);
        ck_ok(rmmap_write_range_durable(file, low, NULL, 0, &receipt));
        ck_ok(rmmap_sync_range(file, receipt));
        ck_ok(rmmap_flush_range(file, receipt));
        ck_ok(rmmap_writev_range(file, low, NULL, 0, NULL));
        ck_ok(rmmap_read_range(file, low, NULL, 0, &got));
        ck_assert_uint_eq(got, 0);
        ck_assert(setup_holds(SIZE, 0, 0, NULL));
        rmmap_release(file);
}
END_TEST

/* Addresses in the mapping: stores reach the file, and writes by calls are visible. */
START_TEST(data_and_view)
{
        unsigned char *data = setup_data(8192, 8192);
        struct rmmap_range range;
        struct rmmap_file *file;
        const void *view;
        void *bytes;

        three_ranges(_i, 8192, 8192, &file, &range);
        if (file != NULL) {
                ck_ok(rmmap_range_data(file, range, &bytes));
                ck_ok(rmmap_range_view(file, range, &view));
                ck_assert_ptr_eq(bytes, view);
                ck_assert_uint_eq(*(const unsigned char *)view, test_byte(8192));
                memcpy(bytes, data, 8192);
                ck_assert(setup_holds(SIZE, 8192, 16384, data));
                ck_ok(rmmap_write_within(file, range, 8191, "w", 1));
                ck_assert_int_eq(((const char *)view)[8191], 'w');
        }
        rmmap_release(file);
        free(data);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("transfer");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, a_write_moves_its_bytes_and_no_others, 0, setup_count);
        tcase_add_loop_test(core, the_short_range_at_the_end, 0, setup_count);
        tcase_add_loop_test(core, wrong_lengths_move_nothing, 0, setup_count);
        tcase_add_loop_test(core, pieces_outside_their_range_move_nothing, 0, setup_count);
        tcase_add_loop_test(core, pieces_within_a_range, 0, setup_count);
        tcase_add_loop_test(core, a_write_gathers_pieces, 0, setup_count);
        tcase_add_loop_test(core, an_empty_range_takes_nothing, 0, setup_count);
        tcase_add_loop_test(core, data_and_view, 0, setup_count);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
