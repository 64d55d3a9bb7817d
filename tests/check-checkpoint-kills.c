/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * kill -9 of jobs that have a checkpoint: at random moments, and in front of each single call that
 * the library makes. Each is started again until its file is complete. RMMAP_ROUNDS sets the number
 * of random kills.
 */
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "checkpointing.h"
#include "child.h"
#include "fault/inject.h"

static uint64_t random_state;
static struct job *job;

/* ---- at random moments */

static unsigned int rounds(void)
{
        const char *given = getenv("RMMAP_ROUNDS");

        if (given != NULL && given[0] != '\0')
                return (unsigned int)strtoul(given, NULL, 10);
        return test_under_valgrind() ? 5 : test_sanitized() ? 40 : 150;
}

static void end_job(unsigned int *jobs)
{
        ck_assert(job_file_is_right(job));
        /* The side file of a job that wasn't published stays in the way of the next one. */
        if (test_random(&random_state) % 2 == 0)
                job_remove_files(job);
        else
                remove(job->publishes ? test_path("job") : test_path("job.part"));
        job_begin(job, &random_state);
        ++*jobs;
}

/* A run that is killed then, or never if us is 0. true: it was killed before it ended. */
static bool ends_in(unsigned int *jobs, long us)
{
        const struct timespec time = {0, us * 1000};
        pid_t child;
        int status;

        job->seed = test_random(&random_state);
        child = child_start(job_run, job);
        if (us > 0) {
                nanosleep(&time, NULL);
                ck_assert_int_eq(kill(child, SIGKILL), 0);
        }
        status = child_wait(child);
        ck_assert_msg(job->wrong[0] == '\0', "%s", job->wrong);
        if (status == 0)
                end_job(jobs);
        else if (status != CHILD_KILLED + SIGKILL)
                ck_assert_int_eq(status, 1);
        return status == CHILD_KILLED + SIGKILL;
}

static bool killed(unsigned int *jobs)
{
        uint64_t most = 15000 + job->blocks * 8; /* us; it takes some to start */

        return ends_in(jobs, 1 + (long)(test_random(&random_state) % most));
}

/* Holds E.1 to E.4. */
START_TEST(at_random)
{
        unsigned int kills = 0, jobs = 0;

        job_begin(job, &random_state);
        while (kills < rounds())
                kills += killed(&jobs);
        while (jobs == 0)
                (void)ends_in(&jobs, 0);
        printf("%u kills, %u jobs done; %lu runs, %lu of them resumed; %lu syncs, "
               "%lu given back, of which %lu at once fetched again\n",
               kills, jobs, (unsigned long)atomic_load(&job->runs),
               (unsigned long)atomic_load(&job->resumed), (unsigned long)atomic_load(&job->syncs),
               (unsigned long)atomic_load(&job->given_back),
               (unsigned long)atomic_load(&job->refetched));
        fflush(stdout);
        ck_assert(rounds() < 100 || atomic_load(&job->resumed) > 10);
}
END_TEST

/* ---- at each call */

static int die_at;

static void die(void *ignored)
{
        (void)ignored;
        kill(getpid(), SIGKILL);
}

static int run_until_call(void *arg)
{
        inject_start();
        if (die_at != 0)
                inject_at(die_at, die, NULL);
        return job_run_steps(arg);
}

/* The status of a run that dies in front of the n-th call, or lives with 0. */
static int play(int n)
{
        int status;

        die_at = n;
        status = child_run(run_until_call, job);
        ck_assert_msg(job->wrong[0] == '\0', "killed at %d: %s", n, job->wrong);
        ck_assert_msg(status == 0 || status == 1 || status == CHILD_KILLED + SIGKILL,
                      "killed at %d: %d", n, status);
        return status;
}

/* Killed, started again and killed, then left alone. */
static bool goes_on_after(int n)
{
        bool met;

        for (uint64_t block = 0; block < job->blocks; block++)
                atomic_store(&job->word[block], 0);
        met = play(n) == CHILD_KILLED + SIGKILL;
        (void)play(1 + (int)(test_random(&random_state) % 150));
        while (play(0) != 0)
                ;
        ck_assert(job_file_is_right(job));
        job_remove_files(job);
        return met;
}

/* Holds E.1 to E.6. */
START_TEST(at_each_call)
{
        int n = 1;

        job->blocks = 30;
        job->flags = _i != 0 ? RMMAP_NO_PREALLOCATE : 0;
        job->engine = _i != 0 ? RMMAP_ENGINE_PWRITE : RMMAP_ENGINE_AUTO;
        job->publishes = true;
        job->seed = test_random(&random_state);
        while (goes_on_after(n))
                n += test_under_valgrind() ? 19 : 1;
        printf("killed in front of each of %d calls\n", n - 1);
        fflush(stdout);
        ck_assert_int_gt(n, 60);
}
END_TEST

/* ---- in front of the sync of the data */

static int sync_until_call(void *arg)
{
        static const enum injected calls[] = {INJECT_FSYNC, INJECT_FDATASYNC, INJECT_MSYNC,
                                              INJECT_PWRITEV2};
        struct rmmap_file *file;
        int way = *(int *)arg;

        child_is(job_open(job, &file), 0);
        child_is(rmmap_sync_all(file), 0); /* a durable write waits for the name */
        inject_start();
        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
                inject_before(calls[i], die, NULL);
        return job_sync_first(job, file, way);
}

/* Whatever way it is synced, its record isn't written before. Holds E.2. */
START_TEST(nothing_before_the_data)
{
        for (int way = 0; way < JOB_WAYS; way++) {
                struct rmmap_info info = RMMAP_INFO_INIT;
                struct rmmap_file *file;

                job->blocks = 30;
                job->flags = 0;
                job->engine = _i != 0 ? RMMAP_ENGINE_PWRITE : RMMAP_ENGINE_AUTO;
                ck_assert_int_eq(child_run(sync_until_call, &way), CHILD_KILLED + SIGKILL);
                ck_ok(job_open(job, &file));
                ck_ok(rmmap_describe(file, &info));
                ck_assert_msg(info.recorded == 0, "way %d", way);
                rmmap_release(file);
                job_remove_files(job);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("checkpoint-kills");
        TCase *core = tcase_create("core");

        random_state = test_seed();
        job = job_new(test_directory());
        if (job == NULL)
                return 99;
        tcase_set_timeout(core, 1200);
        tcase_add_loop_test(core, nothing_before_the_data, 0, 2);
        tcase_add_loop_test(core, at_each_call, 0, 2);
        tcase_add_test(core, at_random);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
