/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How long a round waits for the threads that synced together before. */
#include <pthread.h>

#include "child.h"
#include "clock.h"
#include "commit.h"

#define ROUND UINT64_C(100000) /* ns */

START_TEST(one_thread_never_waits)
{
        struct crowd crowd = {.size = 0};

        ck_assert_uint_eq(crowd_patience(&crowd, 1), 0);
        for (int i = 0; i < 3; i++) {
                crowd_learn_round(&crowd, ROUND, 1, 0);
                ck_assert(crowd_is_one(&crowd));
                ck_assert_uint_eq(crowd_patience(&crowd, 1), 0);
        }
}
END_TEST

/* Those that were served, and those that came meanwhile. */
START_TEST(a_crowd_is_waited_for)
{
        struct crowd crowd = {.size = 0};

        crowd_learn_round(&crowd, ROUND, 1, 7);
        ck_assert(!crowd_is_one(&crowd));
        ck_assert_uint_eq(crowd_patience(&crowd, 7), ROUND / CROWD_PART);
        ck_assert_uint_eq(crowd_patience(&crowd, 8), 0);
        crowd_learn_round(&crowd, ROUND, 8, 0);
        ck_assert_uint_eq(crowd.size, 8);
        crowd_learn_round(&crowd, ROUND, 5, 1);
        ck_assert_uint_eq(crowd.size, 6);
        for (int i = 0; i < 100; i++)
                crowd_learn_round(&crowd, 1000 * ROUND, 8, 0);
        ck_assert_uint_eq(crowd_patience(&crowd, 1), CROWD_LONGEST);
}
END_TEST

static int skipped(struct crowd *crowd)
{
        int skipped = 0;

        while (crowd_patience(crowd, 1) == 0 && skipped < 1000)
                skipped++;
        return skipped;
}

/* In vain once, a round begins at once; again, three do; and so on up to a limit. */
START_TEST(waits_in_vain_get_rare)
{
        struct crowd crowd = {.size = 0};
        int most = 0;

        crowd_learn_round(&crowd, ROUND, 4, 4);
        crowd_learn_wait(&crowd, 7, 3, false);
        ck_assert(crowd_is_one(&crowd)); /* for now */
        ck_assert_int_eq(skipped(&crowd), 1);
        crowd_learn_wait(&crowd, 7, 7, true); /* too late */
        ck_assert_int_eq(skipped(&crowd), 3);
        for (int i = 0; i < 20; i++) {
                crowd_learn_wait(&crowd, 1, 0, false);
                most = skipped(&crowd);
        }
        ck_assert_int_eq(most, CROWD_MOST_SKIPPED);
        for (int i = 0; i < 10; i++) {
                crowd_learn_wait(&crowd, 7, 4, false); /* most came */
                ck_assert_int_eq(skipped(&crowd), 0);
        }
        crowd_learn_wait(&crowd, 7, 0, false);
        ck_assert_int_eq(skipped(&crowd), 1);
}
END_TEST

/* ---- who leads a round */

static struct commit commit;

static void start_with_a_crowd(void)
{
        memset(&commit, 0, sizeof(commit));
        commit_init(&commit);
        commit.crowd = (struct crowd){.size = 2, .round = CROWD_PART * CROWD_LONGEST};
}

static void end(void)
{
        commit_destroy(&commit);
}

static void note_time(void *context, const struct commit_work *work)
{
        uint64_t *began = context;

        (void)work;
        *began = clock_now();
}

static void *sync_once(void *context)
{
        const struct commit_work work = {.everything = true};

        commit_run(&commit, &work, note_time, context);
        return NULL;
}

/* And when nobody came, the next begins at once, by whichever way. */
START_TEST(a_leader_waits)
{
        uint64_t asked, began;

        start_with_a_crowd();
        ck_assert(!commit_try_enter(&commit));
        asked = clock_now();
        sync_once(&began);
        ck_assert_uint_ge(began - asked, CROWD_LONGEST);
        ck_assert(commit_try_enter(&commit));
        commit_leave(&commit);
        end();
}
END_TEST

/* Without a wait two requests never share a round that begins with one of them. */
START_TEST(two_that_come_together_share_a_round)
{
        int tries = 0;

        for (uint64_t calls = 0, rounds = 0; calls != 2 || rounds != 1; tries++) {
                uint64_t began, mine;
                pthread_t other;

                ck_assert_int_lt(tries, 1000);
                start_with_a_crowd();
                ck_assert_int_eq(pthread_create(&other, NULL, sync_once, &began), 0);
                sync_once(&mine);
                ck_assert_int_eq(pthread_join(other, NULL), 0);
                calls = commit_calls(&commit);
                rounds = commit_started(&commit);
                end();
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("crowd");
        TCase *core = tcase_create("core");

        tcase_add_test(core, one_thread_never_waits);
        tcase_add_test(core, a_crowd_is_waited_for);
        tcase_add_test(core, waits_in_vain_get_rare);
        tcase_add_test(core, a_leader_waits);
        tcase_add_test(core, two_that_come_together_share_a_round);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
