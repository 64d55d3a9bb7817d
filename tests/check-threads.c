/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Many threads on one handle: its allocator, its references, its counters. They record errors; the
 * main thread asserts. check-stress and check-mixed write with all functions and setups.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "child.h"

#define THREADS 100

static atomic_int go;

/* All start together, so that they meet. */
static void run_threads(int count, void *(*body)(void *arg), void *args, size_t arg_size)
{
        pthread_t threads[THREADS];

        atomic_store(&go, 0);
        for (int i = 0; i < count; i++)
                ck_assert_int_eq(pthread_create(&threads[i], NULL, body,
                                                (char *)args + (size_t)i * arg_size),
                                 0);
        atomic_store(&go, 1);
        for (int i = 0; i < count; i++)
                ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        test_noted_nothing();
}

static void await_start(void)
{
        while (atomic_load(&go) == 0)
                sched_yield();
}

/* ---- states of the allocator, saved while others allocate */

#define SAVERS 16
#define SAVES 50

struct saver {
        struct rmmap_file *file;
        uint64_t end; /* of all that this thread had when it saved */
        size_t length;
        unsigned char state[256];
};

static void *allocate_and_save(void *arg)
{
        struct saver *saver = arg;
        struct rmmap_range range;

        await_start();
        for (int i = 0; i < SAVES; i++) {
                must(rmmap_allocate(saver->file, 4096, &range));
                saver->end = rmmap_range_end(range);
                saver->length = sizeof(saver->state);
                must(rmmap_allocator_save(saver->file, saver->state, &saver->length));
        }
        return NULL;
}

START_TEST(a_state_saved_amid_others_covers_ones_own)
{
        for (int round = 0; round < 20; round++) {
                struct saver savers[SAVERS];
                struct rmmap_range range;
                struct rmmap_file *file;

                ck_ok(rmmap_create(test_path("saved"), (SAVERS * SAVES + 1) * 4096, NULL, &file));
                for (int i = 0; i < SAVERS; i++)
                        savers[i].file = file;
                run_threads(SAVERS, allocate_and_save, savers, sizeof(savers[0]));
                rmmap_release(file);
                for (int i = 0; i < SAVERS; i++) {
                        ck_ok(rmmap_open(test_path("saved"), NULL, &file));
                        ck_ok(rmmap_allocator_restore(file, savers[i].state, savers[i].length));
                        ck_ok(rmmap_allocate(file, 4096, &range));
                        ck_assert_uint_ge(rmmap_range_start(range), savers[i].end);
                        rmmap_release(file);
                }
        }
}
END_TEST

/* ---- references; and queries while others work */

static void *clone_and_release(void *arg)
{
        struct rmmap_file **file = arg;
        int rounds = test_under_valgrind() ? 2 : 2000;
        struct rmmap_file *mine[50];

        await_start();
        for (int round = 0; round < rounds; round++) {
                for (size_t i = 0; i < 50; i++)
                        mine[i] = rmmap_clone(*file);
                for (size_t i = 0; i < 50; i++)
                        rmmap_release(mine[i]);
        }
        *file = rmmap_release(*file); /* the last one of all closes */
        return NULL;
}

/* Holds A.3, C.4. */
START_TEST(clones_come_and_go_in_many_threads)
{
        size_t descriptors = test_count_descriptors();
        struct rmmap_file *file, *files[THREADS];

        ck_ok(rmmap_create(test_path("clones"), 8192, NULL, &file));
        for (int i = 0; i < THREADS; i++)
                files[i] = rmmap_clone(file);
        rmmap_release(file);
        run_threads(THREADS, clone_and_release, files, sizeof(files[0]));
        ck_assert_uint_eq(test_count_descriptors(), descriptors);
}
END_TEST

struct worker {
        struct rmmap_file *file;
        int number;
};

static void *work_or_ask(void *arg)
{
        struct worker *worker = arg;
        struct rmmap_file *file = worker->file;
        uint64_t calls = 0, allocated = 0;
        struct rmmap_range range;

        await_start();
        for (int i = 0; i < 200; i++) {
                struct rmmap_info info = RMMAP_INFO_INIT;

                if (worker->number % 4 == 0) {
                        must(rmmap_describe(file, &info));
                        must(info.sync_calls < calls || info.allocated < allocated ? -ERANGE : 0);
                        calls = info.sync_calls;
                        allocated = info.allocated;
                } else if (worker->number % 4 == 1) {
                        must(i % 20 == 0 ? rmmap_sync_all(file) : flushed(rmmap_flush(file)));
                } else {
                        int err = rmmap_allocate(file, 4096, &range);

                        must(err);
                        if (err == 0)
                                must(rmmap_write_within(file, range, 7, "seven", 5));
                }
        }
        return NULL;
}

START_TEST(describe_while_others_write_and_sync)
{
        uint32_t engine = _i == 0 ? RMMAP_ENGINE_AUTO : RMMAP_ENGINE_PWRITE;
        struct rmmap_options options = test_options(0, engine);
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct worker workers[16];
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("asked"), 8 * 200 * 4096, &options, &file));
        for (int i = 0; i < 16; i++)
                workers[i] = (struct worker){file, i};
        run_threads(16, work_or_ask, workers, sizeof(workers[0]));
        ck_ok(rmmap_describe(file, &info));
        ck_assert_uint_eq(info.sync_calls, 4 * 10);
        ck_assert_uint_le(info.sync_rounds, info.sync_calls);
        ck_assert_uint_eq(info.flush_calls, 4 * 190);
        ck_assert_uint_eq(info.allocated, 8 * 200 * 4096);
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("threads");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 200);
        tcase_add_test(core, a_state_saved_amid_others_covers_ones_own);
        tcase_add_test(core, clones_come_and_go_in_many_threads);
        tcase_add_loop_test(core, describe_while_others_write_and_sync, 0, 2);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
