/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * In place of libcheck where there is no package of it: for other C libraries and processors. As
 * much of its interface as the tests use, with its meaning: each test in a process of its own
 * (CK_FORK=no: all in one, which ends at the first failure), with fixtures and a limit of time,
 * CK_TIMEOUT_MULTIPLIER, and the same closing line. To be chosen by
 * configure CHECK_CFLAGS=-I.../tests/stand-in CHECK_LIBS=-lpthread.
 */
#ifndef STAND_IN_CHECK_H
#define STAND_IN_CHECK_H

#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STAND_IN_LINKAGE static inline
#include "suite.h"

static inline bool stand_in_forks(void)
{
        const char *wish = getenv("CK_FORK");

        return wish == NULL || strcmp(wish, "no") != 0;
}

static inline void stand_in_end_test(void)
{
        if (stand_in_forks())
                _exit(1);
        exit(1);
}

/* How it ended, as waitpid tells; SIGALRM stands for out of time. */
static inline int stand_in_wait(pid_t child, double seconds)
{
        const struct timespec moment = {.tv_nsec = 200000};
        struct timespec begin, now;
        int status = 0;

        clock_gettime(CLOCK_MONOTONIC, &begin);
        while (waitpid(child, &status, WNOHANG) == 0) {
                clock_gettime(CLOCK_MONOTONIC, &now);
                if ((double)(now.tv_sec - begin.tv_sec) > seconds) {
                        kill(-child, SIGKILL);
                        waitpid(child, &status, 0);
                        return SIGALRM;
                }
                nanosleep(&moment, NULL);
        }
        kill(-child, SIGKILL); /* what it left running */
        return status;
}

static inline void stand_in_fork(SRunner *runner, const TCase *tcase, const stand_in_test *test,
                                 int i)
{
        const char *multiplier = getenv("CK_TIMEOUT_MULTIPLIER");
        double seconds = tcase->seconds * (multiplier != NULL ? atof(multiplier) : 1.0);
        pid_t child;
        int status;

        fflush(NULL);
        child = fork();
        if (child == 0) {
                setpgid(0, 0);
                stand_in_call(tcase, test, i);
                _exit(0);
        }
        status = stand_in_wait(child, seconds);
        if (status == 0)
                return;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 1)
                runner->failures++;
        else
                runner->errors++;
        printf("%s:%s:%s:%d: status %d\n", runner->suite->name, tcase->name, test->name, i, status);
}

static inline void stand_in_run_test(SRunner *runner, const TCase *tcase, const stand_in_test *test,
                                     int i)
{
        if (stand_in_forks())
                stand_in_fork(runner, tcase, test, i);
        else
                stand_in_call(tcase, test, i);
}

#endif
