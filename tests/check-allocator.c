/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Both built-in allocators through a handle; each test runs once for each of them. See also
 * check-claim.c for claims, check-allocator-state.c for saved states, and check-allocator-ops.c for
 * allocators without a file.
 */
#include "child.h"
#include "support.h"

#define A UINT64_C(4096)
#define SIZE (6 * A + 100) /* six blocks and a short end */
#define HALF (UINT64_C(1) << 63)

static struct rmmap_file *file;

static void use(int which, uint64_t size, uint64_t from)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.allocator =
                which == 0 ? rmmap_concurrent_allocator() : rmmap_sequential_allocator();
        options.allocate_from = from;
        ck_ok(rmmap_create(test_path("allocator"), size, &options, &file));
}

static void teardown(void)
{
        file = rmmap_release(file);
}

/* The next allocation returns these bytes; the byte counts are right before and after. */
static void gives(uint64_t size, uint64_t start, uint64_t end)
{
        struct rmmap_range range;

        ck_assert_uint_eq(rmmap_allocated(file), start);
        ck_ok(rmmap_allocate(file, size, &range));
        ck_assert_uint_eq(rmmap_range_start(range), start);
        ck_assert_uint_eq(rmmap_range_end(range), end);
        ck_assert_uint_eq(rmmap_allocated(file), end);
        ck_assert_uint_eq(rmmap_remaining(file), rmmap_size(file) - end);
}

static void gives_exactly(uint64_t size, uint64_t start, uint64_t end)
{
        struct rmmap_range range;

        ck_ok(rmmap_allocate_exact(file, size, &range));
        ck_assert_uint_eq(rmmap_range_start(range), start);
        ck_assert_uint_eq(rmmap_range_end(range), end);
        ck_assert_uint_eq(rmmap_allocated(file), end);
}

typedef int (*allocate_call)(struct rmmap_file *file, uint64_t size, struct rmmap_range *range);

/* The call is refused: nothing is allocated or written. */
static void is_refused(allocate_call call, uint64_t size, int want)
{
        struct rmmap_range range, marked;
        uint64_t before = rmmap_remaining(file);

        memset(&marked, 0xa5, sizeof(marked));
        range = marked;
        ck_is(call(file, size, &range), want);
        ck_assert(memcmp(&range, &marked, sizeof(range)) == 0);
        ck_assert_uint_eq(rmmap_remaining(file), before);
}

static void refuses(uint64_t size, int want)
{
        is_refused(rmmap_allocate, size, want);
}

static void refuses_exactly(uint64_t size, int want)
{
        is_refused(rmmap_allocate_exact, size, want);
}

START_TEST(rounds_up)
{
        use(_i, 100 * A, 0);
        gives(1, 0, A);
        gives(A - 1, A, 2 * A);
        gives(A, 2 * A, 3 * A);
        gives(A + 1, 3 * A, 5 * A);
        gives(10 * A - 1, 5 * A, 15 * A);
        gives_exactly(1, 15 * A, 16 * A);
        gives_exactly(A + 1, 16 * A, 18 * A);
}
END_TEST

START_TEST(wrong_arguments)
{
        struct rmmap_range range;

        use(_i, SIZE, 0);
        refuses(0, -EINVAL);
        refuses_exactly(0, -EINVAL);
        ck_is(rmmap_allocate(NULL, 1, &range), -EINVAL);
        ck_is(rmmap_allocate(file, 1, NULL), -EINVAL);
        ck_is(rmmap_allocate_exact(NULL, 1, &range), -EINVAL);
        ck_is(rmmap_allocate_exact(file, 1, NULL), -EINVAL);
        ck_is(rmmap_claim_range(NULL, 0, A, &range), -EINVAL);
        ck_is(rmmap_claim_range(file, 0, A, NULL), -EINVAL);
        ck_assert_uint_eq(rmmap_remaining(NULL), 0);
        ck_assert_uint_eq(rmmap_allocated(NULL), 0);
        ck_assert_uint_eq(rmmap_allocated(file), 0);
}
END_TEST

START_TEST(gives_what_is_left_and_no_more)
{
        use(_i, SIZE, 0);
        gives(4 * A, 0, 4 * A);
        gives(100 * A, 4 * A, SIZE);
        refuses(1, -ENOSPC);
        refuses(UINT64_MAX, -ENOSPC);
        refuses_exactly(1, -ENOSPC);
}
END_TEST

START_TEST(short_end_by_itself)
{
        use(_i, SIZE, 0);
        gives(6 * A, 0, 6 * A);
        gives(1, 6 * A, SIZE);
        refuses(1, -ENOSPC);
}
END_TEST

START_TEST(exact_never_gives_the_short_end)
{
        use(_i, SIZE, 0);
        refuses_exactly(SIZE, -ENOSPC);
        refuses_exactly(6 * A + 1, -ENOSPC);
        gives_exactly(5 * A, 0, 5 * A);
        refuses_exactly(A + 1, -ENOSPC);
        gives_exactly(A, 5 * A, 6 * A);
        refuses_exactly(100, -ENOSPC);
        refuses_exactly(1, -ENOSPC);
        gives(1, 6 * A, SIZE);
        refuses_exactly(1, -ENOSPC);
}
END_TEST

START_TEST(smaller_than_a_block)
{
        use(_i, 100, 0);
        refuses_exactly(1, -ENOSPC);
        gives(1, 0, 100);
        refuses(1, -ENOSPC);
        teardown();
        use(_i, 1, 0);
        gives(UINT64_MAX, 0, 1);
        refuses(1, -ENOSPC);
}
END_TEST

/* Sums of these sizes wrap a counter of bytes, to where another range lies. */
START_TEST(huge_sizes_wrap_nothing)
{
        use(_i, SIZE, 0);
        gives(HALF, 0, SIZE);
        refuses(HALF, -ENOSPC);
        refuses(A, -ENOSPC);
        teardown();
        use(_i, SIZE, 0);
        gives(A, 0, A);
        for (int i = 0; i < 5000; i++) {
                refuses_exactly(HALF, -ENOSPC);
                refuses_exactly(UINT64_MAX, -ENOSPC);
                refuses_exactly(UINT64_MAX - A + 1, -ENOSPC);
        }
        gives(UINT64_MAX, A, SIZE);
        for (int i = 0; i < 5000; i++) {
                refuses(HALF, -ENOSPC);
                refuses(UINT64_MAX, -ENOSPC);
                refuses(A, -ENOSPC);
        }
}
END_TEST

static const struct {
        uint64_t from, first;
} beginnings[] = {
        {1, A},
        {A - 1, A},
        {A, A},
        {A + 1, 2 * A},
        {5 * A + 1, 6 * A},
        {6 * A, 6 * A},
        {6 * A + 1, SIZE},
        {SIZE, SIZE},
        {SIZE + 1, SIZE},
        {7 * A, SIZE},
        {8 * A, SIZE},
        {HALF, SIZE},
        {UINT64_MAX, SIZE},
};
#define BEGINNINGS (sizeof(beginnings) / sizeof(beginnings[0]))

START_TEST(begins_where_asked)
{
        uint64_t first = beginnings[_i / 2].first;
        struct rmmap_range range;

        use(_i % 2, SIZE, beginnings[_i / 2].from);
        ck_assert_uint_eq(rmmap_allocated(file), first);
        /* The bytes before first can be claimed, and nothing else. */
        if (first < SIZE)
                ck_is(rmmap_claim_range(file, 0, first < 6 * A ? first + A : SIZE, &range),
                      -ERANGE);
        ck_ok(rmmap_claim_range(file, 0, first, &range));
        ck_assert_uint_eq(rmmap_range_end(range), first);
        if (first == SIZE)
                refuses(1, -ENOSPC);
        else
                gives(UINT64_MAX, first, SIZE);
}
END_TEST

START_TEST(takes_nothing_back)
{
        struct rmmap_range range, low, high;

        use(_i, SIZE, 0);
        ck_ok(rmmap_allocate(file, A, &range));
        ck_is(rmmap_give_back_range(file, range), -EOPNOTSUPP);
        ck_is(rmmap_range_split_up(range, 0, &low, &high), RMMAP_SPLIT_BOTH);
        ck_ok(rmmap_give_back_range(file, low)); /* nothing to give */
        ck_is(rmmap_give_back_range(NULL, range), -EINVAL);
        ck_assert_uint_eq(rmmap_allocated(file), A);
}
END_TEST

static int in_a_child(void *arg)
{
        struct rmmap_range range = *(struct rmmap_range *)arg;
        unsigned char state[256];
        size_t length = sizeof(state);

        child_is(rmmap_allocate(file, A, &range), -EPERM);
        child_is(rmmap_allocate(file, 0, &range), -EPERM);
        child_is(rmmap_allocate_exact(file, A, &range), -EPERM);
        child_is(rmmap_give_back_range(file, range), -EPERM);
        child_is(rmmap_allocator_save(file, state, &length), 0);
        child_is(rmmap_allocator_restore(file, state, length), -EPERM);
        child_is(rmmap_claim_range(file, 0, A, &range), -EPERM);
        child_expect(rmmap_allocated(file) == A && rmmap_remaining(file) == SIZE - A);
        rmmap_release(file);
        return 0;
}

/* Parent and child would hand out the same range. */
START_TEST(only_the_parent_allocates)
{
        struct rmmap_range range;

        use(_i, SIZE, 0);
        ck_ok(rmmap_allocate(file, A, &range));
        ck_assert_int_eq(child_run(in_a_child, &range), 0);
        gives(A, A, 2 * A);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("allocator");
        TCase *cases = tcase_create("through the handle");

        tcase_add_checked_fixture(cases, NULL, teardown);
        tcase_set_timeout(cases, 60);
        tcase_add_loop_test(cases, rounds_up, 0, 2);
        tcase_add_loop_test(cases, wrong_arguments, 0, 2);
        tcase_add_loop_test(cases, gives_what_is_left_and_no_more, 0, 2);
        tcase_add_loop_test(cases, short_end_by_itself, 0, 2);
        tcase_add_loop_test(cases, exact_never_gives_the_short_end, 0, 2);
        tcase_add_loop_test(cases, smaller_than_a_block, 0, 2);
        tcase_add_loop_test(cases, huge_sizes_wrap_nothing, 0, 2);
        tcase_add_loop_test(cases, begins_where_asked, 0, 2 * BEGINNINGS);
        tcase_add_loop_test(cases, takes_nothing_back, 0, 2);
        tcase_add_loop_test(cases, only_the_parent_allocates, 0, 2);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
