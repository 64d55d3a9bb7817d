/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The completion queue: what a submission does, and when; what batches serve; how it ends. */
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "fault/together.h"
#include "queue.h"

#define PAGE 4096
#define SIZE ((uint64_t)1 << 20)
#define MANY 10000

static const unsigned char text[PAGE] = "of the queue", unlike[PAGE] = "not that";

/* A file whose name is saved, and one page of it. */
static struct rmmap_file *ready(const char *name, uint32_t engine, struct rmmap_range *range)
{
        struct rmmap_options options = test_options(0, engine);
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path(name), SIZE, &options, &file));
        ck_ok(rmmap_allocate(file, PAGE, range));
        ck_ok(rmmap_sync_all(file));
        return file;
}

static struct rmmap_receipt written(struct rmmap_file *file, struct rmmap_range range)
{
        struct rmmap_receipt receipt;

        ck_ok(rmmap_write_range(file, range, text, PAGE, &receipt));
        return receipt;
}

static bool are_at_gate(const void *count)
{
        return inject_waiting() == *(const int *)count;
}

/* A sync of the file that the disk holds up, until the gate is opened. */
static void hold(struct rmmap_queue *queue, struct rmmap_file *file, uint64_t cookie)
{
        int one = 1;

        inject_close_gate();
        ck_ok(rmmap_queue_sync(queue, file, NULL, 0, cookie));
        ck_assert(test_until(are_at_gate, &one));
}

/* ---- one submission */

START_TEST(a_sync_completes)
{
        struct rmmap_queue *queue = queue_of(0, 0);
        struct rmmap_range range;
        struct rmmap_file *file = ready("sync", 0, &range);
        struct rmmap_receipt receipts[2];

        receipts[0] = receipts[1] = written(file, range);
        ck_assert(queue_is_empty(queue));
        inject_start();
        ck_ok(rmmap_queue_sync(queue, file, receipts, 2, UINT64_MAX));
        memset(receipts, 0, sizeof(receipts)); /* they were copied */
        queue_gives(queue, UINT64_MAX, 0);
        ck_assert_int_eq(inject_sync_count(), 1);
        ck_ok(rmmap_queue_sync(queue, file, NULL, 0, 7));
        queue_gives(queue, 7, 0);
        ck_assert_int_eq(inject_sync_count(), 2);
        ck_ok(rmmap_queue_sync(queue, file, receipts, 0, 0)); /* of none */
        queue_gives(queue, 0, 0);
        ck_assert_int_eq(inject_sync_count(), 2);
        ck_is(rmmap_queue_reap(queue, NULL, 0), 0);
        ck_assert(queue_is_empty(queue));
        rmmap_release(file);
        rmmap_queue_release(queue);
}
END_TEST

static const uint32_t engines[] = {RMMAP_ENGINE_AUTO, RMMAP_ENGINE_PWRITE};

START_TEST(a_write_gives_a_receipt)
{
        struct rmmap_queue *queue = queue_of(4, 1);
        struct rmmap_range range, empty, rest;
        struct rmmap_file *file = ready("write", engines[_i], &range);
        struct rmmap_receipt receipt;

        for (uint32_t flags = 0; flags <= RMMAP_QUEUE_DURABLE; flags++) {
                memset(&receipt, 0, sizeof(receipt));
                inject_start();
                ck_ok(rmmap_queue_write(queue, file, range, text, PAGE, flags, &receipt, flags));
                queue_gives(queue, flags, 0);
                ck_assert(test_file_holds(test_path("write"), 0, text, PAGE));
                ck_assert(rmmap_range_equal(rmmap_receipt_range(receipt), range));
                ck_assert_int_eq(inject_sync_count(), (int)flags);
                ck_ok(rmmap_sync_range(file, receipt));
        }
        ck_is(rmmap_range_split_up(range, 0, &empty, &rest), RMMAP_SPLIT_BOTH);
        ck_ok(rmmap_queue_write(queue, file, empty, NULL, 0, RMMAP_QUEUE_DURABLE, NULL, 3));
        queue_gives(queue, 3, 0);
        rmmap_release(file);
        rmmap_queue_release(queue);
}
END_TEST

START_TEST(a_full_queue_refuses)
{
        struct rmmap_queue *queue = queue_of(3, 2);
        struct rmmap_completion completions[4];
        struct rmmap_range range;
        struct rmmap_file *file = ready("full", 0, &range);

        for (int round = 0; round < 50; round++) {
                for (uint64_t i = 0; i < 3; i++)
                        ck_ok(rmmap_queue_write(queue, file, range, text, PAGE, 0, NULL, i));
                ck_is(rmmap_queue_write(queue, file, range, text, PAGE, 0, NULL, 9), -EAGAIN);
                ck_is(rmmap_queue_sync(queue, file, NULL, 0, 9), -EAGAIN);
                queue_await(queue, completions, 3);
                ck_assert_uint_eq(
                        completions[0].cookie + completions[1].cookie + completions[2].cookie, 3);
                ck_is(rmmap_queue_reap(queue, completions, 4), 0);
        }
        rmmap_release(file);
        rmmap_queue_release(queue);
}
END_TEST

/* ---- batches */

/* Holds C.6. */
START_TEST(thousands_of_syncs_share_rounds)
{
        struct rmmap_queue *queue = queue_of(MANY + 1, 2);
        struct rmmap_completion *completions = calloc(MANY + 1, sizeof(*completions));
        struct rmmap_range range;
        struct rmmap_file *file = ready("many", 0, &range);
        struct rmmap_receipt receipt = written(file, range);
        struct rmmap_info before = described(file), after;

        inject_start();
        hold(queue, file, 0);
        for (uint64_t i = 1; i <= MANY; i++)
                ck_ok(rmmap_queue_sync(queue, file, &receipt, 1, i));
        ck_assert(queue_is_empty(queue));
        inject_open_gate();
        queue_await(queue, completions, MANY + 1);
        for (int i = 0; i <= MANY; i++)
                ck_is(completions[i].result, 0);
        after = described(file);
        ck_assert_uint_eq(after.sync_rounds - before.sync_rounds, 2);
        ck_assert_uint_eq(after.sync_calls - before.sync_calls, MANY + 1);
        free(completions);
        rmmap_release(file);
        rmmap_queue_release(queue);
}
END_TEST

START_TEST(durable_writes_share_rounds)
{
        struct rmmap_queue *queue = queue_of(200, 1);
        struct rmmap_completion completions[101];
        struct rmmap_receipt receipts[100];
        struct rmmap_range range;
        struct rmmap_file *file = ready("records", engines[_i], &range);
        struct rmmap_info before = described(file);

        inject_start();
        hold(queue, file, 100);
        for (uint64_t i = 0; i < 100; i++) {
                ck_ok(rmmap_allocate(file, PAGE, &range));
                ck_ok(rmmap_queue_write(queue, file, range, text, PAGE, RMMAP_QUEUE_DURABLE,
                                        &receipts[i], i));
        }
        inject_open_gate();
        queue_await(queue, completions, 101);
        for (int i = 0; i <= 100; i++)
                ck_is(completions[i].result, 0);
        ck_assert_uint_eq(described(file).sync_rounds - before.sync_rounds, 2);
        ck_ok(rmmap_sync_ranges(file, receipts, 100));
        for (uint64_t i = 0; i < 100; i++)
                ck_assert(test_file_holds(test_path("records"), (i + 1) * PAGE, text, PAGE));
        rmmap_release(file);
        rmmap_queue_release(queue);
}
END_TEST

/* With a thread for each file; and other writes pass by a sync that waits, too. */
START_TEST(files_do_not_wait_for_each_other)
{
        struct rmmap_queue *queue = queue_of(0, 3);
        struct rmmap_range ranges[2];
        struct rmmap_file *a = ready("a", 0, &ranges[0]), *b = ready("b", 0, &ranges[1]);
        struct rmmap_completion completions[3];
        int two = 2;

        inject_start();
        hold(queue, a, 0);
        ck_ok(rmmap_queue_sync(queue, a, NULL, 0, 1)); /* takes no other thread */
        ck_ok(rmmap_queue_sync(queue, b, NULL, 0, 2));
        ck_assert(test_until(are_at_gate, &two));
        ck_ok(rmmap_queue_write(queue, a, ranges[0], text, PAGE, 0, NULL, 3));
        queue_gives(queue, 3, 0);
        inject_open_gate();
        queue_await(queue, completions, 3);
        rmmap_release(a);
        rmmap_release(b);
        rmmap_queue_release(queue);
}
END_TEST

static uint64_t now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
        const uint64_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

/*
 * On a disk that takes 50 ms for each sync. The median of the calls and, where nothing slows the
 * program down, the slowest of thousand. Holds A.9.
 */
START_TEST(submitting_does_not_wait_for_the_disk)
{
        static uint64_t took[MANY];
        struct rmmap_queue *queue = queue_of(MANY, 0);
        struct rmmap_completion *completions = calloc(MANY, sizeof(*completions));
        struct rmmap_range range;
        struct rmmap_file *file = ready("slow", 0, &range);
        struct rmmap_receipt receipt = written(file, range);

        inject_start();
        inject_delay(50);
        for (uint64_t i = 0; i < MANY; i++) {
                uint64_t began = now();

                ck_ok(i % 2 ? rmmap_queue_sync(queue, file, &receipt, 1, i)
                            : rmmap_queue_write(queue, file, range, text, PAGE, RMMAP_QUEUE_DURABLE,
                                                NULL, i));
                took[i] = now() - began;
                if (i % 100 == 0)
                        usleep(2000); /* several rounds pass */
        }
        queue_await(queue, completions, MANY);
        inject_start();
        qsort(took, MANY, sizeof(took[0]), by_value);
        printf("a submission took %.1f us, the slowest of 1000 %.1f us\n",
               (double)took[MANY / 2] / 1e3, (double)took[MANY - MANY / 1000] / 1e3);
        ck_assert_uint_lt(took[MANY / 2], 25000000);
        if (!test_sanitized())
                ck_assert_uint_lt(took[MANY - MANY / 1000], 25000000); /* half of one sync */
        free(completions);
        rmmap_release(file);
        rmmap_queue_release(queue);
}
END_TEST

/* ---- errors */

static void fail_syncs(int error)
{
        inject_fail(INJECT_FDATASYNC, 1, error, 100);
        inject_fail(INJECT_FSYNC, 1, error, 100);
        inject_fail(INJECT_MSYNC, 1, error, 100);
        inject_fail(INJECT_PWRITEV2, 1, error, 100);
}

/* Holds D.7. */
START_TEST(an_error_reaches_each_that_it_concerns)
{
        struct rmmap_queue *queue = queue_of(0, 0);
        struct rmmap_completion completions[4];
        struct rmmap_range range;
        struct rmmap_file *file = ready("broken", 0, &range);
        struct rmmap_receipt receipt = written(file, range), none = {{7, 7, 7, 7}};

        inject_start();
        hold(queue, file, 0);
        ck_ok(rmmap_queue_sync(queue, file, &receipt, 1, 1));
        ck_ok(rmmap_queue_sync(queue, file, NULL, 0, 2));
        ck_ok(rmmap_queue_write(queue, file, range, text, PAGE, RMMAP_QUEUE_DURABLE, &none, 3));
        fail_syncs(EIO);
        inject_open_gate();
        queue_await(queue, completions, 4);
        for (int i = 0; i < 4; i++)
                ck_is(completions[i].result, -EIO);
        ck_is(rmmap_error(file), -EIO);
        ck_assert_uint_eq(none.opaque[3], 7);
        inject_start();
        ck_ok(rmmap_queue_sync(queue, file, &receipt, 1, 4));
        queue_gives(queue, 4, -EIO);
        ck_ok(rmmap_queue_write(queue, file, range, unlike, PAGE, RMMAP_QUEUE_DURABLE, &none, 5));
        queue_gives(queue, 5, -EIO);
        ck_assert_int_eq(inject_total(), 0);
        ck_assert(test_file_holds(test_path("broken"), 0, text, PAGE)); /* nothing was written */
        rmmap_release(file);
        rmmap_queue_release(queue);
}
END_TEST

/* A full disk isn't an error of the sync: those beside it are durable. */
START_TEST(a_write_that_fails_fails_alone)
{
        struct rmmap_queue *queue = queue_of(0, 1);
        struct rmmap_completion completions[3];
        struct rmmap_range first, second;
        struct rmmap_file *file = ready("enospc", RMMAP_ENGINE_PWRITE, &first);

        ck_ok(rmmap_allocate(file, PAGE, &second));
        inject_start();
        hold(queue, file, 0);
        ck_ok(rmmap_queue_write(queue, file, first, text, PAGE, RMMAP_QUEUE_DURABLE, NULL, 1));
        ck_ok(rmmap_queue_write(queue, file, second, text, PAGE, RMMAP_QUEUE_DURABLE, NULL, 2));
        inject_fail(INJECT_PWRITE, 1, ENOSPC, 1);
        inject_open_gate();
        queue_await(queue, completions, 3);
        for (int i = 0; i < 3; i++)
                ck_is(completions[i].result, completions[i].cookie == 1 ? -ENOSPC : 0);
        ck_is(rmmap_error(file), 0);
        ck_assert(test_file_holds(test_path("enospc"), PAGE, text, PAGE));
        rmmap_release(file);
        rmmap_queue_release(queue);
}
END_TEST

/* ---- lives */

/* The queue keeps a released file, and drops it before the completion can be reaped. */
START_TEST(a_released_file_lives_until_its_work_is_done)
{
        struct rmmap_queue *queue = queue_of(0, 2);
        struct rmmap_completion completions[2];
        struct rmmap_range range;
        struct rmmap_file *file;
        size_t before = test_count_descriptors(); /* 0: not to be had here */

        for (int round = 0; round < 20; round++) {
                file = ready("gone", 0, &range);
                inject_start();
                hold(queue, file, 0);
                ck_ok(rmmap_queue_write(queue, file, range, text, PAGE, RMMAP_QUEUE_DURABLE, NULL,
                                        1));
                rmmap_release(file);
                ck_assert(test_count_descriptors() > before || before == 0);
                inject_open_gate();
                queue_await(queue, completions, 2);
                ck_assert_uint_eq(test_count_descriptors(), before);
                ck_assert(test_file_holds(test_path("gone"), 0, text, PAGE));
        }
        rmmap_queue_release(queue);
}
END_TEST

static void *open_gate_later(void *unused)
{
        usleep(20000);
        inject_open_gate();
        return unused;
}

START_TEST(a_release_does_what_was_submitted)
{
        struct rmmap_queue *queue = queue_of(0, 1);
        struct rmmap_range range;
        struct rmmap_file *file = ready("last", 0, &range), *other = ready("second", 0, &range);
        size_t descriptors = test_count_descriptors();
        pthread_t opener;

        inject_start();
        ck_ok(rmmap_queue_sync(queue, file, NULL, 0, 0)); /* complete, perhaps; never reaped */
        usleep(1000);
        hold(queue, file, 1);
        ck_ok(rmmap_queue_write(queue, other, range, text, PAGE, 0, NULL, 2));
        ck_ok(rmmap_queue_write(queue, other, range, text, PAGE, RMMAP_QUEUE_DURABLE, NULL, 3));
        rmmap_release(other);
        ck_assert_int_eq(pthread_create(&opener, NULL, open_gate_later, NULL), 0);
        ck_assert_ptr_null(rmmap_queue_release(queue));
        pthread_join(opener, NULL);
        ck_assert(test_file_holds(test_path("second"), 0, text, PAGE));
        /* The queue's is gone. */
        ck_assert(test_count_descriptors() < descriptors || descriptors == 0);
        rmmap_release(file);
        ck_assert_ptr_null(rmmap_queue_release(NULL));
}
END_TEST

#ifndef _WIN32
static atomic_int wrongly_blocked;

static void look_at_mask(void *unused)
{
        static const struct {
                int number, blocked;
        } want[] = {{SIGINT, 1}, {SIGTERM, 1}, {SIGUSR1, 1}, {SIGPROF, 1},
                    {SIGBUS, 0}, {SIGSEGV, 0}, {SIGILL, 0},  {SIGFPE, 0}};
        sigset_t mask;

        (void)unused;
        pthread_sigmask(SIG_BLOCK, NULL, &mask);
        for (size_t i = 0; i < sizeof(want) / sizeof(want[0]); i++)
                if (sigismember(&mask, want[i].number) != want[i].blocked)
                        atomic_store(&wrongly_blocked, want[i].number);
}

START_TEST(its_threads_take_no_signals)
{
        struct rmmap_range range;
        struct rmmap_file *file = ready("signals", 0, &range);
        struct rmmap_queue *queue = queue_of(0, 1);
        sigset_t mask;

        inject_start();
        inject_before(INJECT_FDATASYNC, look_at_mask, NULL);
        inject_before(INJECT_FSYNC, look_at_mask, NULL);
        ck_ok(rmmap_queue_sync(queue, file, NULL, 0, 0));
        queue_gives(queue, 0, 0);
        ck_assert_int_eq(atomic_load(&wrongly_blocked), 0);
        pthread_sigmask(SIG_BLOCK, NULL, &mask);
        ck_assert_int_eq(sigismember(&mask, SIGUSR1), 0); /* the maker's own is as it was */
        rmmap_release(file);
        rmmap_queue_release(queue);
}
END_TEST

struct cancelled {
        struct rmmap_file *file;
        struct rmmap_range range;
        int failed;
};

/* Cancelled before it calls: it would end at the first point of cancellation. */
static void *use_while_cancelled(void *arg)
{
        struct cancelled *work = arg;
        struct rmmap_completion completion;
        struct rmmap_queue *queue;
        int state;

        pthread_cancel(pthread_self());
        work->failed = rmmap_queue_create(NULL, &queue) ||
                       rmmap_queue_write(queue, work->file, work->range, text, PAGE,
                                         RMMAP_QUEUE_DURABLE, NULL, 0) ||
                       rmmap_queue_fd(queue) < 0;
        while (rmmap_queue_reap(queue, &completion, 1) == 0)
                continue;
        work->failed = work->failed || completion.result != 0 ||
                       rmmap_queue_sync(queue, work->file, NULL, 0, 0);
        rmmap_queue_release(queue);
        work->failed |= 2;
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
        return NULL;
}

START_TEST(no_call_is_a_cancellation_point)
{
        struct cancelled work = {.failed = 0};
        pthread_t thread;
        void *result;

        work.file = ready("cancelled", 0, &work.range);
        ck_assert_int_eq(pthread_create(&thread, NULL, use_while_cancelled, &work), 0);
        ck_assert_int_eq(pthread_join(thread, &result), 0);
        ck_assert_ptr_null(result);
        ck_assert_int_eq(work.failed, 2);
        rmmap_release(work.file);
}
END_TEST

struct inherited_queue {
        struct rmmap_queue *queue;
        struct rmmap_file *file;
        struct rmmap_range range;
};

/* The child's own queue works beside what it inherited. */
static int use_inherited(void *arg)
{
        struct inherited_queue *inherited = arg;
        struct rmmap_queue *queue = inherited->queue;
        struct rmmap_completion completion;
        int syncs = inject_total();

        child_is(rmmap_queue_fd(queue), -EPERM);
        child_is(rmmap_queue_sync(queue, inherited->file, NULL, 0, 0), -EPERM);
        child_is(
                rmmap_queue_write(queue, inherited->file, inherited->range, text, PAGE, 0, NULL, 0),
                -EPERM);
        child_is(rmmap_queue_reap(queue, &completion, 1), -EPERM);
        child_expect(rmmap_queue_release(queue) == NULL);
        child_is(inject_total(), syncs);
        child_is(rmmap_queue_create(NULL, &queue), 0);
        child_is(rmmap_queue_sync(queue, inherited->file, NULL, 0, 0), -EPERM);
        rmmap_queue_release(queue);
        rmmap_release(inherited->file);
        return 0;
}

/* Holds A.8. */
START_TEST(a_child_leaves_it_alone)
{
        struct inherited_queue inherited;
        struct rmmap_completion completions[3];

        if (test_forked_child_cannot_allocate() != NULL) {
                skip_part("%s", test_forked_child_cannot_allocate());
                return;
        }
        inherited.file = ready("inherited", 0, &inherited.range);
        inherited.queue = queue_of(0, 1);
        inject_start();
        ck_ok(rmmap_queue_write(inherited.queue, inherited.file, inherited.range, text, PAGE, 0,
                                NULL, 0));
        usleep(1000); /* complete, perhaps */
        hold(inherited.queue, inherited.file, 1);
        ck_ok(rmmap_queue_write(inherited.queue, inherited.file, inherited.range, text, PAGE,
                                RMMAP_QUEUE_DURABLE, NULL, 2));
        ck_child(use_inherited, &inherited);
        inject_open_gate();
        queue_await(inherited.queue, completions, 3);
        for (int i = 0; i < 3; i++)
                ck_is(completions[i].result, 0);
        rmmap_queue_release(inherited.queue);
        rmmap_release(inherited.file);
}
END_TEST
#endif

int main(void)
{
        Suite *suite = suite_create("queue");
        TCase *one = tcase_create("one submission"), *batches = tcase_create("batches"),
              *errors = tcase_create("errors"), *lives = tcase_create("lives");

        tcase_add_test(one, a_sync_completes);
        tcase_add_loop_test(one, a_write_gives_a_receipt, 0, 2);
        tcase_add_test(one, a_full_queue_refuses);
        suite_add_tcase(suite, one);
        tcase_add_test(batches, thousands_of_syncs_share_rounds);
        tcase_add_loop_test(batches, durable_writes_share_rounds, 0, 2);
        tcase_add_test(batches, files_do_not_wait_for_each_other);
        tcase_add_test(batches, submitting_does_not_wait_for_the_disk);
        suite_add_tcase(suite, batches);
        tcase_add_test(errors, an_error_reaches_each_that_it_concerns);
        tcase_add_test(errors, a_write_that_fails_fails_alone);
        suite_add_tcase(suite, errors);
        tcase_add_test(lives, a_released_file_lives_until_its_work_is_done);
        tcase_add_test(lives, a_release_does_what_was_submitted);
#ifndef _WIN32
        tcase_add_test(lives, its_threads_take_no_signals);
        tcase_add_test(lives, no_call_is_a_cancellation_point);
        tcase_add_test(lives, a_child_leaves_it_alone);
#endif
        suite_add_tcase(suite, lives);
        return test_run(suite);
}
