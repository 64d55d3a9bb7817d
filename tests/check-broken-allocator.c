/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Allocators that violate their contract. The handle can't detect an overlap; but ranges that are
 * unaligned, out of bounds or empty, and results that an op may not return, are EPROTO.
 */
#include "puppet-allocator.h"
#include "support.h"

#define A UINT64_C(4096)
#define SIZE (6 * A + 100)

/* In plugins/, where allocator-contract examines them as well. */
extern const struct rmmap_allocator_ops unaligned, unrounded, past_the_end, empty, backwards,
        more_than_asked, more_than_left, forbidden_errno, positive_answer, exact_short, racy,
        counts_from_zero;

static struct puppet puppet;
static struct rmmap_file *file;

static int create(const struct rmmap_allocator_ops *ops)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.allocator = ops;
        options.allocator_config = &puppet;
        options.allocate_from = 1;
        return rmmap_create(test_path("broken"), SIZE, &options, &file);
}

static void setup(void)
{
        memset(&puppet, 0, sizeof(puppet));
        file = NULL;
}

static void teardown(void)
{
        file = rmmap_release(file);
}

static int allocate(uint64_t size, bool exact)
{
        struct rmmap_range range, marked;
        int err;

        memset(&marked, 0xa5, sizeof(marked));
        range = marked;
        err = exact ? rmmap_allocate_exact(file, size, &range) : rmmap_allocate(file, size, &range);
        if (err != 0)
                ck_assert(memcmp(&range, &marked, sizeof(range)) == 0);
        return err;
}

/* Holds F.4. */
START_TEST(ranges_that_can_not_be)
{
        static const struct {
                uint64_t start, end;
                bool exact;
                int answer;
        } answers[] = {
                {A, 2 * A, false, 0},
                {A, 2 * A, true, 0},
                {6 * A, SIZE, false, 0},
                {0, 0, false, -EPROTO}, /* empty */
                {A, A, false, -EPROTO},
                {2 * A, A, false, -EPROTO}, /* backwards */
                {UINT64_MAX - 4095, A, false, -EPROTO},
                {1, A, false, -EPROTO}, /* not aligned */
                {A + 512, 2 * A, false, -EPROTO},
                {A, A + 1, false, -EPROTO},
                {A, SIZE - 1, false, -EPROTO},
                {SIZE, SIZE, false, -EPROTO}, /* not in the file */
                {6 * A, SIZE + 1, false, -EPROTO},
                {6 * A, 7 * A, false, -EPROTO},
                {7 * A, 8 * A, false, -EPROTO},
                {0, UINT64_MAX, false, -EPROTO},
                {A, 3 * A, true, -EPROTO}, /* not exact */
                {6 * A, SIZE, true, -EPROTO},
        };

        ck_ok(create(&puppet_ops));
        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
                puppet.start = answers[i].start;
                puppet.end = answers[i].end;
                ck_assert_msg(allocate(1, answers[i].exact) == answers[i].answer, "answer %zu", i);
        }
}
END_TEST

/* The errors that any op may return. */
static bool is_common(int answer)
{
        return answer == 0 || answer == -ENOSPC || answer == -EBUSY || answer == -ENOMEM ||
               answer == -EINVAL || answer == -EOPNOTSUPP || answer == -ERANGE;
}

static int seen(int answer, int also)
{
        return is_common(answer) || answer == also ? answer : -EPROTO;
}

START_TEST(answers_that_no_op_may_give)
{
        unsigned char buffer[8];
        struct rmmap_range range;

        ck_ok(create(&puppet_ops));
        puppet.start = A;
        puppet.end = 2 * A;
        ck_ok(rmmap_allocate(file, 1, &range));
        for (int answer = -4100; answer <= 300; answer++) {
                struct rmmap_range claimed;
                size_t length = sizeof(buffer);

                puppet.allocate = puppet.give_back = puppet.claim = answer;
                puppet.save = puppet.restore = answer;
                ck_is(allocate(1, false), seen(answer, 0));
                ck_is(allocate(1, true), seen(answer, 0));
                ck_is(rmmap_give_back_range(file, range), seen(answer, 0));
                ck_is(rmmap_allocator_save(file, buffer, &length), seen(answer, -ENOBUFS));
                ck_is(rmmap_allocator_restore(file, buffer, 8),
                      answer > 0 ? -EBUSY : seen(answer, -EBADMSG)); /* after a claim */
                ck_is(rmmap_claim_range(file, 0, A, &claimed), seen(answer, 0));
        }
        puppet.allocate = INT32_MIN;
        ck_is(allocate(1, false), -EPROTO);
}
END_TEST

START_TEST(remaining_that_is_too_much)
{
        ck_ok(create(&puppet_ops));
        puppet.remaining = SIZE + 1;
        ck_assert_uint_eq(rmmap_remaining(file), SIZE);
        ck_assert_uint_eq(rmmap_allocated(file), 0);
        puppet.remaining = UINT64_MAX;
        ck_assert_uint_eq(rmmap_remaining(file), SIZE);
        ck_assert_uint_eq(rmmap_allocated(file), 0);
        puppet.remaining = A;
        ck_assert_uint_eq(rmmap_allocated(file), SIZE - A);
}
END_TEST

START_TEST(save_that_lies)
{
        unsigned char buffer[8];
        size_t length = sizeof(buffer);

        ck_ok(create(&puppet_ops));
        puppet.length = 9; /* more than it was given room for */
        ck_is(rmmap_allocator_save(file, buffer, &length), -EPROTO);
        ck_assert_uint_eq(length, sizeof(buffer));
        puppet.save = -ENOBUFS;
        ck_is(rmmap_allocator_save(file, buffer, &length), -ENOBUFS);
        ck_assert_uint_eq(length, 9);
        puppet.save = -EIO;
        puppet.length = 77;
        ck_is(rmmap_allocator_save(file, buffer, &length), -EPROTO);
        ck_assert_uint_eq(length, 9);
}
END_TEST

START_TEST(give_back_is_handed_on)
{
        struct rmmap_range range, low, high;

        ck_ok(create(&puppet_ops));
        puppet.start = A;
        puppet.end = 3 * A;
        ck_ok(rmmap_allocate(file, 1, &range));
        ck_is(rmmap_range_split_up(range, 0, &low, &high), RMMAP_SPLIT_BOTH);
        ck_ok(rmmap_give_back_range(file, low)); /* empty: the op isn't asked */
        ck_assert_uint_eq(puppet.given_end, 0);
        ck_ok(rmmap_give_back_range(file, high));
        ck_assert(puppet.given_start == A && puppet.given_end == 3 * A);
}
END_TEST

/* The allocators that the contract suite rejects, in use: the caller sees no invalid range. */
START_TEST(condemned_ones)
{
        static const struct rmmap_allocator_ops *const all[] = {
                &unaligned,
                &unrounded,
                &past_the_end,
                &empty,
                &backwards,
                &more_than_left,
                &more_than_asked,
                &forbidden_errno,
                &exact_short,
                &positive_answer,
                &racy,
                &counts_from_zero,
        };
        unsigned int refused = 0;

        ck_ok(create(all[_i]));
        for (int i = 0; i < 100; i++) {
                struct rmmap_range range;
                bool exact = i % 2 == 0;
                int err = exact ? rmmap_allocate_exact(file, A + 1, &range)
                                : rmmap_allocate(file, A + 1, &range);

                ck_assert(err == 0 || err == -ENOSPC || err == -EPROTO);
                refused += err == -EPROTO;
                if (err != 0)
                        continue;
                ck_assert(rmmap_range_start(range) % A == 0);
                ck_assert(rmmap_range_start(range) < rmmap_range_end(range));
                ck_assert(rmmap_range_end(range) <= SIZE);
                ck_assert(!exact || rmmap_range_length(range) == 2 * A);
                ck_assert(rmmap_remaining(file) <= SIZE);
        }
        ck_assert((refused > 0) == (_i < 10));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("broken-allocator");
        TCase *cases = tcase_create("through the handle");

        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, ranges_that_can_not_be);
        tcase_add_test(cases, answers_that_no_op_may_give);
        tcase_add_test(cases, remaining_that_is_too_much);
        tcase_add_test(cases, save_that_lies);
        tcase_add_test(cases, give_back_is_handed_on);
        tcase_add_loop_test(cases, condemned_ones, 0, 12);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
