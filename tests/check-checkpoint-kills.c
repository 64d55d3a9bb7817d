/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * kill -9 of jobs that have a checkpoint: at random moments, and in front of each single call that
 * the library makes. Each is started again until its file is complete. RMMAP_ROUNDS sets the number
 * of random kills; without it only some of the calls are tried, from a random one on.
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

static const char *given_rounds(void)
{
        const char *given = getenv("RMMAP_ROUNDS");

        return given != NULL && given[0] != '\0' ? given : NULL;
}

static unsigned int rounds(void)
{
        if (given_rounds() != NULL)
                return (unsigned int)strtoul(given_rounds(), NULL, 10);
        return test_under_valgrind() ? 5 : test_sanitized() ? 30 : 60;
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

/* A moment of the run: after it made some more syncs, or while it starts. */
struct moment {
        pid_t child;
        uint64_t runs, syncs;
};

static bool has_come(const void *arg)
{
        const struct moment *moment = arg;

        return (atomic_load(&job->runs) >= moment->runs &&
                atomic_load(&job->syncs) >= moment->syncs) ||
               child_has_ended(moment->child);
}

/* Counted in syncs, since nobody knows how fast the machine is; and then a little more. */
static void wait_for_moment(struct moment *moment)
{
        const struct timespec time = {0, (long)(test_random(&random_state) % 1500) * 1000};

        if (test_random(&random_state) % 8 != 0) {
                moment->runs++;
                moment->syncs += test_random(&random_state) % 12;
                (void)test_until(has_come, moment);
        }
        nanosleep(&time, NULL);
}

/* A run that is killed, or not. true: it was killed before it ended. */
static bool ends(unsigned int *jobs, bool by_kill)
{
        struct moment moment = {.runs = atomic_load(&job->runs), .syncs = atomic_load(&job->syncs)};
        int status;

        job->seed = test_random(&random_state);
        moment.child = child_start(job_run, job);
        if (by_kill) {
                wait_for_moment(&moment);
                ck_assert_int_eq(kill(moment.child, SIGKILL), 0);
        }
        status = child_wait(moment.child);
        ck_assert_msg(job->wrong[0] == '\0', "%s", job->wrong);
        if (status == 0)
                end_job(jobs);
        else if (status != CHILD_KILLED + SIGKILL)
                ck_assert_int_eq(status, 1);
        return status == CHILD_KILLED + SIGKILL;
}

/* Holds E.1 to E.4. */
START_TEST(at_random)
{
        unsigned int kills = 0, jobs = 0;

        job_begin(job, &random_state);
        while (kills < rounds())
                kills += ends(&jobs, true);
        while (jobs == 0)
                (void)ends(&jobs, false);
        printf("%u kills, %u jobs done; %lu runs, %lu of them resumed; %lu syncs, "
               "%lu given back, of which %lu at once fetched again\n",
               kills, jobs, (unsigned long)atomic_load(&job->runs),
               (unsigned long)atomic_load(&job->resumed), (unsigned long)atomic_load(&job->syncs),
               (unsigned long)atomic_load(&job->given_back),
               (unsigned long)atomic_load(&job->refetched));
        fflush(stdout);
        ck_assert(rounds() < 60 || atomic_load(&job->resumed) > 10);
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
        int step = test_under_valgrind() ? 40 : given_rounds() ? 1 : test_sanitized() ? 5 : 3;
        int n = 1 + (int)(test_random(&random_state) % (uint64_t)step);

        job->blocks = 30;
        job->flags = _i != 0 ? RMMAP_NO_PREALLOCATE : 0;
        job->engine = _i != 0 ? RMMAP_ENGINE_PWRITE : RMMAP_ENGINE_AUTO;
        job->publishes = true;
        job->seed = test_random(&random_state);
        while (goes_on_after(n))
                n += step;
        printf("killed in front of one of %d calls, up to the %dth\n", step, n - step);
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
