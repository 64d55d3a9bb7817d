/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Claims over what the built-in allocators handed out; each test runs once for each of them. */
#include "support.h"

#define A UINT64_C(4096)
#define SIZE (6 * A + 100) /* six blocks and a short end */

static struct rmmap_file *file;

static void use(int which)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.allocator =
                which == 0 ? rmmap_concurrent_allocator() : rmmap_sequential_allocator();
        ck_ok(rmmap_create(test_path("claim"), SIZE, &options, &file));
}

static void teardown(void)
{
        file = rmmap_release(file);
}

static void take(uint64_t size)
{
        struct rmmap_range range;

        ck_ok(rmmap_allocate(file, size, &range));
}

START_TEST(claim_has_rules)
{
        static const struct {
                uint64_t start, end;
                int answer;
        } claims[] = {
                {0, A, 0},
                {A, 3 * A, 0},
                {0, 3 * A, 0},
                {2 * A, 4 * A, -ERANGE}, /* in part */
                {3 * A, 4 * A, -ERANGE},
                {6 * A, SIZE, -ERANGE},
                {0, SIZE, -ERANGE},
                {0, 7 * A, -ERANGE}, /* past the end */
                {7 * A, 8 * A, -ERANGE},
                {A, A, -EINVAL}, /* nothing */
                {2 * A, A, -EINVAL},
                {UINT64_MAX, 0, -EINVAL},
                {1, A, -EINVAL}, /* no whole blocks */
                {0, A - 1, -EINVAL},
                {0, 100, -EINVAL},
        };

        use(_i);
        take(3 * A);
        for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
                struct rmmap_range range, marked;

                memset(&marked, 0xa5, sizeof(marked));
                range = marked;
                ck_is(rmmap_claim_range(file, claims[i].start, claims[i].end, &range),
                      claims[i].answer);
                if (claims[i].answer != 0)
                        ck_assert(memcmp(&range, &marked, sizeof(range)) == 0);
                else
                        ck_assert_uint_eq(rmmap_range_end(range), claims[i].end);
        }
        ck_assert_uint_eq(rmmap_allocated(file), 3 * A); /* claims change nothing */
}
END_TEST

START_TEST(claim_takes_the_short_end)
{
        struct rmmap_range range;

        use(_i);
        take(6 * A);
        ck_is(rmmap_claim_range(file, 6 * A, SIZE, &range), -ERANGE);
        take(1);
        ck_ok(rmmap_claim_range(file, 6 * A, SIZE, &range));
        ck_ok(rmmap_claim_range(file, 0, SIZE, &range));
        ck_is(rmmap_claim_range(file, 0, SIZE - 1, &range), -EINVAL);
}
END_TEST

/* A claimed range is as good as one that was allocated: it reads, writes and gives receipts. */
START_TEST(claimed_ranges_are_ranges)
{
        unsigned char block[4096] = "written before", found[4096];
        struct rmmap_range range, claimed;
        struct rmmap_receipt receipt;

        use(_i);
        ck_ok(rmmap_allocate(file, A, &range));
        ck_ok(rmmap_write_range(file, range, block, sizeof(block), NULL));
        ck_ok(rmmap_claim_range(file, 0, A, &claimed));
        ck_assert(rmmap_range_equal(range, claimed));
        ck_ok(rmmap_read_range(file, claimed, found, sizeof(found), NULL));
        ck_assert_mem_eq(found, block, sizeof(found));
        ck_ok(rmmap_write_range(file, claimed, block, sizeof(block), &receipt));
        ck_ok(rmmap_sync_range(file, receipt));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("claim");
        TCase *cases = tcase_create("claim");

        tcase_add_checked_fixture(cases, NULL, teardown);
        tcase_add_loop_test(cases, claim_has_rules, 0, 2);
        tcase_add_loop_test(cases, claim_takes_the_short_end, 0, 2);
        tcase_add_loop_test(cases, claimed_ranges_are_ranges, 0, 2);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
