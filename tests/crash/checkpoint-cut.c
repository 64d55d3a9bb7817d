/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * checkpoint-cut DISK [ROUNDS [MUTANT]]: cuts the power of a job that has a checkpoint, ROUNDS
 * times, each at a random moment, and starts it again. Each run compares what is recorded with what
 * the ones before were promised. See cut.h.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "checkpointing.h"
#include "child.h"
#include "crash/cut.h"
#include "crash/mutant.h"

struct run {
        struct cut cut;
        struct job *job;
        unsigned int jobs;
};

static int work(void *arg)
{
        struct run *run = arg;

        return mutant_become(run->cut.mutant) ? job_run(run->job) : 99;
}

static int one_round(struct run *run)
{
        pid_t child;
        int err, status;

        run->job->seed = test_random(&run->cut.random);
        child = child_start(work, run);
        err = cut_power(&run->cut, 120000, &child, &status, 1);
        if (err != 0)
                return err;
        if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || run->job->wrong[0] != '\0')
                return 0;
        if (!job_file_is_right(run->job))
                snprintf(run->job->wrong, sizeof(run->job->wrong), "the complete file is wrong");
        job_remove_files(run->job);
        sync(); /* or the next cut brings them back */
        job_begin(run->job, &run->cut.random);
        run->jobs++;
        return 0;
}

int main(int argc, char **argv)
{
        struct run run = {.jobs = 0};
        int status = cut_begin(&run.cut, "checkpoint-cut", argc, argv);

        if (status != 0)
                return status;
        run.job = job_new(test_disk_directory(run.cut.disk));
        if (run.job == NULL)
                return cut_trouble(&run.cut, "no memory", 0);
        run.job->cut = run.cut.off;
        job_begin(run.job, &run.cut.random);
        run.job->blocks = 1500;
        while (run.cut.done < run.cut.rounds && status == 0 && run.job->wrong[0] == '\0')
                status = one_round(&run);
        printf("%s, %s: %u cut points, %u jobs done, %lu runs resumed, %lu syncs; %s\n",
               run.cut.name, run.cut.mutant, run.cut.done, run.jobs,
               (unsigned long)atomic_load(&run.job->resumed),
               (unsigned long)atomic_load(&run.job->syncs),
               run.job->wrong[0] != '\0' ? run.job->wrong : "nothing wrong");
        cut_end(&run.cut);
        return status != 0 ? status : run.job->wrong[0] != '\0';
}
