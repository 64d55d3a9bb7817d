/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Runs the checks, each in a process of its own: an allocator that crashes or hangs fails one check
 * and leaves the others alone.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocator-contract.h"

/* What the allocator lacks for this check, or NULL. */
static const char *lack_of(const struct rmmap_allocator_ops *ops, unsigned int needs)
{
        if ((needs & NEEDS_CLAIM) && ops->claim == NULL)
                return "no claim";
        if ((needs & NEEDS_GIVE_BACK) && ops->give_back == NULL)
                return "no give_back";
        if ((needs & NEEDS_SAVE) && ops->save == NULL)
                return "no save";
        if ((needs & NEEDS_RESTORE) && ops->restore == NULL)
                return "no restore";
        if ((needs & NEEDS_GROW) && ops->grow == NULL)
                return "no grow";
        if ((needs & NEEDS_ALLOCATE_AT) && ops->allocate_at == NULL)
                return "no allocate_at";
        if ((needs & NEEDS_TRIM) && (ops->trim == NULL || ops->grow == NULL))
                return "no trim";
        if ((needs & NEEDS_THREADS) && !(ops->flags & RMMAP_ALLOCATOR_THREAD_SAFE))
                return "not for many threads";
        return NULL;
}

/* The contract is in memory that the child shares, so its verdict is there when it has ended. */
static void run_apart(struct contract *contract, const struct check *check)
{
        int status = 0;
        pid_t child;

        fflush(NULL); /* otherwise the child prints it as well */
        child = fork();
        if (child == 0) {
                alarm(contract->timeout);
                check->run(contract);
                _exit(0);
        }
        while (child > 0 && waitpid(child, &status, 0) < 0 && errno == EINTR)
                ;
        if (child < 0)
                broken(contract, "no process, error %d", errno);
        else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
                broken(contract, "not done after seconds: %u", contract->timeout);
        else if (WIFSIGNALED(status))
                broken(contract, "killed by signal %d", WTERMSIG(status));
        else if (WEXITSTATUS(status) != 0)
                broken(contract, "ended with status %d", WEXITSTATUS(status));
}

struct tally {
        unsigned int run, failed, skipped;
};

static void run_check(struct contract *contract, const struct check *check, struct tally *tally)
{
        const char *lack = lack_of(contract->ops, check->needs);

        contract->failed = false;
        if (lack == NULL && contract->timeout != 0)
                run_apart(contract, check);
        else if (lack == NULL)
                check->run(contract);
        printf("%s %u - %s", contract->failed ? "not ok" : "ok", ++tally->run, check->name);
        if (contract->failed)
                printf(": %s", contract->why);
        else if (lack != NULL)
                printf(" # SKIP %s", lack);
        printf("\n");
        fflush(stdout);
        tally->failed += contract->failed;
        tally->skipped += lack != NULL;
}

static const struct check *const lists[] = {
        allocate_checks, claim_checks, grow_checks, state_checks, thread_checks, file_checks,
};

unsigned int contract_run(const struct contract *given)
{
        struct contract *contract = mmap(NULL, sizeof(*contract), PROT_READ | PROT_WRITE,
                                         MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        struct tally tally = {0, 0, 0};

        if (contract == MAP_FAILED) {
                printf("Bail out! no memory\n");
                return 1;
        }
        *contract = *given;
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
