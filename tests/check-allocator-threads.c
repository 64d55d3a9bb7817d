/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The default allocator with up to 100 threads: no byte is handed out twice, every byte is handed
 * out once, and the counter stays within the bound of bump_add. The threads record; the main thread
 * checks the record.
 */
#include <pthread.h>
#include <stdlib.h>

#include "child.h"
#include "file.h"
#include "support.h"

#define A UINT64_C(4096)
#define MOST_THREADS 100

struct span {
        uint64_t start, end;
};

struct storm {
        unsigned int threads;
        uint64_t largest;         /* of the sizes asked for */
        unsigned int exact_of_16; /* how many of sixteen requests are exact */
};

struct worker {
        pthread_t thread;
        const struct storm *storm;
        uint64_t seed;
        struct span *spans;
        size_t count;
        int wrong; /* a result that no call may return */
};

static struct rmmap_file *file;
static pthread_barrier_t begin;

/* One more than there are blocks, so that a thread that gets too much is seen. */
static size_t room_for_spans(void)
{
        return (size_t)(rmmap_size(file) / A) + 2;
}

static bool is_right(uint64_t size, bool exact, struct span span)
{
        uint64_t length = span.end - span.start, rounded = rmmap_align_up(size);

        if (!exact && span.end == rmmap_size(file))
                return length <= rounded;
        return length == rounded;
}

static void *work(void *arg)
{
        struct worker *worker = arg;
        int err = 0;

        pthread_barrier_wait(&begin);
        while (worker->count < room_for_spans()) {
                uint64_t size = test_random(&worker->seed) % worker->storm->largest + 1;
                bool exact = test_random(&worker->seed) % 16 < worker->storm->exact_of_16;
                struct rmmap_range range;
                struct span span;

                err = exact ? rmmap_allocate_exact(file, size, &range)
                            : rmmap_allocate(file, size, &range);
                if (err != 0 && !exact)
                        break; /* an exact one may fail while smaller ones don't */
                if (err != 0)
                        continue;
                span = (struct span){rmmap_range_start(range), rmmap_range_end(range)};
                if (!is_right(size, exact, span))
                        worker->wrong = 1;
                worker->spans[worker->count++] = span;
        }
        if (err != -ENOSPC)
                worker->wrong = err == 0 ? 2 : err;
        return NULL;
}

static void run(const struct storm *storm, struct worker *workers, uint64_t seed)
{
        ck_assert_int_eq(pthread_barrier_init(&begin, NULL, storm->threads), 0);
        for (unsigned int i = 0; i < storm->threads; i++) {
                workers[i] = (struct worker){.storm = storm, .seed = seed + i};
                workers[i].spans = malloc(room_for_spans() * sizeof(struct span));
                ck_assert_ptr_nonnull(workers[i].spans);
                ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
        }
        for (unsigned int i = 0; i < storm->threads; i++)
                pthread_join(workers[i].thread, NULL);
        pthread_barrier_destroy(&begin);
}

/* How often each block was handed out: once. */
static void judge(const struct storm *storm, const struct worker *workers)
{
        uint64_t blocks = rmmap_align_up(rmmap_size(file)) / A;
        unsigned char *times = calloc(1, (size_t)blocks);

        ck_assert_ptr_nonnull(times);
        for (unsigned int i = 0; i < storm->threads; i++) {
                ck_assert_int_eq(workers[i].wrong, 0);
                for (size_t k = 0; k < workers[i].count; k++)
                        for (uint64_t at = workers[i].spans[k].start; at < workers[i].spans[k].end;
                             at += A)
                                times[at / A]++;
                free(workers[i].spans);
        }
        for (uint64_t block = 0; block < blocks; block++)
                ck_assert_msg(times[block] == 1, "block %llu was handed out %d times",
                              (unsigned long long)block, times[block]);
        free(times);
}

static void run_on_file_of(uint64_t size, const struct storm *storm, uint64_t seed)
{
        struct rmmap_options options = test_options(RMMAP_NO_PREALLOCATE, 0); /* no writes */
        struct worker workers[MOST_THREADS];
        const struct bump *bump;

        ck_ok(rmmap_create(test_path("threads"), size, &options, &file));
        run(storm, workers, seed);
        judge(storm, workers);
        ck_assert_uint_eq(rmmap_remaining(file), 0);
        bump = file->bump;
        ck_assert_uint_ge(atomic_load(&bump->next), bump_limit(bump, size));
        ck_assert_uint_le(atomic_load(&bump->next), (storm->threads + 1) * bump_limit(bump, size));
        file = rmmap_release(file);
}

static const struct storm storms[] = {
        {8, 100, 0},
        {8, 9 * A, 8},
        {16, 9 * A, 0},
        {16, UINT64_MAX - 1, 4},
        {MOST_THREADS, 100, 0},
        {MOST_THREADS, 9 * A, 8},
        {MOST_THREADS, UINT64_MAX - 1, 4},
        {MOST_THREADS, 3 * A, 15},
};
#define STORMS (sizeof(storms) / sizeof(storms[0]))

/* Holds A.1, B.1. The short last block is among them. */
START_TEST(every_byte_once)
{
        uint64_t blocks = test_sanitized() || test_under_valgrind() ? 20 : 200;

        run_on_file_of(blocks * A * storms[_i].threads + 100, &storms[_i], test_seed());
}
END_TEST

/* Threads compete for the last block again and again; each time all of them saw it free. */
START_TEST(the_last_block_is_given_once)
{
        int rounds = test_sanitized() || test_under_valgrind() ? 30 : 300;

        for (int round = 0; round < rounds; round++) {
                struct storm storm = {round % 2 ? 16 : 3, round % 3 ? UINT64_MAX - 1 : A, 4};

                run_on_file_of(2 * A + 1, &storm, (uint64_t)round);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("allocator-threads");
        TCase *cases = tcase_create("threads");

        tcase_set_timeout(cases, 240);
        tcase_add_loop_test(cases, every_byte_once, 0, STORMS);
        tcase_add_test(cases, the_last_block_is_given_once);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
