/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Both built-in allocators without a file, through their ops, and their counter. */
#include "allocator-bump.h"
#include "support.h"

#define A UINT64_C(4096)
#define SIZE (6 * A + 100)
#define HALF (UINT64_C(1) << 63)
#if SIZE_MAX > UINT32_MAX
#define LARGEST (UINT64_C(1) << 53)
#else
#define LARGEST (UINT64_C(1) << 31)
#endif

/* Version 0.1's arguments, and what a later one may add. */
struct later_args {
        struct rmmap_allocator_args args;
        uint64_t more;
};

static const struct rmmap_allocator_ops *ops;
static void *state;

static struct rmmap_allocator_args args_of(uint64_t first, uint64_t total, uint64_t alignment)
{
        struct rmmap_allocator_args args = {sizeof(args), NULL, first, total, alignment, 0};

        return args;
}

static void choose(int which)
{
        ops = which == 0 ? rmmap_concurrent_allocator() : rmmap_sequential_allocator();
}

static int create(uint64_t first, uint64_t total, uint64_t alignment)
{
        const struct rmmap_allocator_args args = args_of(first, total, alignment);

        return ops->create(&args, &state);
}

static void use(int which, uint64_t first, uint64_t total, uint64_t alignment)
{
        choose(which);
        ck_ok(create(first, total, alignment));
}

static void teardown(void)
{
        if (state != NULL)
                ops->destroy(state);
        state = NULL;
}

static void gives(uint64_t size, uint32_t flags, uint64_t start, uint64_t end)
{
        uint64_t got_start = 1, got_end = 1;

        ck_ok(ops->allocate(state, size, flags, &got_start, &got_end));
        ck_assert_uint_eq(got_start, start);
        ck_assert_uint_eq(got_end, end);
}

static void refuses(uint64_t size, uint32_t flags, int want)
{
        uint64_t start = 1, end = 1, before = ops->remaining(state);

        ck_is(ops->allocate(state, size, flags, &start, &end), want);
        ck_assert_uint_eq(ops->remaining(state), before);
}

START_TEST(ops_are_whole)
{
        choose(_i);
        ck_assert_ptr_eq(ops,
                         _i == 0 ? rmmap_concurrent_allocator() : rmmap_sequential_allocator());
        ck_assert_uint_eq(ops->size, sizeof(*ops));
        ck_assert_str_eq(ops->name, _i == 0 ? "concurrent" : "sequential");
        ck_assert_uint_eq(ops->flags, _i == 0 ? RMMAP_ALLOCATOR_THREAD_SAFE : 0);
        ck_assert(ops->create && ops->destroy && ops->allocate && ops->remaining);
        ck_assert(ops->claim && ops->save && ops->restore && ops->give_back == NULL);
}
END_TEST

START_TEST(create_checks_its_arguments)
{
        struct rmmap_allocator_args args = args_of(0, SIZE, A);
        struct later_args later = {args, 0};

        choose(_i);
        ck_is(ops->create(NULL, &state), -EINVAL);
        ck_is(ops->create(&args, NULL), -EINVAL);
        args.size = 0;
        ck_is(ops->create(&args, &state), -EINVAL);
        args.size = offsetof(struct rmmap_allocator_args, flags) - 8;
        ck_is(ops->create(&args, &state), -EINVAL);
        args.size = sizeof(args);
        args.flags = RMMAP_ALLOCATOR_START_AT_END << 1;
        ck_is(ops->create(&args, &state), -EOPNOTSUPP);
        args.flags = 0;
        args.size = SIZE_MAX;
        ck_is(ops->create(&args, &state), -EINVAL);
        later.args.size = sizeof(later);
        later.more = 1;
        ck_is(ops->create(&later.args, &state), -EOPNOTSUPP);
        ck_assert_ptr_null(state);
        later.more = 0;
        ck_ok(ops->create(&later.args, &state));
        gives(1, 0, 0, A);
}
END_TEST

START_TEST(create_checks_what_it_may_count)
{
        static const uint64_t bad_alignments[] = {0, 1, 512, 2048, 4095, 4097, 3 * A, UINT64_MAX};

        choose(_i);
        for (size_t i = 0; i < sizeof(bad_alignments) / sizeof(bad_alignments[0]); i++)
                ck_is(create(0, SIZE, bad_alignments[i]), -EINVAL);
        ck_is(create(0, 0, A), -EINVAL);
        ck_is(create(0, LARGEST + 1, A), -EFBIG);
        ck_is(create(0, 2 * LARGEST, A), -EFBIG);
        ck_is(create(0, HALF, A), -EFBIG);
        ck_is(create(0, UINT64_MAX, A), -EFBIG);
        ck_is(create(0, SIZE, HALF), -EFBIG);
        ck_assert_ptr_null(state);
        ck_ok(create(0, LARGEST, A));
        gives(1, 0, 0, A);
        gives(LARGEST - A, RMMAP_ALLOCATE_EXACT, A, LARGEST);
        refuses(1, 0, -ENOSPC);
}
END_TEST

START_TEST(largest_total_by_one_call)
{
        use(_i, 0, LARGEST - 1, A);
        refuses(LARGEST, RMMAP_ALLOCATE_EXACT, -ENOSPC);
        gives(UINT64_MAX, 0, 0, LARGEST - 1);
        ck_assert_uint_eq(ops->remaining(state), 0);
        for (int i = 0; i < 1000; i++)
                refuses(HALF, i % 2 ? RMMAP_ALLOCATE_EXACT : 0, -ENOSPC);
        ck_is(ops->claim(state, 0, LARGEST - 1), -EBUSY);
}
END_TEST

START_TEST(other_alignments)
{
        use(_i, 1, SIZE, 2 * A);
        gives(1, 0, 2 * A, 4 * A);
        gives(A + 1, RMMAP_ALLOCATE_EXACT, 4 * A, 6 * A);
        refuses(1, RMMAP_ALLOCATE_EXACT, -ENOSPC);
        gives(1, 0, 6 * A, SIZE);
        teardown();
        use(_i, 0, UINT64_C(1) << 30, UINT64_C(1) << 29);
        gives(1, 0, 0, UINT64_C(1) << 29);
        gives(UINT64_MAX, 0, UINT64_C(1) << 29, UINT64_C(1) << 30);
}
END_TEST

START_TEST(begins_at_first)
{
        use(_i, A, SIZE, A);
        ck_assert_uint_eq(ops->remaining(state), SIZE - A);
        ck_ok(ops->claim(state, 0, A));
        ck_is(ops->claim(state, 0, A + 1), -ERANGE);
        gives(1, 0, A, 2 * A);
        ck_ok(ops->claim(state, 0, A));
        ck_is(ops->claim(state, 0, 2 * A), -EBUSY);
        ck_is(ops->claim(state, A, 2 * A), -EBUSY);
        ck_is(ops->claim(state, A, 3 * A), -ERANGE);
        teardown();
        use(_i, SIZE, SIZE, A);
        ck_assert_uint_eq(ops->remaining(state), 0);
        refuses(1, 0, -ENOSPC);
        teardown();
        use(_i, UINT64_MAX, SIZE, A); /* handles never ask for this */
        ck_assert_uint_eq(ops->remaining(state), 0);
        refuses(1, 0, -ENOSPC);
}
END_TEST

START_TEST(allocate_checks_its_arguments)
{
        uint64_t start, end;

        use(_i, 0, SIZE, A);
        refuses(0, 0, -EINVAL);
        refuses(0, RMMAP_ALLOCATE_EXACT, -EINVAL);
        refuses(1, 2, -EOPNOTSUPP);
        refuses(1, UINT32_MAX, -EOPNOTSUPP);
        ck_is(ops->allocate(NULL, 1, 0, &start, &end), -EINVAL);
        ck_is(ops->allocate(state, 1, 0, NULL, &end), -EINVAL);
        ck_is(ops->allocate(state, 1, 0, &start, NULL), -EINVAL);
        ck_assert_uint_eq(ops->remaining(NULL), 0);
        gives(1, 0, 0, A);
}
END_TEST

START_TEST(other_ops_check_theirs)
{
        unsigned char buffer[64];
        size_t length = sizeof(buffer);

        use(_i, 0, SIZE, A);
        ck_is(ops->claim(NULL, 0, 0), -EINVAL);
        ck_is(ops->claim(state, A, 0), -EINVAL);
        ck_is(ops->save(NULL, buffer, &length), -EINVAL);
        ck_is(ops->save(state, buffer, NULL), -EINVAL);
        ck_ok(ops->save(state, buffer, &length));
        ck_is(ops->restore(NULL, buffer, length), -EINVAL);
        ck_is(ops->restore(state, NULL, length), -EINVAL);
        ck_ok(ops->restore(state, buffer, length));
        ops->destroy(NULL); /* like free */
}
END_TEST

/* A position that was saved with a different alignment may mean other bytes. */
START_TEST(state_of_another_alignment)
{
        unsigned char buffer[64];
        size_t length = sizeof(buffer);

        use(_i, 0, 64 * A, A);
        gives(2 * A, 0, 0, 2 * A);
        ck_ok(ops->save(state, buffer, &length));
        teardown();
        use(_i, 0, 64 * A, 2 * A);
        ck_is(ops->restore(state, buffer, length), -EBADMSG);
        gives(1, 0, 0, 2 * A);
}
END_TEST

static size_t counter(void)
{
        struct bump *bump = state;

        return atomic_load(&bump->next);
}

/* The counter counts blocks and stops growing when all are handed out. */
START_TEST(counter_stops_when_full)
{
        use(_i, 0, SIZE, A);
        gives(2 * A, 0, 0, 2 * A);
        ck_assert_uint_eq(counter(), 2);
        gives(HALF, 0, 2 * A, SIZE);
        ck_assert_uint_eq(counter(), 7);
        for (int i = 0; i < 1000; i++)
                refuses(UINT64_MAX, i % 2 ? RMMAP_ALLOCATE_EXACT : 0, -ENOSPC);
        ck_assert_uint_eq(counter(), 7);
}
END_TEST

/*
 * Threads that loaded the counter before other threads added leave it beyond the limit. For each
 * value that the number of threads can cause, the allocator is full and hands out nothing.
 */
START_TEST(counter_beyond_the_limit)
{
        static const size_t threads[] = {1, 2, 100, 2046, 2047, 4095};
        unsigned char buffer[64];
        size_t length = sizeof(buffer);

        for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++) {
                struct bump *bump;

                use(0, 0, LARGEST, A);
                bump = state;
                atomic_store(&bump->next, (threads[i] + 1) * bump->limit);
                ck_assert_uint_eq(ops->remaining(state), 0);
                ck_is(ops->claim(state, 0, LARGEST), -EBUSY);
                refuses(1, 0, -ENOSPC);
                refuses(1, RMMAP_ALLOCATE_EXACT, -ENOSPC);
                ck_ok(ops->save(state, buffer, &length));
                teardown();
                use(0, 0, LARGEST, A);
                ck_ok(ops->restore(state, buffer, length));
                ck_assert_uint_eq(ops->remaining(state), 0);
                teardown();
        }
}
END_TEST

/* The result of a call during another call. Holds A.7. */
START_TEST(sequential_tells_of_overlap)
{
        struct bump *bump;

        use(1, 0, SIZE, A);
        bump = state;
        atomic_store(&bump->in_use, true);
        refuses(1, 0, -EBUSY);
        refuses(1, RMMAP_ALLOCATE_EXACT, -EBUSY);
        refuses(0, 0, -EINVAL);
        ck_ok(ops->claim(state, 0, 0));
        atomic_store(&bump->in_use, false);
        gives(1, 0, 0, A);
        ck_assert(!atomic_load(&bump->in_use));
        refuses(UINT64_MAX, RMMAP_ALLOCATE_EXACT, -ENOSPC);
        ck_assert(!atomic_load(&bump->in_use)); /* nor does a refusal leave it set */
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("allocator-ops");
        TCase *cases = tcase_create("without a file");

        tcase_add_checked_fixture(cases, NULL, teardown);
        tcase_add_loop_test(cases, ops_are_whole, 0, 2);
        tcase_add_loop_test(cases, create_checks_its_arguments, 0, 2);
        tcase_add_loop_test(cases, create_checks_what_it_may_count, 0, 2);
        tcase_add_loop_test(cases, largest_total_by_one_call, 0, 2);
        tcase_add_loop_test(cases, other_alignments, 0, 2);
        tcase_add_loop_test(cases, begins_at_first, 0, 2);
        tcase_add_loop_test(cases, allocate_checks_its_arguments, 0, 2);
        tcase_add_loop_test(cases, other_ops_check_theirs, 0, 2);
        tcase_add_loop_test(cases, state_of_another_alignment, 0, 2);
        tcase_add_loop_test(cases, counter_stops_when_full, 0, 2);
        tcase_add_test(cases, counter_beyond_the_limit);
        tcase_add_test(cases, sequential_tells_of_overlap);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
