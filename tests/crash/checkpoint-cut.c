/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * checkpoint-cut DISK [ROUNDS [MUTANT]]: cuts the power of a job that has a checkpoint, ROUNDS
 * times, each at a random moment, and starts it again. Each run compares what is recorded with what
 * the ones before were promised. MUTANT: with a broken library; see mutant.h. TEST_SEED sets the
 * seed that is printed.
 *
 * Exit status: 0 all was well, 1 it wasn't, 77 the disk can't be set up, 99 other trouble.
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "checkpointing.h"
#include "child.h"
#include "crash/mutant.h"
#include "crash/test-disk.h"

struct run {
        struct test_disk *disk;
        struct job *job;
        const char *mutant;
        uint64_t random;
        unsigned int cuts, jobs;
};

static int trouble(const char *what, int err)
{
        fprintf(stderr, "checkpoint-cut: %s %s\n", what, err == 0 ? "" : strerror(-err));
        return 99;
}

static int work(void *arg)
{
        struct run *run = arg;

        return mutant_become(run->mutant) ? job_run(run->job) : 99;
}

static int cut(struct run *run)
{
        struct timespec time = {.tv_nsec = (long)(test_random(&run->random) % 120000) * 1000};
        pid_t child;
        int err, status;

        run->job->seed = test_random(&run->random);
        atomic_store(&run->job->cut, false);
        child = child_start(work, run);
        nanosleep(&time, NULL);
        atomic_store(&run->job->cut, true);
        err = test_disk_cut(run->disk);
        kill(child, SIGKILL);
        if (waitpid(child, &status, 0) != child || err != 0)
                return trouble("the power can't be cut", err);
        if (test_disk_again(run->disk, &run->random) != 0)
                return trouble("can't be mounted again", 0);
        run->cuts++;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || run->job->wrong[0] != '\0')
                return 0;
        if (!job_file_is_right(run->job))
                snprintf(run->job->wrong, sizeof(run->job->wrong), "the complete file is wrong");
        job_remove_files(run->job);
        sync(); /* or the next cut brings them back */
        job_begin(run->job, &run->random);
        run->jobs++;
        return 0;
}

int main(int argc, char **argv)
{
        unsigned int rounds = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 100;
        struct run run = {.mutant = argc > 3 ? argv[3] : "none"};
        int status = 0;

        if (!test_disk_begin())
                return 77;
        run.random = test_seed();
        run.disk = test_disk_new(argc > 1 ? argv[1] : "");
        if (run.disk == NULL)
                return 77;
        run.job = job_new(test_disk_directory(run.disk));
        if (run.job == NULL)
                return trouble("no memory", 0);
        job_begin(run.job, &run.random);
        run.job->blocks = 1500;
        for (unsigned int i = 0; i < rounds && status == 0 && run.job->wrong[0] == '\0'; i++)
                status = cut(&run);
        printf("%s, %s: %u cut points, %u jobs done, %lu runs resumed, %lu syncs; %s\n",
               argc > 1 ? argv[1] : "", run.mutant, run.cuts, run.jobs,
               (unsigned long)atomic_load(&run.job->resumed),
               (unsigned long)atomic_load(&run.job->syncs),
               run.job->wrong[0] != '\0' ? run.job->wrong : "nothing wrong");
        test_disk_free(run.disk);
        return status != 0 ? status : run.job->wrong[0] != '\0';
}
