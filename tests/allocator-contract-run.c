/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Runs the checks, each in a process of its own: an allocator that crashes or hangs fails one check
 * and leaves the others alone.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocator-contract.h"

struct verdict {
        bool failed, skipped;
        char why[sizeof(((struct contract *)NULL)->why)];
};

static void run_here(struct contract *contract, const struct check *check, struct verdict *verdict)
{
        contract->failed = contract->skipped = false;
        contract->why[0] = '\0';
        check->run(contract);
        memset(verdict, 0, sizeof(*verdict));
        verdict->failed = contract->failed;
        verdict->skipped = contract->skipped;
        memcpy(verdict->why, contract->why, sizeof(verdict->why));
}

static _Noreturn void run_as_child(struct contract *contract, const struct check *check, int out)
{
        struct verdict verdict;
        ssize_t written;

        run_here(contract, check, &verdict);
        written = write(out, &verdict, sizeof(verdict)); /* less than a pipe takes at once */
        _exit(written == (ssize_t)sizeof(verdict) ? 0 : 1);
}

static void failed_by(struct verdict *verdict, const char *what, int number)
{
        memset(verdict, 0, sizeof(*verdict));
        verdict->failed = true;
        snprintf(verdict->why, sizeof(verdict->why), "%s %d", what, number);
}

/* The verdict from the pipe; without one, how the child ended. */
static void await(struct contract *contract, pid_t child, int in, struct verdict *verdict)
{
        struct pollfd waiting = {.fd = in, .events = POLLIN};
        int ready, status = 0;
        bool told = false;

        do {
                ready = poll(&waiting, 1, (int)contract->timeout * 1000);
        } while (ready < 0 && errno == EINTR);
        if (ready > 0)
                told = read(in, verdict, sizeof(*verdict)) == (ssize_t)sizeof(*verdict);
        else
                kill(child, SIGKILL);
        while (waitpid(child, &status, 0) < 0 && errno == EINTR)
                ;
        if (ready <= 0)
                failed_by(verdict, "not done after seconds:", (int)contract->timeout);
        else if (WIFSIGNALED(status))
                failed_by(verdict, "killed by signal", WTERMSIG(status));
        else if (!told || WEXITSTATUS(status) != 0)
                failed_by(verdict, "ended with status", WEXITSTATUS(status));
}

static void run_apart(struct contract *contract, const struct check *check, struct verdict *verdict)
{
        int ends[2];
        pid_t child;

        fflush(NULL); /* otherwise the child prints it as well */
        if (pipe(ends) != 0) {
                failed_by(verdict, "no pipe, error", errno);
                return;
        }
        child = fork();
        if (child == 0) {
                close(ends[0]);
                run_as_child(contract, check, ends[1]);
        }
        close(ends[1]);
        if (child < 0)
                failed_by(verdict, "no process, error", errno);
        else
                await(contract, child, ends[0], verdict);
        close(ends[0]);
}

static void print(unsigned int number, const char *name, const struct verdict *verdict)
{
        printf("%s %u - %s", verdict->failed ? "not ok" : "ok", number, name);
        if (verdict->failed)
                printf(": %s", verdict->why);
        else if (verdict->skipped)
                printf(" # SKIP %s", verdict->why);
        printf("\n");
        fflush(stdout);
}

static const struct check *const lists[] = {
        allocate_checks, claim_checks, state_checks, thread_checks, file_checks,
};

struct tally {
        unsigned int run, failed, skipped;
};

static void run_check(struct contract *contract, const struct check *check, struct tally *tally)
{
        struct verdict verdict;

        if (contract->timeout != 0)
                run_apart(contract, check, &verdict);
        else
                run_here(contract, check, &verdict);
        print(++tally->run, check->name, &verdict);
        tally->failed += verdict.failed;
        tally->skipped += verdict.skipped && !verdict.failed;
}

unsigned int contract_run(struct contract *contract)
{
        struct tally tally = {0, 0, 0};

        for (size_t list = 0; list < sizeof(lists) / sizeof(lists[0]); list++) {
                for (const struct check *check = lists[list]; check->name != NULL; check++) {
                        run_check(contract, check, &tally);
                        /* Nothing else can be tried when the struct is wrong. */
                        if (tally.run == 1 && tally.failed == 1) {
                                printf("Bail out! not a struct that can be used\n");
                                return 1;
                        }
                }
        }
        printf("1..%u\n# %s: %u kept, %u broken, %u not examined\n", tally.run,
               contract->ops->name != NULL ? contract->ops->name : "unnamed",
               tally.run - tally.failed - tally.skipped, tally.failed, tally.skipped);
        return tally.failed;
}
