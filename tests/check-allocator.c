/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What both built-in allocators have beside the contract, by their ops: arguments, the largest
 * files, the counter, and the bytes of a saved state. Each test runs once for each of them.
 * check-contract.sh tests what all allocators have in common, check-model through a handle.
 */
#include "allocator-bump.h"
#include "serialize.h"
#include "support.h"

#define A UINT64_C(4096)
#define SIZE (6 * A + 100) /* six blocks and a short end */
#define HALF (UINT64_C(1) << 63)
#define STATE_SIZE 48
#if SIZE_MAX > UINT32_MAX
#define LARGEST (UINT64_C(1) << 53)
#else
#define LARGEST (UINT64_C(1) << 31)
#endif

static const struct rmmap_allocator_ops *ops;
static void *state;

static void choose(int which)
{
        ops = which == 0 ? rmmap_concurrent_allocator() : rmmap_sequential_allocator();
}

static int create(uint64_t first, uint64_t total, uint64_t alignment)
{
        const struct rmmap_allocator_args args = {sizeof(args), NULL, first, total,
                                                  alignment,    0,    0};

        return ops->create(&args, &state);
}

static void teardown(void)
{
        if (state != NULL)
                ops->destroy(state);
        state = NULL;
}

static void use(int which, uint64_t first, uint64_t total, uint64_t alignment)
{
        teardown();
        choose(which);
        ck_ok(create(first, total, alignment));
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
        ck_assert_str_eq(ops->name, _i == 0 ? "concurrent" : "sequential");
        ck_assert_uint_eq(ops->flags, _i == 0 ? RMMAP_ALLOCATOR_THREAD_SAFE : 0);
        ck_assert(ops->claim && ops->save && ops->restore && ops->give_back == NULL);
}
END_TEST

/* check-abi has other sizes of the arguments. */
START_TEST(create_checks_what_it_may_count)
{
        struct rmmap_allocator_args args = {sizeof(args), NULL, 0, SIZE, A, 0, 0};
        static const struct {
                uint64_t total, alignment;
                int answer;
        } wrong[] = {
                {SIZE, 0, -EINVAL},       {SIZE, 1, -EINVAL},      {SIZE, 2048, -EINVAL},
                {SIZE, 4095, -EINVAL},    {SIZE, 3 * A, -EINVAL},  {SIZE, UINT64_MAX, -EINVAL},
                {0, A, -EINVAL},          {HALF, A, -EFBIG},       {SIZE, HALF, -EFBIG},
                {LARGEST + 1, A, -EFBIG}, {UINT64_MAX, A, -EFBIG},
        };

        choose(_i);
        ck_is(ops->create(NULL, &state), -EINVAL);
        ck_is(ops->create(&args, NULL), -EINVAL);
        args.flags = RMMAP_ALLOCATOR_START_AT_END << 1;
        ck_is(ops->create(&args, &state), -EOPNOTSUPP);
        for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
                ck_is(create(0, wrong[i].total, wrong[i].alignment), wrong[i].answer);
        ck_assert_ptr_null(state);
        use(_i, 0, LARGEST, A);
        gives(1, 0, 0, A);
        gives(LARGEST - A, RMMAP_ALLOCATE_EXACT, A, LARGEST);
        refuses(1, 0, -ENOSPC);
        use(_i, 0, LARGEST - 1, A);
        refuses(LARGEST, RMMAP_ALLOCATE_EXACT, -ENOSPC);
        gives(UINT64_MAX, 0, 0, LARGEST - 1);
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
        refuses(1, RMMAP_ALLOCATE_EXACT, -ENOSPC);
        use(_i, 0, UINT64_C(1) << 30, UINT64_C(1) << 29);
        gives(1, 0, 0, UINT64_C(1) << 29);
        gives(UINT64_MAX, 0, UINT64_C(1) << 29, UINT64_C(1) << 30);
        use(_i, UINT64_MAX, SIZE, A); /* handles never ask for this */
        ck_assert_uint_eq(ops->remaining(state), 0);
        refuses(1, 0, -ENOSPC);
}
END_TEST

START_TEST(ops_check_their_arguments)
{
        uint64_t start, end;
        unsigned char buffer[64];
        size_t length = sizeof(buffer);

        use(_i, 0, SIZE, A);
        refuses(0, RMMAP_ALLOCATE_EXACT, -EINVAL);
        refuses(1, 2, -EOPNOTSUPP);
        refuses(1, UINT32_MAX, -EOPNOTSUPP);
        ck_is(ops->allocate(NULL, 1, 0, &start, &end), -EINVAL);
        ck_is(ops->allocate(state, 1, 0, NULL, &end), -EINVAL);
        ck_is(ops->allocate(state, 1, 0, &start, NULL), -EINVAL);
        ck_assert_uint_eq(ops->remaining(NULL), 0);
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

/* ---- the counter ---- */

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
                atomic_store(&bump->next, (threads[i] + 1) * bump_limit(bump, LARGEST));
                ck_assert_uint_eq(ops->remaining(state), 0);
                ck_is(ops->claim(state, 0, LARGEST), -EBUSY);
                refuses(1, 0, -ENOSPC);
                refuses(1, RMMAP_ALLOCATE_EXACT, -ENOSPC);
                ck_ok(ops->save(state, buffer, &length));
                use(0, 0, LARGEST, A);
                ck_ok(ops->restore(state, buffer, length));
                ck_assert_uint_eq(ops->remaining(state), 0);
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

/* ---- saved states ---- */

/* The state of an allocator of this kind, for total bytes of which taken are handed out. */
static void make_state(int which, uint64_t total, uint64_t taken, unsigned char *bytes)
{
        size_t length = STATE_SIZE;
        uint64_t start, end;

        use(which, 0, total, A);
        ck_ok(ops->allocate(state, taken, 0, &start, &end));
        ck_ok(ops->save(state, bytes, &length));
        ck_assert_uint_eq(length, STATE_SIZE);
}

static int restore(const unsigned char *bytes)
{
        return ops->restore(state, bytes, STATE_SIZE);
}

static void is_at(uint64_t position)
{
        ck_assert_uint_eq(SIZE - ops->remaining(state), position);
}

/* The layout never changes: a later version, or another machine, may read a state. */
START_TEST(layout_is_fixed)
{
        static const unsigned char literal[2][STATE_SIZE] = {
                {0x52, 0x4d, 0x4d, 0x41, 0x4c, 0x4f, 0x43, 0x31, 0x63, 0x75, 0x72, 0x72,
                 0x65, 0x6e, 0x74, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00,
                 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x50, 0x00, 0x00,
                 0x00, 0x00, 0x00, 0x00, 0xe8, 0x1f, 0x82, 0x8e, 0xd7, 0x2c, 0x1e, 0x1e},
                {0x52, 0x4d, 0x4d, 0x41, 0x4c, 0x4f, 0x43, 0x31, 0x2d, 0x73, 0x65, 0x72,
                 0x69, 0x61, 0x6c, 0x00, 0x00, 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00,
                 0x00, 0x10, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x50, 0x00, 0x00,
                 0x00, 0x00, 0x00, 0x00, 0xe6, 0x66, 0xf4, 0xcf, 0x51, 0x2e, 0x71, 0x2f},
        };
        unsigned char bytes[STATE_SIZE];

        make_state(_i, 1 << 20, 5 * A, bytes);
        ck_assert_mem_eq(bytes, literal[_i], STATE_SIZE);
}
END_TEST

/* Bytes that are in order, and say what can't be of this allocator. */
START_TEST(state_of_something_else)
{
        static const uint64_t positions[] = {1,     A - 1,      SIZE - 1,         SIZE + 1,
                                             7 * A, UINT64_MAX, UINT64_MAX - 4095};
        unsigned char bytes[STATE_SIZE], other[STATE_SIZE], larger[STATE_SIZE];
        uint64_t words[4];

        make_state(1 - _i, SIZE, 3 * A, other);
        make_state(_i, SIZE + 1, 3 * A, larger);
        make_state(_i, SIZE, 2 * A, bytes);
        use(_i, 0, SIZE, 2 * A);
        ck_is(restore(bytes), -EBADMSG); /* the alignment differs */
        use(_i, 0, SIZE, A);
        ck_is(restore(other), -EBADMSG);
        ck_is(restore(larger), -EBADMSG);
        ck_assert_int_eq(deserialize_words(bytes, STATE_SIZE, "RMMALOC1", words, 4), 0);
        ck_assert_uint_eq(words[3], 2 * A);
        for (size_t i = 0; i < sizeof(positions) / sizeof(positions[0]); i++) {
                words[3] = positions[i];
                serialize_words(bytes, "RMMALOC1", words, 4);
                ck_is(restore(bytes), -EBADMSG);
        }
        is_at(0);
}
END_TEST

/* The higher one of first and all states holds, and a refused exact request is no use. */
START_TEST(restore_never_lowers)
{
        unsigned char low[STATE_SIZE], high[STATE_SIZE], full[STATE_SIZE];

        make_state(_i, SIZE, A, low);
        make_state(_i, SIZE, 3 * A, high);
        make_state(_i, SIZE, UINT64_MAX, full);
        use(_i, 2 * A, SIZE, A);
        refuses(UINT64_MAX, RMMAP_ALLOCATE_EXACT, -ENOSPC);
        ck_ok(restore(low));
        is_at(2 * A);
        ck_ok(restore(high));
        ck_ok(restore(low));
        is_at(3 * A);
        ck_ok(ops->claim(state, 0, 3 * A));
        gives(A, 0, 3 * A, 4 * A);
        ck_is(restore(high), -EBUSY);
        use(_i, 0, SIZE, A);
        ck_ok(restore(full));
        refuses(1, 0, -ENOSPC);
        ck_ok(ops->claim(state, 0, SIZE));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("allocator");
        TCase *cases = tcase_create("ops");

        tcase_add_checked_fixture(cases, NULL, teardown);
        tcase_add_loop_test(cases, ops_are_whole, 0, 2);
        tcase_add_loop_test(cases, create_checks_what_it_may_count, 0, 2);
        tcase_add_loop_test(cases, other_alignments, 0, 2);
        tcase_add_loop_test(cases, ops_check_their_arguments, 0, 2);
        tcase_add_loop_test(cases, counter_stops_when_full, 0, 2);
        tcase_add_test(cases, counter_beyond_the_limit);
        tcase_add_test(cases, sequential_tells_of_overlap);
        tcase_add_loop_test(cases, layout_is_fixed, 0, 2);
        tcase_add_loop_test(cases, state_of_something_else, 0, 2);
        tcase_add_loop_test(cases, restore_never_lowers, 0, 2);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
