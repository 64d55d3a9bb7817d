/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ownership of bytes: claims, unclaims, decodes. Each test runs once for each built-in allocator,
 * except tests of a program's own allocator. See check-claim-threads.c for threads that claim at
 * the same time.
 */
#include "support.h"

#define A UINT64_C(4096)
#define SIZE (6 * A + 100) /* six blocks and a short end */

static struct rmmap_file *file;

static const struct rmmap_allocator_ops *builtin(int which)
{
        return which == 0 ? rmmap_concurrent_allocator() : rmmap_sequential_allocator();
}

/* A file whose first three blocks were in use before; the next two are allocated. */
static void use(int which, uint32_t flags)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_range range;

        options.allocator = builtin(which);
        options.allocate_from = 3 * A;
        options.flags = flags;
        ck_ok(rmmap_create(test_path("claim"), SIZE, &options, &file));
        ck_ok(rmmap_allocate(file, 2 * A, &range));
}

static void teardown(void)
{
        file = rmmap_release(file);
}

static struct rmmap_range claim(uint64_t start, uint64_t end)
{
        struct rmmap_range range;

        ck_ok(rmmap_claim_range(file, start, end, &range));
        ck_assert_uint_eq(rmmap_range_start(range), start);
        ck_assert_uint_eq(rmmap_range_end(range), end);
        return range;
}

static void refused(uint64_t start, uint64_t end, int answer)
{
        struct rmmap_range range, marked;

        memset(&marked, 0xa5, sizeof(marked));
        range = marked;
        ck_is(rmmap_claim_range(file, start, end, &range), answer);
        ck_assert(memcmp(&range, &marked, sizeof(range)) == 0);
}

START_TEST(claim_has_rules)
{
        static const struct {
                uint64_t start, end;
                int answer;
        } claims[] = {
                {3 * A, 5 * A, -EBUSY},                          /* allocated */
                {4 * A, 5 * A, -EBUSY},  {2 * A, 4 * A, -EBUSY}, /* in part */
                {0, 6 * A, -EBUSY},                              /* and in part not handed out */
                {4 * A, SIZE, -EBUSY},   {0, SIZE, -EBUSY},
                {5 * A, 6 * A, -ERANGE}, /* not handed out */
                {5 * A, SIZE, -ERANGE},  {6 * A, SIZE, -ERANGE},
                {0, 7 * A, -ERANGE},                      /* past the end */
                {7 * A, 8 * A, -ERANGE}, {A, A, -EINVAL}, /* nothing */
                {2 * A, A, -EINVAL},     {UINT64_MAX, 0, -EINVAL},
                {1, A, -EINVAL}, /* no whole blocks */
                {0, A - 1, -EINVAL},     {0, 100, -EINVAL},
        };

        use(_i, 0);
        for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
                refused(claims[i].start, claims[i].end, claims[i].answer);
        claim(0, A);
        claim(A, 3 * A);
        ck_assert_uint_eq(rmmap_allocated(file), 5 * A); /* claims change nothing */
}
END_TEST

/* A claimed range has one owner until it is unclaimed. A claim that fails keeps nothing. */
START_TEST(one_owner_at_a_time)
{
        struct rmmap_range middle;

        use(_i, 0);
        middle = claim(A, 2 * A);
        refused(A, 2 * A, -EBUSY);
        refused(0, 3 * A, -EBUSY);
        refused(0, 2 * A, -EBUSY);
        refused(A, 6 * A, -EBUSY);
        claim(0, A); /* so those that failed have left it */
        claim(2 * A, 3 * A);
        ck_ok(rmmap_unclaim_range(file, middle));
        refused(0, 2 * A, -EBUSY);
        claim(A, 2 * A);
}
END_TEST

/* Unclaiming also ends the ownership of allocated ranges, and does nothing else. */
START_TEST(allocated_ranges_are_unclaimed)
{
        unsigned char block[4096] = "written before", found[4096];
        struct rmmap_range range, next;
        struct rmmap_receipt receipt;

        use(_i, 0);
        ck_ok(rmmap_allocate(file, A, &range));
        ck_ok(rmmap_write_range(file, range, block, sizeof(block), &receipt));
        ck_ok(rmmap_unclaim_range(file, range));
        ck_assert_uint_eq(rmmap_allocated(file), 6 * A);
        next = claim(5 * A, 6 * A);
        ck_assert(rmmap_range_equal(range, next)); /* so a use of the old one goes unnoticed */
        ck_ok(rmmap_read_range(file, next, found, sizeof(found), NULL));
        ck_assert_mem_eq(found, block, sizeof(found));
        ck_ok(rmmap_sync_range(file, receipt));
        refused(5 * A, 6 * A, -EBUSY);
        ck_ok(rmmap_allocate(file, A, &next)); /* never the unclaimed bytes */
        ck_assert_uint_eq(rmmap_range_start(next), 6 * A);
}
END_TEST

/* Parts are unclaimed one by one; a part can't be unclaimed twice. */
START_TEST(parts_are_unclaimed)
{
        struct rmmap_range whole, low, high;

        use(_i, 0);
        whole = claim(0, 3 * A);
        ck_is(rmmap_range_split_up(whole, A, &low, &high), RMMAP_SPLIT_BOTH);
        ck_ok(rmmap_unclaim_range(file, low));
        ck_is(rmmap_unclaim_range(file, low), -EINVAL);
        ck_is(rmmap_unclaim_range(file, whole), -EINVAL);
        ck_is(rmmap_unclaim_range(file, whole), -EINVAL); /* and it changed nothing */
        refused(0, 3 * A, -EBUSY);
        claim(0, A);
        ck_ok(rmmap_unclaim_range(file, high));
        ck_ok(rmmap_unclaim_range(file, low)); /* a copy is as good as the range */
        claim(0, 3 * A);
}
END_TEST

START_TEST(decode_claims_too)
{
        unsigned char bytes[RMMAP_RANGE_ENCODED_SIZE], proof[RMMAP_RECEIPT_ENCODED_SIZE];
        struct rmmap_range range, decoded;
        struct rmmap_receipt receipt;

        use(_i, 0);
        range = claim(A, 2 * A);
        ck_ok(rmmap_mark_written(file, range, &receipt));
        ck_ok(rmmap_range_encode(range, bytes, sizeof(bytes)));
        ck_ok(rmmap_receipt_encode(receipt, proof, sizeof(proof)));
        ck_is(rmmap_range_decode(file, bytes, sizeof(bytes), &decoded), -EBUSY);
        ck_ok(rmmap_receipt_decode(file, proof, sizeof(proof), &receipt)); /* takes nothing */
        ck_ok(rmmap_unclaim_range(file, range));
        ck_ok(rmmap_receipt_decode(file, proof, sizeof(proof), &receipt));
        ck_ok(rmmap_range_decode(file, bytes, sizeof(bytes), &decoded));
        refused(A, 2 * A, -EBUSY);
        ck_ok(rmmap_unclaim_range(file, decoded));
        claim(0, 3 * A);
        rmmap_release(file);
        ck_ok(rmmap_open(test_path("claim"), NULL, &file));
        ck_ok(rmmap_receipt_decode(file, proof, sizeof(proof), &receipt));
        ck_is(rmmap_unclaim_range(file, rmmap_receipt_range(receipt)), -EINVAL);
        claim(A, 2 * A);
}
END_TEST

/* Shared claims may overlap each other, but never an allocated range. */
START_TEST(shared_claims)
{
        struct rmmap_range one, two, allocated;

        use(_i, RMMAP_SHARED_CLAIMS);
        one = claim(0, 2 * A);
        two = claim(A, 3 * A);
        refused(2 * A, 4 * A, -EBUSY);
        refused(5 * A, 6 * A, -ERANGE);
        ck_ok(rmmap_unclaim_range(file, one));
        ck_ok(rmmap_unclaim_range(file, two));
        claim(0, 3 * A);
        ck_ok(rmmap_allocate(file, A, &allocated));
        refused(5 * A, 6 * A, -EBUSY);
        ck_ok(rmmap_unclaim_range(file, allocated));
        claim(5 * A, 6 * A);
        claim(5 * A, 6 * A);
        refused(4 * A, 6 * A, -EBUSY);
}
END_TEST

/* A restore changes what is handed out, so it must come before the first claim. */
START_TEST(restore_comes_first)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        unsigned char state[256];
        size_t length = sizeof(state);
        struct rmmap_range range;

        use(_i, _i == 0 ? 0 : RMMAP_SHARED_CLAIMS);
        ck_ok(rmmap_allocator_save(file, state, &length));
        rmmap_release(file);
        options.allocator = builtin(_i);
        ck_ok(rmmap_open(test_path("claim"), &options, &file));
        refused(1, A, -EINVAL); /* what fails took nothing */
        ck_ok(rmmap_allocator_restore(file, state, length));
        ck_assert_uint_eq(rmmap_allocated(file), 5 * A); /* not the end, which the open chose */
        refused(5 * A, 6 * A, -ERANGE);
        ck_ok(rmmap_allocator_restore(file, state, length));
        range = claim(0, 5 * A);
        ck_is(rmmap_allocator_restore(file, state, length), -EBUSY);
        ck_ok(rmmap_unclaim_range(file, range));
        ck_is(rmmap_allocator_restore(file, state, length), -EBUSY);
        ck_ok(rmmap_allocate(file, A, &range));
        ck_assert_uint_eq(rmmap_range_start(range), 5 * A);
}
END_TEST

/* ---- an allocator that takes ranges back, as a user may write one */

extern const struct rmmap_allocator_ops bitmap_allocator;

static void use_bitmap(uint32_t flags)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.allocator = &bitmap_allocator;
        options.allocate_from = 3 * A;
        options.flags = flags;
        ck_ok(rmmap_create(test_path("claim"), SIZE, &options, &file));
}

/* Space that was given back is free, whichever call made the range, and can't be claimed. */
START_TEST(what_is_given_back_is_free)
{
        struct rmmap_range range, again;

        use_bitmap(_i == 0 ? 0 : RMMAP_SHARED_CLAIMS);
        for (int i = 0; i < 3; i++) {
                ck_ok(rmmap_allocate(file, A, &range));
                ck_assert_uint_eq(rmmap_range_start(range), 3 * A);
                refused(3 * A, 4 * A, -EBUSY);
                ck_ok(rmmap_unclaim_range(file, range));
                range = claim(3 * A, 4 * A);
                ck_ok(rmmap_give_back_range(file, range));
                refused(3 * A, 4 * A, -ERANGE);
                ck_is(rmmap_unclaim_range(file, range), -EINVAL);
                refused(3 * A, 4 * A, -ERANGE);
        }
        ck_ok(rmmap_allocate(file, 2 * A, &range));
        refused(3 * A, 5 * A, -EBUSY);
        refused(2 * A, 6 * A, -EBUSY);
        ck_ok(rmmap_allocate(file, A, &again));
        ck_ok(rmmap_give_back_range(file, range));
        refused(2 * A, 6 * A, -EBUSY); /* the last block of it has an owner */
        refused(3 * A, 5 * A, -ERANGE);
}
END_TEST

START_TEST(what_is_unclaimed_is_not_given_back)
{
        struct rmmap_range range;

        use_bitmap(0);
        ck_ok(rmmap_allocate(file, 2 * A, &range));
        ck_ok(rmmap_unclaim_range(file, range));
        ck_is(rmmap_give_back_range(file, range), -EINVAL);
        ck_ok(rmmap_give_back_range(file, claim(3 * A, 5 * A)));
        ck_assert_uint_eq(rmmap_remaining(file), SIZE - 3 * A);
}
END_TEST

/* Until the first claim the allocator's answer counts for each block, in any order. */
START_TEST(a_restored_state_may_have_holes)
{
        struct rmmap_range ranges[4], range;
        unsigned char state[256];
        size_t length = sizeof(state);

        use_bitmap(0);
        for (int i = 0; i < 3; i++)
                ck_ok(rmmap_allocate(file, A, &ranges[i]));
        ck_ok(rmmap_give_back_range(file, ranges[1]));
        ck_ok(rmmap_allocator_save(file, state, &length));
        file = rmmap_release(file);
        use_bitmap(0);
        ck_ok(rmmap_allocator_restore(file, state, length));
        refused(3 * A, 6 * A, -ERANGE);
        claim(5 * A, 6 * A);
        refused(3 * A, 6 * A, -EBUSY);
        ck_ok(rmmap_allocate(file, A, &range));
        ck_assert_uint_eq(rmmap_range_start(range), 4 * A);
        claim(0, 4 * A);
}
END_TEST

/* Another thread claims the second block after a claim has looked at it, and before it takes it. */
static int faster;

static int claim_of_another(const void *state, uint64_t start, uint64_t end)
{
        (void)state;
        (void)start;
        (void)end;
        if (faster > 0 && --faster == 0)
                claim(A, 2 * A);
        return 0;
}

/* Holds B.5. */
START_TEST(who_is_too_late_takes_nothing)
{
        struct rmmap_allocator_ops ops = *rmmap_concurrent_allocator();
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        ops.claim = claim_of_another;
        options.allocator = &ops;
        ck_ok(rmmap_create(test_path("claim"), SIZE, &options, &file));
        /*
         * The first and third blocks are vacant, so the allocator is asked about the others in
         * turn.
         */
        ck_ok(rmmap_unclaim_range(file, claim(0, A)));
        ck_ok(rmmap_unclaim_range(file, claim(2 * A, 3 * A)));
        faster = 2;
        refused(0, 4 * A, -EBUSY);
        ck_assert_int_eq(faster, 0);
        claim(0, A);
        refused(A, 2 * A, -EBUSY);
        claim(2 * A, 4 * A);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("claim");
        TCase *cases = tcase_create("built-in"), *users = tcase_create("user's");

        tcase_add_checked_fixture(cases, NULL, teardown);
        tcase_add_loop_test(cases, claim_has_rules, 0, 2);
        tcase_add_loop_test(cases, one_owner_at_a_time, 0, 2);
        tcase_add_loop_test(cases, allocated_ranges_are_unclaimed, 0, 2);
        tcase_add_loop_test(cases, parts_are_unclaimed, 0, 2);
        tcase_add_loop_test(cases, decode_claims_too, 0, 2);
        tcase_add_loop_test(cases, shared_claims, 0, 2);
        tcase_add_loop_test(cases, restore_comes_first, 0, 2);
        suite_add_tcase(suite, cases);
        tcase_add_checked_fixture(users, NULL, teardown);
        tcase_add_loop_test(users, what_is_given_back_is_free, 0, 2);
        tcase_add_test(users, what_is_unclaimed_is_not_given_back);
        tcase_add_test(users, a_restored_state_may_have_holes);
        tcase_add_test(users, who_is_too_late_takes_nothing);
        suite_add_tcase(suite, users);
        return test_run(suite);
}
