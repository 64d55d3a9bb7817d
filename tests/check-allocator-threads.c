/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The concurrent allocator with 8, 16 and 100 threads: no byte is handed out twice, every byte is
 * handed out once, and the counter stays within the bound of bump_add. The threads record; the main
 * thread checks the record.
 */
#include <pthread.h>
#include <stdlib.h>

#include "allocator-bump.h"
#include "child.h"
#include "support.h"

#define A UINT64_C(4096)
#define MOST_THREADS 100

struct span {
        uint64_t start, end;
};

/* The source of ranges: a handle, or the ops alone. */
struct source {
        struct rmmap_file *file; /* or NULL */
        void *state;
        uint64_t total;
};

struct plan {
        struct source source;
        unsigned int threads;
        uint64_t largest;         /* of the sizes asked for */
        unsigned int exact_of_16; /* how many of sixteen requests are exact */
        pthread_barrier_t begin;
};

struct worker {
        pthread_t thread;
        struct plan *plan;
        uint64_t seed;
        struct span *spans;
        size_t count, capacity;
        int wrong; /* a result that no op may return */
};

static int request(const struct source *source, uint64_t size, bool exact, struct span *span)
{
        struct rmmap_range range;
        int err;

        if (source->file == NULL)
                return rmmap_concurrent_allocator()->allocate(source->state, size,
                                                              exact ? RMMAP_ALLOCATE_EXACT : 0,
                                                              &span->start, &span->end);
        err = exact ? rmmap_allocate_exact(source->file, size, &range)
                    : rmmap_allocate(source->file, size, &range);
        if (err == 0)
                *span = (struct span){rmmap_range_start(range), rmmap_range_end(range)};
        return err;
}

static bool is_right(const struct source *source, uint64_t size, bool exact, struct span span)
{
        uint64_t rounded = rmmap_align_up(size);

        if (span.start >= span.end || span.end > source->total || span.start % A != 0)
                return false;
        if (exact)
                return span.end - span.start == rounded;
        return span.end == source->total ? span.end - span.start <= rounded
                                         : span.end - span.start == rounded;
}

static void *work(void *arg)
{
        struct worker *worker = arg;
        const struct plan *plan = worker->plan;
        int err = 0;

        pthread_barrier_wait(&worker->plan->begin);
        while (worker->count < worker->capacity) {
                uint64_t size = test_random(&worker->seed) % plan->largest + 1;
                bool exact = test_random(&worker->seed) % 16 < plan->exact_of_16;
                struct span span = {0, 0};

                err = request(&plan->source, size, exact, &span);
                if (err == 0 && !is_right(&plan->source, size, exact, span))
                        worker->wrong = 1;
                if (err == 0)
                        worker->spans[worker->count++] = span;
                else if (!exact)
                        break; /* an exact one may fail while smaller ones don't */
        }
        if (err != -ENOSPC)
                worker->wrong = err == 0 ? 2 : err;
        return NULL;
}

static void run(struct plan *plan, struct worker *workers, uint64_t seed)
{
        ck_assert_int_eq(pthread_barrier_init(&plan->begin, NULL, plan->threads), 0);
        for (unsigned int i = 0; i < plan->threads; i++) {
                struct worker *worker = &workers[i];

                memset(worker, 0, sizeof(*worker));
                worker->plan = plan;
                worker->seed = seed + i;
                worker->capacity = (size_t)(plan->source.total / A) + 2;
                worker->spans = malloc(worker->capacity * sizeof(*worker->spans));
                ck_assert_ptr_nonnull(worker->spans);
                ck_assert_int_eq(pthread_create(&worker->thread, NULL, work, worker), 0);
        }
        for (unsigned int i = 0; i < plan->threads; i++)
                pthread_join(workers[i].thread, NULL);
        pthread_barrier_destroy(&plan->begin);
}

static int compare(const void *left, const void *right)
{
        const struct span *a = left, *b = right;

        return (a->start > b->start) - (a->start < b->start);
}

static void judge(const struct plan *plan, struct worker *workers)
{
        size_t count = 0;
        uint64_t next = 0;
        struct span *all = malloc((size_t)(plan->source.total / A + 2) * sizeof(*all));

        ck_assert_ptr_nonnull(all);
        for (unsigned int i = 0; i < plan->threads; i++) {
                ck_assert_int_eq(workers[i].wrong, 0);
                ck_assert_uint_le(count + workers[i].count, plan->source.total / A + 2);
                memcpy(all + count, workers[i].spans, workers[i].count * sizeof(*all));
                count += workers[i].count;
                free(workers[i].spans);
        }
        qsort(all, count, sizeof(*all), compare);
        for (size_t i = 0; i < count; i++) {
                ck_assert_msg(all[i].start >= next, "overlap at %llu",
                              (unsigned long long)all[i].start);
                ck_assert_msg(all[i].start <= next, "gap at %llu", (unsigned long long)next);
                next = all[i].end;
        }
        ck_assert_uint_eq(next, plan->source.total);
        free(all);
}

/* The short last block among them. */
static uint64_t total_for(unsigned int threads)
{
        return (test_sanitized() || test_under_valgrind() ? 20 : 200) * A * threads + 100;
}

static void storm_on_ops(unsigned int threads, uint64_t largest, unsigned int exact_of_16)
{
        struct worker workers[MOST_THREADS];
        struct plan plan = {.source = {NULL, NULL, total_for(threads)},
                            .threads = threads,
                            .largest = largest,
                            .exact_of_16 = exact_of_16};
        struct rmmap_allocator_args args = {sizeof(args), NULL, 0, plan.source.total, A, 0};
        struct bump *bump;

        ck_ok(rmmap_concurrent_allocator()->create(&args, &plan.source.state));
        bump = plan.source.state;
        run(&plan, workers, test_seed());
        judge(&plan, workers);
        ck_assert_uint_eq(rmmap_concurrent_allocator()->remaining(bump), 0);
        ck_assert_uint_ge(atomic_load(&bump->next), bump->limit);
        ck_assert_uint_le(atomic_load(&bump->next), (threads + 1) * bump->limit);
        rmmap_concurrent_allocator()->destroy(bump);
}

static void storm_on_handle(unsigned int threads, uint64_t largest, unsigned int exact_of_16)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct worker workers[MOST_THREADS];
        struct plan plan = {.source = {NULL, NULL, total_for(threads)},
                            .threads = threads,
                            .largest = largest,
                            .exact_of_16 = exact_of_16};

        options.flags = RMMAP_NO_PREALLOCATE; /* nothing is written */
        ck_ok(rmmap_create(test_path("threads"), plan.source.total, &options, &plan.source.file));
        run(&plan, workers, test_seed());
        judge(&plan, workers);
        ck_assert_uint_eq(rmmap_remaining(plan.source.file), 0);
        ck_assert_uint_eq(rmmap_allocated(plan.source.file), plan.source.total);
        rmmap_release(plan.source.file);
}

static const struct {
        unsigned int threads;
        uint64_t largest;
        unsigned int exact_of_16;
} storms[] = {
        {8, 100, 0},
        {8, 9 * A, 0},
        {8, 9 * A, 8},
        {8, UINT64_MAX - 1, 4},
        {16, 100, 0},
        {16, 9 * A, 0},
        {16, 9 * A, 8},
        {16, UINT64_MAX - 1, 4},
        {MOST_THREADS, 100, 0},
        {MOST_THREADS, 9 * A, 0},
        {MOST_THREADS, 9 * A, 8},
        {MOST_THREADS, UINT64_MAX - 1, 4},
        {MOST_THREADS, 3 * A, 15},
};
#define STORMS (sizeof(storms) / sizeof(storms[0]))

/* Holds A.1, B.1. */
START_TEST(through_the_ops)
{
        storm_on_ops(storms[_i].threads, storms[_i].largest, storms[_i].exact_of_16);
}
END_TEST

START_TEST(through_the_handle)
{
        storm_on_handle(storms[_i].threads, storms[_i].largest, storms[_i].exact_of_16);
}
END_TEST

/* Threads compete for the last block again and again; each time all of them saw it free. */
START_TEST(the_last_block_is_given_once)
{
        struct worker workers[16];
        struct rmmap_allocator_args args = {sizeof(args), NULL, 0, 2 * A + 1, A, 0};
        int rounds = test_sanitized() || test_under_valgrind() ? 30 : 300;

        for (int round = 0; round < rounds; round++) {
                struct plan plan = {.source = {NULL, NULL, args.total},
                                    .threads = round % 2 ? 16 : 3,
                                    .largest = round % 3 ? UINT64_MAX - 1 : A,
                                    .exact_of_16 = 4};

                ck_ok(rmmap_concurrent_allocator()->create(&args, &plan.source.state));
                run(&plan, workers, (uint64_t)round);
                judge(&plan, workers);
                rmmap_concurrent_allocator()->destroy(plan.source.state);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("allocator-threads");
        TCase *cases = tcase_create("threads");

        tcase_set_timeout(cases, 240);
        tcase_add_loop_test(cases, through_the_ops, 0, STORMS);
        tcase_add_loop_test(cases, through_the_handle, 0, STORMS);
        tcase_add_test(cases, the_last_block_is_given_once);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
