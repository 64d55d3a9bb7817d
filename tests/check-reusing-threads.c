/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The reusing allocator with 64 threads that allocate and give back, some of them twice or at a
 * place, while another thread lets it grow. An oracle, a word for each block, has its owner: no
 * block has two, and at the end none is lost. REUSING_SECONDS: how long; 2 if not set. Holds B.1,
 * B.8. The threads record; the main thread checks the record.
 */
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "base/sync-annotations.h"
#include "child.h"
#include "support.h"

#define A UINT64_C(4096)
#define THREADS 64
#define FIRST_BLOCKS 300
#define BLOCKS 3000 /* few, so that threads meet */
#define HELD 8

struct span {
        uint64_t start, end;
};

static const struct rmmap_allocator_ops *ops;
static void *state;
static atomic_uint owner[BLOCKS];
static atomic_bool over;
static _Atomic uint64_t allocated, given_back, refused;
/* Two threads that give one span back at the same time. */
static pthread_barrier_t twice;

struct worker {
        pthread_t thread;
        unsigned int number, turns;
        uint64_t seed;
        struct span held[HELD];
        size_t count;
};

static unsigned int seconds(void)
{
        const char *wish = getenv("REUSING_SECONDS");

        return wish != NULL && atoi(wish) > 0 ? (unsigned int)atoi(wish) : 2;
}

/* In the oracle the blocks change hands; false: another one has one of them. */
static bool pass(struct span span, unsigned int from, unsigned int to)
{
        bool right = true;

        for (uint64_t block = span.start / A; block < span.end / A; block++) {
                unsigned int seen = from;

                right &= atomic_compare_exchange_strong(&owner[block], &seen, to);
        }
        return right;
}

static void take(struct worker *worker)
{
        struct span *span = &worker->held[worker->count];
        uint64_t size = (test_random(&worker->seed) % 40 + 1) * A;
        uint64_t place = test_random(&worker->seed) % FIRST_BLOCKS * A;
        int err, way = (int)(test_random(&worker->seed) % 8);

        *span = (struct span){place, place + A};
        if (way == 0)
                err = ops->allocate_at(state, span->start, span->end);
        else
                err = ops->allocate(state, size, way < 4 ? RMMAP_ALLOCATE_EXACT : 0, &span->start,
                                    &span->end);
        if (err == (way == 0 ? -EBUSY : -ENOSPC)) {
                atomic_fetch_add_explicit(&refused, 1, memory_order_relaxed);
                return;
        }
        must(err);
        if (err != 0)
                return;
        must(span->end - span->start <= size || way == 0 ? 0 : -EPROTO);
        must(pass(*span, 0, worker->number) ? 0 : -EEXIST);
        worker->count++;
        atomic_fetch_add_explicit(&allocated, 1, memory_order_relaxed);
}

static void drop(struct worker *worker)
{
        struct span *span = &worker->held[test_random(&worker->seed) % worker->count];

        must(pass(*span, worker->number, 0) ? 0 : -EEXIST);
        must(ops->give_back(state, span->start, span->end));
        *span = worker->held[--worker->count];
        atomic_fetch_add_explicit(&given_back, 1, memory_order_relaxed);
}

static void *work(void *arg)
{
        struct worker *worker = arg;

        /* valgrind may let one thread run for ever, so there it has so many turns only. */
        for (unsigned int turn = 0; turn < worker->turns; turn++) {
                if (atomic_load_explicit(&over, memory_order_relaxed))
                        break;
                if (worker->count < HELD && test_random(&worker->seed) % 2 == 0)
                        take(worker);
                else if (worker->count > 0)
                        drop(worker);
        }
        while (worker->count > 0)
                drop(worker);
        return NULL;
}

static void create(uint64_t blocks)
{
        struct rmmap_allocator_args args = {sizeof(args), NULL, 0, blocks * A, A, 0, 0};

        ops = rmmap_reusing_allocator();
        NOTE_ATOMIC(&owner);
        NOTE_ATOMIC(&over);
        NOTE_ATOMIC(&allocated);
        NOTE_ATOMIC(&given_back);
        NOTE_ATOMIC(&refused);
        ck_ok(ops->create(&args, &state));
}

static void let_time_pass(void)
{
        struct timespec a_moment = {0, 20000000};
        time_t begin = time(NULL);
        uint64_t blocks = FIRST_BLOCKS;

        while (time(NULL) - begin < (time_t)seconds()) {
                nanosleep(&a_moment, NULL);
                if (blocks < BLOCKS)
                        ck_ok(ops->grow(state, ++blocks * A));
        }
        ck_ok(ops->grow(state, BLOCKS * A));
}

/* Everything is free, and can be had in one piece. */
static void nothing_is_lost(void)
{
        uint64_t start = 1, end = 0;

        ck_assert_uint_eq(ops->remaining(state), BLOCKS * A);
        ck_ok(ops->allocate(state, BLOCKS * A, RMMAP_ALLOCATE_EXACT, &start, &end));
        ck_assert(start == 0 && end == BLOCKS * A);
}

START_TEST(no_block_has_two_owners)
{
        static struct worker workers[THREADS];
        unsigned int threads = test_sanitized() ? 8 : THREADS;
        uint64_t seed = test_seed();

        create(FIRST_BLOCKS);
        for (unsigned int i = 0; i < threads; i++) {
                workers[i] = (struct worker){.number = i + 1, .seed = seed + i};
                workers[i].turns = test_under_valgrind() ? 3000 : UINT_MAX;
                ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
        }
        let_time_pass();
        atomic_store_explicit(&over, true, memory_order_relaxed);
        for (unsigned int i = 0; i < threads; i++)
                pthread_join(workers[i].thread, NULL);
        test_noted_nothing();
        printf("%llu allocated, %llu given back, %llu refused\n", (unsigned long long)allocated,
               (unsigned long long)given_back, (unsigned long long)refused);
        ck_assert(allocated > 0 && allocated == given_back);
        nothing_is_lost();
        ops->destroy(state);
}
END_TEST

static void *give_back_twice(void *arg)
{
        struct span all = {0, FIRST_BLOCKS * A};
        int *answer = arg;

        pthread_barrier_wait(&twice);
        *answer = ops->give_back(state, all.start, all.end);
        return NULL;
}

START_TEST(one_of_two_gives_it_back)
{
        uint64_t start, end;

        create(FIRST_BLOCKS);
        ck_assert_int_eq(pthread_barrier_init(&twice, NULL, 2), 0);
        for (int i = 0; i < (test_under_valgrind() ? 50 : 500); i++) {
                int here = 1, there = 1;
                pthread_t thread;

                ck_ok(ops->allocate(state, FIRST_BLOCKS * A, 0, &start, &end));
                ck_assert(start == 0 && end == FIRST_BLOCKS * A);
                ck_assert_int_eq(pthread_create(&thread, NULL, give_back_twice, &there), 0);
                give_back_twice(&here);
                pthread_join(thread, NULL);
                ck_assert_int_eq(here + there, -EINVAL);
                ck_assert(here == 0 || there == 0);
                ck_assert_uint_eq(ops->remaining(state), FIRST_BLOCKS * A);
        }
        pthread_barrier_destroy(&twice);
        ops->destroy(state);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("reusing threads");
        TCase *cases = tcase_create("reusing threads");

        tcase_set_timeout(cases, 60 + 10 * seconds());
        tcase_add_test(cases, no_block_has_two_owners);
        tcase_add_test(cases, one_of_two_gives_it_back);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
