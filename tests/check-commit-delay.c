/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The commit delay: how long a batch waits for the siblings of the batch before. */
#include <pthread.h>

#include "child.h"
#include "group-commit.h"
#include "os/os.h"

#define ROUND UINT64_C(100000) /* ns */

START_TEST(one_thread_never_waits)
{
        struct commit_delay delay = {.siblings = 0};

        ck_assert_uint_eq(commit_delay_next(&delay, 1), 0);
        for (int i = 0; i < 3; i++) {
                commit_delay_learn_batch(&delay, ROUND, 1, 0);
                ck_assert(commit_delay_is_alone(&delay));
                ck_assert_uint_eq(commit_delay_next(&delay, 1), 0);
        }
}
END_TEST

/* Requests that were served, and requests that came meanwhile, are siblings. */
START_TEST(a_crowd_is_waited_for)
{
        struct commit_delay delay = {.siblings = 0};

        commit_delay_learn_batch(&delay, ROUND, 1, 7);
        ck_assert(!commit_delay_is_alone(&delay));
        ck_assert_uint_eq(commit_delay_next(&delay, 7), ROUND / COMMIT_DELAY_PART);
        ck_assert_uint_eq(commit_delay_next(&delay, 8), 0);
        commit_delay_learn_batch(&delay, ROUND, 8, 0);
        ck_assert_uint_eq(delay.siblings, 8);
        commit_delay_learn_batch(&delay, ROUND, 5, 1);
        ck_assert_uint_eq(delay.siblings, 6);
        for (int i = 0; i < 100; i++)
                commit_delay_learn_batch(&delay, 1000 * ROUND, 8, 0);
        ck_assert_uint_eq(commit_delay_next(&delay, 1), COMMIT_DELAY_LONGEST);
}
END_TEST

static int skipped(struct commit_delay *delay)
{
        int skipped = 0;

        while (commit_delay_next(delay, 1) == 0 && skipped < 1000)
                skipped++;
        return skipped;
}

/* After the first wait in vain one batch begins at once; after the second, three; up to a limit. */
START_TEST(waits_in_vain_get_rare)
{
        struct commit_delay delay = {.siblings = 0};
        int most = 0;

        commit_delay_learn_batch(&delay, ROUND, 4, 4);
        commit_delay_learn_wait(&delay, 7, 3, false);
        ck_assert(commit_delay_is_alone(&delay)); /* for now */
        ck_assert_int_eq(skipped(&delay), 1);
        commit_delay_learn_wait(&delay, 7, 7, true); /* too late */
        ck_assert_int_eq(skipped(&delay), 3);
        for (int i = 0; i < 20; i++) {
                commit_delay_learn_wait(&delay, 1, 0, false);
                most = skipped(&delay);
        }
        ck_assert_int_eq(most, COMMIT_DELAY_MOST_SKIPPED);
        for (int i = 0; i < 10; i++) {
                commit_delay_learn_wait(&delay, 7, 4, false); /* most came */
                ck_assert_int_eq(skipped(&delay), 0);
        }
        commit_delay_learn_wait(&delay, 7, 0, false);
        ck_assert_int_eq(skipped(&delay), 1);
}
END_TEST

/* ---- the leader of a batch */

static struct group_commit commit;

static void start_with_a_crowd(void)
{
        memset(&commit, 0, sizeof(commit));
        group_commit_init(&commit);
        commit.delay = (struct commit_delay){.siblings = 2,
                                             .batch = COMMIT_DELAY_PART * COMMIT_DELAY_LONGEST};
}

static void end(void)
{
        group_commit_destroy(&commit);
}

static void note_time(void *context, const struct sync_set *work)
{
        uint64_t *began = context;

        (void)work;
        *began = clock_now();
}

static void *sync_once(void *context)
{
        const struct sync_set work = {.everything = true};

        group_commit_run(&commit, &work, 1, note_time, context);
        return NULL;
}

/* After a wait in vain the next batch begins at once, by either function. */
START_TEST(a_leader_waits)
{
        uint64_t asked, began;

        start_with_a_crowd();
        ck_assert(!group_commit_try_enter(&commit));
        asked = clock_now();
        sync_once(&began);
        ck_assert_uint_ge(began - asked, COMMIT_DELAY_LONGEST);
        ck_assert(group_commit_try_enter(&commit));
        group_commit_leave(&commit);
        end();
}
END_TEST

/* Without a wait, two requests never share a batch that begins with one of them. */
START_TEST(two_that_come_together_share_a_batch)
{
        int tries = 0;

        for (uint64_t calls = 0, batches = 0; calls != 2 || batches != 1; tries++) {
                uint64_t began, mine;
                pthread_t other;

                ck_assert_int_lt(tries, 1000);
                start_with_a_crowd();
                ck_assert_int_eq(pthread_create(&other, NULL, sync_once, &began), 0);
                sync_once(&mine);
                ck_assert_int_eq(pthread_join(other, NULL), 0);
                calls = group_commit_calls(&commit);
                batches = group_commit_started(&commit);
                end();
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("delay");
        TCase *core = tcase_create("core");

        tcase_add_test(core, one_thread_never_waits);
        tcase_add_test(core, a_crowd_is_waited_for);
        tcase_add_test(core, waits_in_vain_get_rare);
        tcase_add_test(core, a_leader_waits);
        tcase_add_test(core, two_that_come_together_share_a_batch);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
