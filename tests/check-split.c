/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Both splits, empty ranges, and the rounding that splits use. Examples by hand are in
 * known-library/split.c, what is refused in errors/rows.c.
 */
#include "support.h"

#define A UINT64_C(4096)
#define SIZE (6 * A + 100)
#define HIGHEST (UINT64_MAX - 4095) /* the highest multiple */

typedef int (*split_call)(struct rmmap_range range, uint64_t position, struct rmmap_range *low,
                          struct rmmap_range *high);

static struct rmmap_file *file;
static const struct rmmap_range nothing;
static const split_call splits[] = {rmmap_range_split_up, rmmap_range_split_down};

static void setup(void)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.allocate_from = SIZE; /* so that any piece can be claimed */
        options.flags = RMMAP_SHARED_CLAIMS;
        ck_ok(rmmap_create(test_path("split"), SIZE, &options, &file));
}

static void teardown(void)
{
        file = rmmap_release(file);
}

static struct rmmap_range piece(uint64_t start, uint64_t end)
{
        struct rmmap_range range = nothing, high;

        if (start != end) {
                ck_ok(rmmap_claim_range(file, start, end, &range));
        } else { /* the empty low part of what begins there */
                ck_ok(rmmap_claim_range(file, start, SIZE, &range));
                ck_is(rmmap_range_split_up(range, 0, &range, &high), RMMAP_SPLIT_BOTH);
        }
        return range;
}

static bool is(struct rmmap_range range, uint64_t start, uint64_t end)
{
        return rmmap_range_equal(range, range) && rmmap_range_start(range) == start &&
               rmmap_range_end(range) == end;
}

static bool is_zeros(struct rmmap_range range)
{
        return memcmp(&range, &nothing, sizeof(range)) == 0;
}

#define BOTH RMMAP_SPLIT_BOTH
#define LOW RMMAP_SPLIT_LOW
#define HIGH RMMAP_SPLIT_HIGH

/* The rule once more, by division. */
static void check_position(bool down, uint64_t start, uint64_t end, uint64_t position)
{
        uint64_t point = down ? (start + position) / A * A : (start + position + A - 1) / A * A;
        struct rmmap_range low, high, whole = piece(start, end);
        int got = splits[down](whole, position, &low, &high);
        int want = !down && point >= end ? LOW : down && point <= start ? HIGH : BOTH;
        bool right = got == want;

        if (want == BOTH)
                right = right && is(low, start, point) && is(high, point, end);
        if (want == LOW)
                right = right && rmmap_range_equal(low, whole) && is_zeros(high);
        if (want == HIGH)
                right = right && is_zeros(low) && rmmap_range_equal(high, whole);
        ck_assert_msg(right, "split %s at %llu of [%llu, %llu): %d", down ? "down" : "up",
                      (unsigned long long)position, (unsigned long long)start,
                      (unsigned long long)end, got);
}

START_TEST(every_position)
{
        static const uint64_t bounds[][2] = {{0, 2 * A},    {A, 4 * A}, {4 * A, SIZE},
                                             {6 * A, SIZE}, {A, 2 * A}, {2 * A, 2 * A}};

        for (size_t i = 0; i < sizeof(bounds) / sizeof(bounds[0]); i++) {
                for (uint64_t at = 0; at <= bounds[i][1] - bounds[i][0]; at++) {
                        check_position(false, bounds[i][0], bounds[i][1], at);
                        check_position(true, bounds[i][0], bounds[i][1], at);
                }
        }
}
END_TEST

/* The parts may go where the whole came from. */
START_TEST(in_place)
{
        for (int down = 0; down < 2; down++) {
                struct rmmap_range low = piece(0, 3 * A), high = low, other;

                ck_is(splits[down](low, A, &low, &other), BOTH);
                ck_assert(is(low, 0, A) && is(other, A, 3 * A));
                ck_is(splits[down](high, A, &other, &high), BOTH);
                ck_assert(is(other, 0, A) && is(high, A, 3 * A));
                ck_is(rmmap_range_split_up(low, A, &other, &low), LOW);
                ck_assert(is(other, 0, A) && is_zeros(low));
        }
}
END_TEST

START_TEST(parts_are_ranges)
{
        static unsigned char written[3 * 4096], found[3 * 4096];
        struct rmmap_range low, high, whole = piece(A, 4 * A);
        struct rmmap_receipt receipt;

        memset(written, 1, A);
        memset(written + A, 2, 2 * A);
        ck_is(rmmap_range_split_up(whole, 100, &low, &high), BOTH);
        ck_ok(rmmap_write_range(file, low, written, A, &receipt));
        ck_ok(rmmap_write_range(file, high, written + A, 2 * A, &receipt));
        ck_assert_uint_eq(rmmap_receipt_start(receipt), 2 * A);
        ck_ok(rmmap_sync_range(file, receipt));
        ck_ok(rmmap_read_range(file, whole, found, sizeof(found), NULL));
        ck_assert_int_eq(memcmp(written, found, sizeof(found)), 0);
}
END_TEST

START_TEST(empty_ranges_can_be_used)
{
        struct rmmap_range empty = piece(2 * A, 2 * A);
        struct rmmap_receipt receipt;
        size_t length = 77;
        uint64_t done = 0;
        void *data = NULL;

        ck_ok(rmmap_write_range(file, empty, NULL, 0, &receipt));
        ck_assert(rmmap_receipt_is_empty(receipt));
        ck_assert_uint_eq(rmmap_receipt_start(receipt), 2 * A);
        ck_ok(rmmap_write_range_durable(file, empty, NULL, 0, &receipt));
        ck_ok(rmmap_writev_range(file, empty, NULL, 0, &receipt));
        ck_ok(rmmap_write_range_from_fd(file, empty, -1, &done, &receipt));
        done = 2 * A; /* of a range that is complete, nothing is read either */
        ck_ok(rmmap_write_range_from_fd(file, piece(0, 2 * A), -1, &done, &receipt));
        ck_ok(rmmap_mark_written(file, empty, &receipt));
        ck_ok(rmmap_write_within(file, empty, 0, NULL, 0));
        ck_ok(rmmap_read_range(file, empty, NULL, 0, &length));
        ck_assert_uint_eq(length, 0);
        ck_ok(rmmap_read_within(file, empty, 0, NULL, 0));
        ck_ok(rmmap_range_data(file, empty, &data));
        ck_ok(rmmap_flush_range(file, receipt));
        ck_ok(rmmap_sync_range(file, receipt));
        ck_ok(rmmap_sync_within(file, empty, 0, 0));
        ck_ok(rmmap_give_back_range(file, empty));
}
END_TEST

START_TEST(align_rounds_and_saturates)
{
        uint64_t state = test_seed();

        ck_assert_uint_eq(rmmap_align_up(1), A);
        ck_assert_uint_eq(rmmap_align_up(A), A);
        ck_assert_uint_eq(rmmap_align_down(2 * A - 1), A);
        ck_assert_uint_eq(rmmap_align_down(UINT64_MAX), HIGHEST);
        for (uint64_t past = 0; past < A; past++)
                ck_assert_uint_eq(rmmap_align_up(HIGHEST + past), HIGHEST);
        for (int i = 0; i < 200000; i++) {
                uint64_t offset = test_random(&state) >> (test_random(&state) % 64);
                uint64_t up = rmmap_align_up(offset), down = rmmap_align_down(offset);

                ck_assert(down % A == 0 && down <= offset && offset - down < A);
                ck_assert(up % A == 0);
                ck_assert(offset > HIGHEST ? up == HIGHEST : up - down == (offset % A ? A : 0));
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("split");
        TCase *cases = tcase_create("splits");
        TCase *align = tcase_create("align");

        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_set_timeout(cases, 60);
        tcase_add_test(cases, every_position);
        tcase_add_test(cases, in_place);
        tcase_add_test(cases, parts_are_ranges);
        tcase_add_test(cases, empty_ranges_can_be_used);
        tcase_add_test(align, align_rounds_and_saturates);
        suite_add_tcase(suite, cases);
        suite_add_tcase(suite, align);
        return test_run(suite);
}
