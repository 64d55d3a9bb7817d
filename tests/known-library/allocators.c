/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Its two allocators have the same tests, but for the threads; here both run all of them. */
#include <stdatomic.h>

#include "known.h"

static const struct rmmap_allocator_ops *ops;
static void *state;

static void use(const struct rmmap_allocator_ops *which, uint64_t total)
{
        const struct rmmap_allocator_args args = {sizeof(args), NULL, 0, total, A, 0, 0};

        ops = which;
        ck_ok(ops->create(&args, &state));
}

static void use_concurrent(void)
{
        use(rmmap_concurrent_allocator(), 10 * A);
}

static void use_sequential(void)
{
        use(rmmap_sequential_allocator(), 10 * A);
}

static void use_anew(uint64_t total)
{
        ops->destroy(state);
        use(ops, total);
}

static void destroy(void)
{
        ops->destroy(state);
}

static void gives(uint64_t size, uint64_t want_start, uint64_t want_end)
{
        uint64_t start, end;

        ck_ok(ops->allocate(state, size, 0, &start, &end));
        ck_assert_uint_eq(start, want_start);
        ck_assert_uint_eq(end, want_end);
}

START_TEST(basic_allocation)
{
        gives(100, 0, A);
}
END_TEST

START_TEST(multiple_allocations)
{
        gives(100, 0, A);
        gives(150, A, 2 * A);
        gives(200, 2 * A, 3 * A);
}
END_TEST

START_TEST(exact_alignment)
{
        gives(A, 0, A);
        gives(A + 1, A, 3 * A);
}
END_TEST

START_TEST(partial_allocation)
{
        use_anew(3 * A);
        gives(A, 0, A);
        gives(A, A, 2 * A);
        gives(2 * A, 2 * A, 3 * A);
}
END_TEST

START_TEST(exhausted)
{
        uint64_t start, end;

        use_anew(A);
        gives(100, 0, A);
        ck_is(ops->allocate(state, 1, 0, &start, &end), -ENOSPC);
}
END_TEST

START_TEST(remaining)
{
        use_anew(3 * A);
        ck_assert_uint_eq(ops->remaining(state), 3 * A);
        gives(100, 0, A);
        ck_assert_uint_eq(ops->remaining(state), 2 * A);
        gives(2 * A, A, 3 * A);
        ck_assert_uint_eq(ops->remaining(state), 0);
}
END_TEST

/* The next position is what rmmap_allocated tells. */
START_TEST(next_pos)
{
        struct rmmap_file *file = known_create(10 * A, ops);

        ck_assert_uint_eq(rmmap_allocated(file), 0);
        known_take(file, 100);
        ck_assert_uint_eq(rmmap_allocated(file), A);
        known_take(file, 250);
        ck_assert_uint_eq(rmmap_allocated(file), 2 * A);
        rmmap_release(file);
}
END_TEST

/* The total is the file's; what is left of a fresh one tells it. */
START_TEST(total_size)
{
        struct rmmap_file *file = known_create(12345, ops);

        ck_assert_uint_eq(rmmap_size(file), 12345);
        ck_assert_uint_eq(rmmap_remaining(file), 12345);
        rmmap_release(file);
}
END_TEST

/* How often each block was given out, and all bytes together. */
struct shared {
        atomic_uint times[256];
        atomic_ullong bytes;
        uint64_t size;
};

static int take_all(void *arg, size_t index)
{
        struct shared *shared = arg;
        uint64_t start, end;
        int err;

        (void)index;
        while ((err = ops->allocate(state, shared->size, 0, &start, &end)) == 0) {
                atomic_fetch_add(&shared->bytes, end - start);
                for (uint64_t at = start; at < end; at += A)
                        atomic_fetch_add(&shared->times[at / A], 1);
        }
        return err == -ENOSPC ? 0 : err;
}

static void share_out(size_t threads, uint64_t blocks, uint64_t size)
{
        struct shared shared;

        memset(&shared, 0, sizeof(shared));
        shared.size = size;
        use_anew(blocks * A);
        known_threads(threads, take_all, &shared);
        for (uint64_t i = 0; i < blocks; i++)
                ck_assert_uint_eq(atomic_load(&shared.times[i]), 1);
        ck_assert_uint_eq(atomic_load(&shared.bytes), blocks * A);
}

START_TEST(multi_thread_no_overlap)
{
        share_out(8, 100, 100);
}
END_TEST

START_TEST(stress)
{
        share_out(16, 256, 1000);
}
END_TEST

static TCase *cases_for(const char *name, void (*setup)(void))
{
        TCase *cases = tcase_create(name);

        tcase_add_checked_fixture(cases, setup, destroy);
        tcase_add_test(cases, basic_allocation);
        tcase_add_test(cases, multiple_allocations);
        tcase_add_test(cases, exact_alignment);
        tcase_add_test(cases, partial_allocation);
        tcase_add_test(cases, exhausted);
        tcase_add_test(cases, remaining);
        tcase_add_test(cases, next_pos);
        tcase_add_test(cases, total_size);
        return cases;
}

TCase *known_concurrent(void)
{
        TCase *cases = cases_for("concurrent", use_concurrent);

        tcase_add_test(cases, multi_thread_no_overlap);
        tcase_add_test(cases, stress);
        return cases;
}

TCase *known_sequential(void)
{
        return cases_for("sequential", use_sequential);
}
