/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A file that another process cuts short gives an error in the call that meets the cut: the first
 * time and the thousandth, in any thread, with any stack and signal mask. RMMAP_CATCH_FAULTS
 * detects more cases.
 */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "setups.h"

#define PAGE ((size_t)4096)
#define SIZE (64 * PAGE)
#define CUT (16 * PAGE) /* what is left after the cut */
#define AT (32 * PAGE)  /* where the range lies: gone */
#define LENGTH (4 * PAGE)

struct victim {
        struct rmmap_file *file;
        struct rmmap_range range;
        const char *path;
};

static const uint32_t engines[] = {RMMAP_ENGINE_MAP, RMMAP_ENGINE_AUTO, RMMAP_ENGINE_PWRITE};

static struct victim make(const char *name, uint32_t engine)
{
        struct rmmap_options options =
                test_options(RMMAP_CATCH_FAULTS | RMMAP_SHARED_CLAIMS, engine);
        struct victim victim = {.path = test_path(name)};

        ck_ok(rmmap_create(victim.path, SIZE, &options, &victim.file));
        ck_ok(rmmap_raw_fill(victim.file, 'f'));
        ck_ok(rmmap_allocate(victim.file, SIZE, &victim.range));
        ck_ok(rmmap_unclaim_range(victim.file, victim.range));
        ck_ok(rmmap_claim_range(victim.file, AT, AT + LENGTH, &victim.range));
        return victim;
}

static void cut(const struct victim *victim)
{
        ck_assert_int_eq(truncate(victim->path, (off_t)CUT), 0);
}

static void mend(const struct victim *victim)
{
        ck_assert_int_eq(truncate(victim->path, (off_t)SIZE), 0);
}

static uint64_t size_now(const struct victim *victim)
{
        struct stat status;

        ck_assert_int_eq(stat(victim->path, &status), 0);
        return (uint64_t)status.st_size;
}

/* The calls that copy a range. Called by threads: it counts wrong results instead of asserting. */
static int copy_range(const struct victim *victim, int want)
{
        static const unsigned char data[LENGTH] = "data";
        struct iovec piece = {.iov_base = (void *)(uintptr_t)data, .iov_len = LENGTH};
        unsigned char found[LENGTH];
        struct rmmap_file *file = victim->file;
        struct rmmap_range range = victim->range;
        int wrong = 0;

        wrong += rmmap_write_range(file, range, data, LENGTH, NULL) != want;
        wrong += rmmap_write_range_durable(file, range, data, LENGTH, NULL) != want;
        wrong += rmmap_writev_range(file, range, &piece, 1, NULL) != want;
        wrong += rmmap_write_within(file, range, 5000, data, 100) != want;
        wrong += rmmap_read_range(file, range, found, LENGTH, NULL) != want;
        wrong += rmmap_read_within(file, range, 5000, found, 100) != want;
        wrong += rmmap_raw_write(file, rmmap_range_start(range) + 1, data, 10) != want;
        wrong += rmmap_raw_read(file, rmmap_range_start(range) + 1, found, 10, NULL) != want;
        return wrong;
}

static int copy_in_every_way(const struct victim *victim, int want)
{
        return copy_range(victim, want) + (rmmap_raw_fill(victim->file, 'x') != want) +
               (rmmap_raw_zero(victim->file) != want);
}

START_TEST(a_cut_file_is_an_error_of_every_copy)
{
        struct victim victim = make("cut", engines[_i]);
        char left[10];

        ck_assert_int_eq(copy_in_every_way(&victim, 0), 0);
        cut(&victim);
        ck_assert_int_eq(copy_in_every_way(&victim, -ESTALE), 0);
        ck_assert_uint_eq(size_now(&victim), CUT); /* no call made it grow again */
        ck_ok(rmmap_raw_read(victim.file, CUT - 10, left, 10, NULL)); /* what is left is there */
        mend(&victim);
        ck_assert_int_eq(copy_in_every_way(&victim, 0), 0);
        rmmap_release(victim.file);
}
END_TEST

/* Also without the flag where copies use the mapping; there a pwrite makes the file grow again. */
START_TEST(a_default_handle_is_not_killed)
{
        FLOOR_LACKS("page populated at once");
        static const size_t lengths[] = {1, 64, 5000, CUT};
        static unsigned char data[CUT];
        struct rmmap_options options = test_options(RMMAP_POPULATE, engines[_i]);
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_file *file;
        int err = rmmap_create(test_path("default"), SIZE, &options, &file);

        ck_assert(err == 0 || (err == -EOPNOTSUPP && options.engine == RMMAP_ENGINE_MAP));
        if (err != 0)
                return; /* no space is reserved here */
        ck_ok(rmmap_describe(file, &info));
        ck_assert_int_eq(truncate(test_path("default"), (off_t)CUT), 0);
        for (size_t i = 0;
             i < sizeof(lengths) / sizeof(lengths[0]) && info.engine != RMMAP_ENGINE_PWRITE; i++) {
                ck_is(rmmap_raw_write(file, AT + 7, data, lengths[i]), -ESTALE);
                ck_is(rmmap_raw_read(file, AT + 7, data, lengths[i], NULL), -ESTALE);
        }
        ck_ok(rmmap_raw_write(file, 0, data, CUT));
        ck_ok(rmmap_raw_read(file, 0, data, CUT, NULL));
        rmmap_release(file);
}
END_TEST

/* The source of the copy faults; it lies in the same mapping. */
START_TEST(a_source_in_the_mapping)
{
        struct victim victim = make("source-inside", RMMAP_ENGINE_MAP);
        unsigned char *data;
        void *bytes;

        ck_ok(rmmap_raw_data(victim.file, &bytes));
        data = bytes;
        cut(&victim);
        ck_is(rmmap_raw_write(victim.file, 0, data + AT, 64), -ESTALE);
        ck_is(rmmap_raw_read(victim.file, 0, data + AT, 64, NULL), -ESTALE);
        mend(&victim);
        ck_ok(rmmap_raw_write(victim.file, 0, data + AT, 64));
        rmmap_release(victim.file);
}
END_TEST

START_TEST(filling_a_cut_file_from_a_descriptor)
{
        struct victim victim = make("cut-fd", engines[_i]);
        int fd = open(test_file("source", LENGTH), O_RDONLY | O_CLOEXEC), ends[2];
        uint64_t done = 0;

        cut(&victim);
        ck_is(rmmap_write_range_from_fd(victim.file, victim.range, fd, &done, NULL), -ESTALE);
        ck_assert_uint_eq(done, 0);
        ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 0);
        ck_assert_int_eq(pipe(ends), 0);
        ck_assert_int_eq(write(ends[1], "pipe", 4), 4);
        ck_is(rmmap_write_range_from_fd(victim.file, victim.range, ends[0], &done, NULL), -ESTALE);
        ck_assert_uint_eq(done, 0);
        mend(&victim);
        ck_ok(rmmap_write_range_from_fd(victim.file, victim.range, fd, &done, NULL));
        ck_assert_uint_eq(size_now(&victim), SIZE);
        close(ends[0]);
        close(ends[1]);
        close(fd);
        rmmap_release(victim.file);
}
END_TEST

/* A copy that the cut interrupts has copied everything before the cut. */
START_TEST(a_range_cut_in_its_middle)
{
        struct victim victim = make("middle", RMMAP_ENGINE_MAP);
        struct rmmap_info info = RMMAP_INFO_INIT;
        unsigned char data[LENGTH];

        memset(data, 'm', sizeof(data));
        ck_assert_int_eq(truncate(victim.path, (off_t)(AT + PAGE)), 0);
        ck_is(rmmap_write_range(victim.file, victim.range, data, LENGTH, NULL), -ESTALE);
        ck_assert_uint_eq(size_now(&victim), AT + PAGE);
        ck_ok(rmmap_describe(victim.file, &info));
        ck_assert_uint_eq(info.faults_caught, 1);
        ck_assert(info.facts & RMMAP_FACT_CATCH_FAULTS);
        rmmap_release(victim.file);
}
END_TEST

/* Reading by system calls needs no guard to report the error. */
START_TEST(a_short_read_without_the_flag)
{
        struct rmmap_options options = test_options(0, RMMAP_ENGINE_PWRITE);
        struct rmmap_file *file;
        char bytes[100];

        ck_ok(rmmap_create(test_path("short"), SIZE, &options, &file));
        ck_assert_int_eq(truncate(test_path("short"), (off_t)CUT), 0);
        ck_is(rmmap_raw_read(file, AT, bytes, 100, NULL), -ESTALE);
        ck_is(rmmap_raw_read(file, CUT - 50, bytes, 100, NULL), -ESTALE);
        ck_ok(rmmap_raw_read(file, CUT - 100, bytes, 100, NULL));
        rmmap_release(file);
}
END_TEST

START_TEST(a_thousand_faults_in_one_thread)
{
        struct victim victim = make("thousand", RMMAP_ENGINE_MAP);
        struct rmmap_info info = RMMAP_INFO_INIT;
        sigset_t before, after;

        sigemptyset(&before);
        sigaddset(&before, SIGUSR1);
        sigaddset(&before, SIGTERM);
        ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, &before, NULL), 0);
        ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &before), 0);
        cut(&victim);
        for (int i = 0; i < 1000; i++)
                ck_is(rmmap_raw_write(victim.file, AT, "x", 1), -ESTALE);
        ck_ok(rmmap_describe(victim.file, &info));
        ck_assert_uint_eq(info.faults_caught, 1000);
        ck_assert_int_eq(pthread_sigmask(SIG_BLOCK, NULL, &after), 0);
        for (int number = 1; number < SIGRTMIN; number++)
                ck_assert_int_eq(sigismember(&before, number), sigismember(&after, number));
        ck_assert_int_eq(sigismember(&after, SIGBUS), 0);
        rmmap_release(victim.file);
}
END_TEST

/* ---- threads, with stacks of their own for signals */

struct task {
        struct victim victim; /* a range of this thread's own */
        bool own_stack;
        int wrong;
};

static void *fault_often(void *arg)
{
        struct task *task = arg;
        stack_t stack = {.ss_size = 65536}, before, after = {.ss_flags = SS_ONSTACK};

        if (task->own_stack) {
                stack.ss_sp = malloc(stack.ss_size);
                sigaltstack(&stack, &before);
        }
        for (int i = 0; i < 20; i++)
                task->wrong += copy_range(&task->victim, -ESTALE);
        if (task->own_stack) {
                sigaltstack(NULL, &after);
                task->wrong += after.ss_sp != stack.ss_sp || (after.ss_flags & SS_ONSTACK);
                sigaltstack(&before, NULL);
                free(stack.ss_sp);
        }
        return NULL;
}

START_TEST(many_threads_at_once)
{
        struct victim victims[2] = {make("threads", RMMAP_ENGINE_MAP),
                                    make("threads-2", RMMAP_ENGINE_MAP)};
        struct task tasks[8];
        pthread_t threads[8];

        cut(&victims[0]);
        cut(&victims[1]);
        for (int i = 0; i < 8; i++) {
                uint64_t start = AT + (uint64_t)i * LENGTH;

                tasks[i] = (struct task){victims[i % 2], i % 4 < 2, 0};
                ck_ok(rmmap_claim_range(tasks[i].victim.file, start, start + LENGTH,
                                        &tasks[i].victim.range));
                ck_assert_int_eq(pthread_create(&threads[i], NULL, fault_often, &tasks[i]), 0);
        }
        for (int i = 0; i < 8; i++) {
                ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
                ck_assert_int_eq(tasks[i].wrong, 0);
        }
        rmmap_release(victims[0].file);
        rmmap_release(victims[1].file);
}
END_TEST

/* ---- the caller's own code */

static int store(void *arg)
{
        const struct victim *victim = arg;
        void *data;

        if (rmmap_range_data(victim->file, victim->range, &data) != 0)
                return -1;
        memset(data, 's', LENGTH);
        return 42;
}

START_TEST(a_callers_body)
{
        struct victim victim = make("body", engines[_i]);
        int result = 7;

        ck_ok(rmmap_guard_call(victim.file, store, &victim, &result));
        ck_assert_int_eq(result, 42);
        ck_assert(test_file_holds(victim.path, AT + LENGTH - 3, "sss", 3));
        ck_ok(rmmap_guard_call(victim.file, store, &victim, NULL));
        cut(&victim);
        result = 7;
        for (int i = 0; i < 100; i++)
                ck_is(rmmap_guard_call(victim.file, store, &victim, &result), -ESTALE);
        ck_assert_int_eq(result, 7);
        rmmap_release(victim.file);
}
END_TEST

/* The fault under the inner guard ends only the inner call. */
static int copy_to_other(void *arg)
{
        return copy_in_every_way(arg, -ESTALE);
}

static int guard_other(void *arg)
{
        const struct victim *pair = arg;
        int result = 7;

        /* A store into the first file, under the guard of the second one. */
        if (rmmap_guard_call(pair[1].file, store, (void *)(uintptr_t)&pair[0], &result) != 0)
                return 1;
        return 2; /* not reached: the fault belongs to the outer guard */
}

/* The outer guard is active again after the inner guard caught its fault. */
static int copy_then_store(void *arg)
{
        struct victim *pair = arg;

        if (copy_in_every_way(&pair[1], -ESTALE) != 0)
                return 1;
        return store(&pair[0]);
}

START_TEST(guards_within_guards)
{
        struct victim pair[2] = {make("outer", RMMAP_ENGINE_MAP), make("inner", RMMAP_ENGINE_MAP)};
        int result = 7;

        cut(&pair[1]);
        ck_ok(rmmap_guard_call(pair[0].file, copy_to_other, &pair[1], &result));
        ck_assert_int_eq(result, 0);
        cut(&pair[0]);
        ck_is(rmmap_guard_call(pair[0].file, copy_then_store, pair, &result), -ESTALE);
        mend(&pair[1]);
        for (int i = 0; i < 10; i++) {
                result = 7;
                ck_is(rmmap_guard_call(pair[0].file, guard_other, pair, &result), -ESTALE);
                ck_assert_int_eq(result, 7);
                ck_assert_int_eq(copy_in_every_way(&pair[0], -ESTALE), 0);
                ck_assert_int_eq(copy_in_every_way(&pair[1], 0), 0);
        }
        rmmap_release(pair[0].file);
        rmmap_release(pair[1].file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("faults");
        TCase *core = tcase_create("core");

        test_deepen_stack();
        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, a_cut_file_is_an_error_of_every_copy, 0, 3);
        tcase_add_loop_test(core, a_default_handle_is_not_killed, 0, 3);
        tcase_add_test(core, a_source_in_the_mapping);
        tcase_add_loop_test(core, filling_a_cut_file_from_a_descriptor, 0, 3);
        tcase_add_test(core, a_range_cut_in_its_middle);
        tcase_add_test(core, a_short_read_without_the_flag);
        tcase_add_test(core, a_thousand_faults_in_one_thread);
        tcase_add_test(core, many_threads_at_once);
        tcase_add_loop_test(core, a_callers_body, 0, 3);
        tcase_add_test(core, guards_within_guards);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
