/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Processes of child.h; on Windows windows/child-process.c is in the place of this. */
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

#define LONGEST_MS 100000

pid_t child_start(int (*body)(void *arg), void *arg)
{
        const struct rlimit no_core = {0, 0};
        pid_t child;

        fflush(NULL); /* otherwise the child prints it again */
        child = fork();
        if (child != 0)
                return child;
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        setrlimit(RLIMIT_CORE, &no_core);
        _exit(body(arg));
}

int child_wait(pid_t child)
{
        int status;

        if (child < 0)
                return -1;
        for (int waited = 0; waited < LONGEST_MS * (test_under_valgrind() ? 10 : 1); waited++) {
                if (waitpid(child, &status, WNOHANG) == child)
                        return WIFEXITED(status) ? WEXITSTATUS(status)
                                                 : CHILD_KILLED + WTERMSIG(status);
                test_pause();
        }
        kill(child, SIGKILL);
        waitpid(child, &status, 0);
        return CHILD_HUNG;
}

int child_run(int (*body)(void *arg), void *arg)
{
        return child_wait(child_start(body, arg));
}

bool child_has_ended(pid_t child)
{
        siginfo_t info = {.si_pid = 0};

        return waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
               info.si_pid == child;
}
