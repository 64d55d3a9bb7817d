/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A sticky error, and the threads that wait in a sync while it occurs. */
#include <pthread.h>

#include "fault/sticky.h"

#define THREADS 8

struct question {
        struct rmmap_file *file;
        struct rmmap_range range;
        int answer;
        int (*ask)(struct rmmap_file *file, struct rmmap_range range);
};

static void *sync_once(void *arg)
{
        struct question *question = arg;

        question->answer = question->ask(question->file, question->range);
        return NULL;
}

static int ask_for_all(struct rmmap_file *file, struct rmmap_range range)
{
        (void)range;
        return rmmap_sync_all(file);
}

static int ask_for_range(struct rmmap_file *file, struct rmmap_range range)
{
        return rmmap_sync_within(file, range, 0, 1);
}

static int ask_by_writing(struct rmmap_file *file, struct rmmap_range range)
{
        return rmmap_write_range_durable(file, range, sticky_data, sizeof(sticky_data), NULL);
}

static bool is_at_gate(const void *arg)
{
        (void)arg;
        return inject_waiting() == 1;
}

static bool all_have_asked(const void *arg)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        /* One call was made before, to save the name. */
        return rmmap_describe(arg, &info) == 0 && info.sync_calls == THREADS + 1;
}

/* The first thread is held in its batch while the others wait for the next one. */
static void ask_together(struct rmmap_file *file, struct question *questions)
{
        pthread_t threads[THREADS];

        inject_close_gate();
        for (int i = 0; i < THREADS; i++) {
                ck_assert_int_eq(pthread_create(&threads[i], NULL, sync_once, &questions[i]), 0);
                ck_assert(i != 0 || test_until(is_at_gate, NULL));
        }
        ck_assert(test_until(all_have_asked, file));
        inject_open_gate();
        for (int i = 0; i < THREADS; i++)
                ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

/* Holds D.3. */
START_TEST(who_waits_gets_it_too)
{
        for (int round = 1; round <= 2; round++) {
                struct question questions[THREADS];
                struct rmmap_range range;
                struct rmmap_file *file = sticky_saved(&range);

                for (int i = 0; i < THREADS; i++)
                        questions[i] = (struct question){file, range, 1,
                                                         i == 5 ? ask_by_writing : ask_for_all};
                /* A batch that succeeds doesn't clear the error. */
                inject_fail(INJECT_FDATASYNC, round, EIO, 1);
                ask_together(file, questions);
                /* Threads of the good batch may see the next one's error already. */
                if (round == 1 || questions[0].answer != 0)
                        ck_is(questions[0].answer, -EIO);
                for (int i = 1; i < THREADS; i++)
                        ck_is(questions[i].answer, -EIO);
                ck_assert_int_eq(inject_sync_count(), 2);
                sticky_is_latched(file, range, -EIO);
                rmmap_release(file);
        }
}
END_TEST

START_TEST(the_first_error_stays_though_a_second_comes)
{
        struct question questions[THREADS];
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_range range;
        struct rmmap_file *file = sticky_saved(&range);

        ck_ok(rmmap_describe(file, &info));
        if (info.facts & RMMAP_FACT_MAPPED) {
                for (int i = 0; i < THREADS; i++)
                        questions[i] = (struct question){file, range, 1,
                                                         i == 0 ? ask_for_all : ask_for_range};
                inject_fail(INJECT_FDATASYNC, 1, EIO, 1); /* the batch that is held */
                inject_fail(INJECT_MSYNC, 1, ENOSPC, 1);  /* the batch of all others */
                ask_together(file, questions);
                ck_assert_int_eq(inject_count(INJECT_MSYNC), 1);
                for (int i = 0; i < THREADS; i++)
                        ck_is(questions[i].answer, -EIO);
                sticky_is_latched(file, range, -EIO);
        } else {
                skip_part("no mapping on this file system");
        }
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("sticky-waiters");
        TCase *core = tcase_create("core");

        inject_start();
        tcase_set_timeout(core, 120);
        tcase_add_test(core, who_waits_gets_it_too);
        tcase_add_test(core, the_first_error_stays_though_a_second_comes);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
