/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The reusing allocator in one thread, straight through its ops; and rmmap_allocate_at. */
#include <stdlib.h>

#include "support.h"

#define A UINT64_C(4096)
#define BLOCKS 1000
#define TOTAL (BLOCKS * A + 100)

static const struct rmmap_allocator_ops *ops;

static void *create(uint64_t first, uint64_t total, uint64_t flags)
{
        struct rmmap_allocator_args args = {sizeof(args), NULL, first, total, A, flags, 0};
        void *state = NULL;

        ops = rmmap_reusing_allocator();
        ck_ok(ops->create(&args, &state));
        return state;
}

/* What allocate gives must be just this. */
static void expect(void *state, uint64_t size, uint32_t flags, uint64_t start, uint64_t end)
{
        uint64_t from = 0, to = 0;

        ck_ok(ops->allocate(state, size, flags, &from, &to));
        ck_assert_msg(from == start && to == end, "[%llu, %llu), not [%llu, %llu)",
                      (unsigned long long)from, (unsigned long long)to, (unsigned long long)start,
                      (unsigned long long)end);
}

static void expect_full(void *state)
{
        uint64_t from, to;

        ck_assert_uint_eq(ops->remaining(state), 0);
        ck_is(ops->allocate(state, 1, 0, &from, &to), -ENOSPC);
        ck_is(ops->allocate(state, 1, RMMAP_ALLOCATE_EXACT, &from, &to), -ENOSPC);
}

/* Give everything back in pieces, in an odd order, and get it in one piece. */
START_TEST(all_back_all_again)
{
        void *state = create(0, BLOCKS * A, 0);

        for (uint64_t at = 0; at < BLOCKS * A; at += 8 * A)
                expect(state, 8 * A, 0, at, at + 8 * A);
        expect_full(state);
        for (uint64_t i = 0; i < BLOCKS; i++) {
                uint64_t at = i * 7 % BLOCKS * A;

                ck_ok(ops->give_back(state, at, at + A));
                ck_assert_uint_eq(ops->remaining(state), (i + 1) * A);
        }
        expect(state, BLOCKS * A, RMMAP_ALLOCATE_EXACT, 0, BLOCKS * A);
        expect_full(state);
        ops->destroy(state);
}
END_TEST

/* The run begins among what was given back, and goes on in what was never handed out. */
START_TEST(exact_over_the_frontier)
{
        void *state = create(0, BLOCKS * A, 0);

        expect(state, 100 * A, 0, 0, 100 * A);
        ck_ok(ops->give_back(state, 40 * A, 100 * A));
        expect(state, 960 * A, RMMAP_ALLOCATE_EXACT, 40 * A, BLOCKS * A);
        expect_full(state);
        ops->destroy(state);
}
END_TEST

START_TEST(short_pieces_come_last)
{
        void *state = create(0, TOTAL, 0);

        expect(state, 10 * A, 0, 0, 10 * A);
        ck_ok(ops->give_back(state, 2 * A, 3 * A));
        ck_ok(ops->give_back(state, 5 * A, 9 * A));
        expect(state, 4 * A, 0, 10 * A, 14 * A); /* the first piece is too short, and passed */
        expect(state, 4 * A, 0, 5 * A, 9 * A);   /* the next one does */
        expect(state, TOTAL, 0, 14 * A, TOTAL);
        expect(state, 4 * A, 0, 2 * A, 3 * A); /* nothing else is left */
        expect_full(state);
        ops->destroy(state);
}
END_TEST

START_TEST(searches_go_on)
{
        void *state = create(0, BLOCKS * A, 0);

        expect(state, BLOCKS * A, 0, 0, BLOCKS * A);
        for (uint64_t at = 0; at < BLOCKS; at += 2)
                ck_ok(ops->give_back(state, at * A, (at + 1) * A));
        expect(state, A, 0, 0, A);
        ck_ok(ops->give_back(state, 0, A));
        for (uint64_t at = 2; at < BLOCKS; at += 2)
                expect(state, 3 * A, 0, at * A, (at + 1) * A);
        expect(state, A, 0, 0, A);
        expect_full(state);
        ops->destroy(state);
}
END_TEST

START_TEST(gives_back_only_what_is_out)
{
        void *state = create(2 * A, TOTAL, 0);

        expect(state, 10 * A, 0, 2 * A, 12 * A);
        ck_is(ops->give_back(state, 3 * A, 3 * A), -EINVAL);
        ck_is(ops->give_back(state, 4 * A, 3 * A), -EINVAL);
        ck_is(ops->give_back(state, 100, A), -EINVAL);
        ck_is(ops->give_back(state, 11 * A, 13 * A), -EINVAL);
        ck_is(ops->give_back(state, 12 * A, 13 * A), -EINVAL);
        ck_is(ops->give_back(state, 0, TOTAL + A), -EINVAL);
        ck_is(ops->give_back(state, 0, UINT64_MAX), -EINVAL);
        ck_is(ops->give_back(NULL, 0, A), -EINVAL);
        ck_assert_uint_eq(ops->remaining(state), TOTAL - 12 * A);
        ck_ok(ops->give_back(state, 3 * A, 5 * A));
        ck_is(ops->give_back(state, 3 * A, 5 * A), -EINVAL);
        ck_is(ops->give_back(state, 4 * A, 6 * A), -EINVAL);
        ck_is(ops->give_back(state, 2 * A, 4 * A), -EINVAL);
        ck_assert_uint_eq(ops->remaining(state), TOTAL - 10 * A);
        ck_ok(ops->give_back(state, 0, A)); /* it was out before */
        ck_assert_uint_eq(ops->remaining(state), TOTAL - 9 * A);
        ops->destroy(state);
}
END_TEST

START_TEST(claims)
{
        void *state = create(4 * A, TOTAL, 0);

        expect(state, 4 * A, 0, 4 * A, 8 * A);
        ck_ok(ops->claim(state, 0, 4 * A));
        ck_is(ops->claim(state, 0, 5 * A), -EBUSY);
        ck_is(ops->claim(state, 7 * A, 9 * A), -ERANGE);
        ck_ok(ops->give_back(state, A, 2 * A));
        ck_is(ops->claim(state, 0, 2 * A), -ERANGE);
        ck_ok(ops->claim(state, 2 * A, 4 * A));
        expect(state, A, 0, A, 2 * A);
        ck_is(ops->claim(state, 0, 4 * A), -EBUSY);
        ck_ok(ops->claim(state, 0, A));
        ops->destroy(state);
}
END_TEST

START_TEST(takes_a_place)
{
        void *state = create(0, TOTAL, 0);

        ck_ok(ops->allocate_at(state, 100 * A, 200 * A));
        ck_assert_uint_eq(ops->remaining(state), TOTAL - 100 * A);
        ck_is(ops->allocate_at(state, 199 * A, 201 * A), -EBUSY);
        ck_is(ops->allocate_at(state, 0, 101 * A), -EBUSY);
        ck_ok(ops->allocate_at(state, 50 * A, 60 * A));
        ck_is(ops->allocate_at(state, 55 * A, 56 * A), -EBUSY);
        ck_ok(ops->allocate_at(state, 990 * A, TOTAL));
        ck_is(ops->allocate_at(state, 100, A), -EINVAL);
        ck_is(ops->allocate_at(state, 0, A + 100), -EINVAL);
        ck_is(ops->allocate_at(state, A, A), -EINVAL);
        ck_is(ops->allocate_at(state, 0, TOTAL + A), -ERANGE);
        ck_assert_uint_eq(ops->remaining(state), TOTAL - 110 * A - 10 * A - 100);
        expect(state, 50 * A, RMMAP_ALLOCATE_EXACT, 0, 50 * A);
        expect(state, 790 * A, RMMAP_ALLOCATE_EXACT, 200 * A, 990 * A);
        expect(state, TOTAL, 0, 60 * A, 100 * A);
        expect_full(state);
        ck_ok(ops->give_back(state, BLOCKS * A, TOTAL));
        ck_assert_uint_eq(ops->remaining(state), 100);
        expect(state, A, 0, BLOCKS * A, TOTAL);
        ops->destroy(state);
}
END_TEST

/* The short last block: out it stays short; free it becomes whole. */
START_TEST(grows)
{
        void *state = create(0, 10 * A + 100, 0);

        expect(state, 11 * A, 0, 0, 10 * A + 100);
        ck_is(ops->grow(state, 10 * A), -EINVAL);
        ck_ok(ops->grow(state, 20 * A + 50));
        ck_assert_uint_eq(ops->remaining(state), 9 * A + 50);
        expect(state, 2 * A, 0, 11 * A, 13 * A);
        ck_ok(ops->give_back(state, 10 * A, 10 * A + 100));
        ck_assert_uint_eq(ops->remaining(state), 8 * A + 50);
        expect(state, A, RMMAP_ALLOCATE_EXACT, 10 * A, 11 * A);
        ck_ok(ops->grow(state, 20 * A + 50));
        expect(state, 8 * A, 0, 13 * A, 20 * A + 50);
        expect_full(state);
        ck_ok(ops->give_back(state, 20 * A, 20 * A + 50));
        ck_ok(ops->grow(state, 3000 * A)); /* more words, so more segments */
        ck_assert_uint_eq(ops->remaining(state), 2980 * A);
        expect(state, 2980 * A, RMMAP_ALLOCATE_EXACT, 20 * A, 3000 * A);
        ck_ok(ops->give_back(state, 0, 3000 * A));
        ck_assert_uint_eq(ops->remaining(state), 3000 * A);
        expect(state, 3000 * A, RMMAP_ALLOCATE_EXACT, 0, 3000 * A);
        expect_full(state);
        ck_is(ops->grow(state, (UINT64_C(1) << 47) + A), -ERANGE);
        ops->destroy(state);
}
END_TEST

/* Into a larger file; what was free is free, what lies beyond it too. */
START_TEST(restores_holes)
{
        void *state = create(0, TOTAL, 0), *later = create(0, TOTAL + 10 * A, 0);
        unsigned char saved[4096];
        size_t length = sizeof(saved), small;

        expect(state, TOTAL, 0, 0, TOTAL);
        ck_ok(ops->save(state, NULL, &small));
        for (uint64_t at = 0; at < 300; at += 3)
                ck_ok(ops->give_back(state, at * A, (at + 1) * A));
        ck_ok(ops->give_back(state, BLOCKS * A, TOTAL));
        ck_ok(ops->save(state, saved, &length));
        ck_assert_uint_eq(length, small + 6 * 16); /* a pair for each 64 blocks with a free one */
        ck_ok(ops->restore(later, saved, length));
        ck_assert_uint_eq(ops->remaining(later), 110 * A + 100);
        ck_is(ops->restore(later, saved, length), -EBUSY);
        ck_ok(ops->claim(later, A, 3 * A));
        ck_is(ops->claim(later, 0, A), -ERANGE);
        for (int i = 0; i < 100; i++) {
                ck_ok(ops->allocate_at(later, (uint64_t)i * 3 * A, ((uint64_t)i * 3 + 1) * A));
                ck_is(ops->claim(later, (uint64_t)i * 3 * A, ((uint64_t)i * 3 + 1) * A), -EBUSY);
        }
        expect(later, 10 * A, RMMAP_ALLOCATE_EXACT, BLOCKS * A, (BLOCKS + 10) * A);
        expect(later, A, 0, (BLOCKS + 10) * A, TOTAL + 10 * A);
        expect_full(later);
        ops->destroy(later);
        later = create(0, TOTAL - A, 0);
        ck_is(ops->restore(later, saved, length), -EBADMSG);
        ck_assert_uint_eq(ops->remaining(later), TOTAL - A);
        ops->destroy(later);
        ops->destroy(state);
}
END_TEST

/* Any sequence of calls, compared with a plain map of bytes. */
START_TEST(as_a_plain_map)
{
        static unsigned char out[BLOCKS * 4];
        uint64_t seed = test_seed() + (uint64_t)_i, total = (uint64_t)(_i + 1) * 97 * A, left;
        void *state = create(0, total, 0);

        memset(out, 0, sizeof(out));
        for (int i = 0; i < 20000; i++) {
                uint64_t at = test_random(&seed) % (total / A);
                uint64_t end = at + 1 + test_random(&seed) % 100, from, to, run = 0;
                bool exact = test_random(&seed) % 2;
                int err;

                if (end > total / A)
                        end = total / A;
                for (uint64_t b = at; b < end; b++)
                        run += out[b] == out[at];
                switch (test_random(&seed) % 4) {
                case 0: /* whatever is there */
                        err = ops->give_back(state, at * A, end * A);
                        ck_is(err, run == end - at && out[at] ? 0 : -EINVAL);
                        if (err == 0)
                                memset(out + at, 0, (size_t)(end - at));
                        break;
                case 1:
                        err = ops->allocate_at(state, at * A, end * A);
                        ck_is(err, run == end - at && !out[at] ? 0 : -EBUSY);
                        if (err == 0)
                                memset(out + at, 1, (size_t)(end - at));
                        break;
                default:
                        err = ops->allocate(state, (end - at) * A, exact ? RMMAP_ALLOCATE_EXACT : 0,
                                            &from, &to);
                        left = 0;
                        for (uint64_t b = 0, length = 0; b < total / A; b++) {
                                length = out[b] ? 0 : length + 1;
                                left = length > left ? length : left;
                        }
                        ck_is(err, left >= (exact ? end - at : 1) ? 0 : -ENOSPC);
                        if (err == 0) {
                                ck_assert_uint_le(to - from, (end - at) * A);
                                for (uint64_t b = from / A; b < to / A; b++)
                                        ck_assert_int_eq(out[b]++, 0);
                        }
                }
                if (i % 5000 == 4999 && total < 3 * BLOCKS * A) {
                        total += 333 * A;
                        ck_ok(ops->grow(state, total));
                }
                left = 0;
                for (uint64_t b = 0; b < total / A; b++)
                        left += out[b] ? 0 : A;
                ck_assert_uint_eq(ops->remaining(state), left);
        }
        ops->destroy(state);
}
END_TEST

START_TEST(through_a_handle)
{
        struct rmmap_options options = test_options(RMMAP_NO_PREALLOCATE, 0);
        struct rmmap_range one, two;
        struct rmmap_file *file;

        options.allocator = rmmap_reusing_allocator();
        ck_ok(rmmap_create(test_path("handle"), TOTAL, &options, &file));
        ck_ok(rmmap_allocate_at(file, 10 * A, 20 * A, &one));
        ck_assert_uint_eq(rmmap_range_start(one), 10 * A);
        ck_assert_uint_eq(rmmap_range_end(one), 20 * A);
        ck_is(rmmap_allocate_at(file, 19 * A, 20 * A, &two), -EBUSY);
        ck_is(rmmap_claim_range(file, 10 * A, 20 * A, &two), -EBUSY);
        ck_ok(rmmap_give_back_range(file, one));
        ck_is(rmmap_give_back_range(file, one), -EINVAL);
        ck_is(rmmap_claim_range(file, 10 * A, 20 * A, &two), -ERANGE);
        ck_ok(rmmap_allocate_at(file, BLOCKS * A, TOTAL, &two));
        ck_assert_uint_eq(rmmap_allocated(file), 100);
        ck_ok(rmmap_unclaim_range(file, two));
        ck_is(rmmap_give_back_range(file, two), -EINVAL);
        ck_ok(rmmap_claim_range(file, BLOCKS * A, TOTAL, &two));
        ck_ok(rmmap_give_back_range(file, two));
        ck_assert_uint_eq(rmmap_allocated(file), 0);
        ck_ok(rmmap_allocate_exact(file, BLOCKS * A, &one));
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("reusing");
        TCase *cases = tcase_create("reusing");

        tcase_set_timeout(cases, 60);
        tcase_add_test(cases, all_back_all_again);
        tcase_add_test(cases, exact_over_the_frontier);
        tcase_add_test(cases, short_pieces_come_last);
        tcase_add_test(cases, searches_go_on);
        tcase_add_test(cases, gives_back_only_what_is_out);
        tcase_add_test(cases, claims);
        tcase_add_test(cases, takes_a_place);
        tcase_add_test(cases, grows);
        tcase_add_test(cases, restores_holes);
        tcase_add_loop_test(cases, as_a_plain_map, 0, 6);
        tcase_add_test(cases, through_a_handle);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
