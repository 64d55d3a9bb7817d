/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a thread of a queue does with the jobs that it took. */
#include "base/compiler.h"
#include "checkpoint.h"
#include "io-path.h"
#include "queue.h"
#include "sync-exec.h"

/* The start of write-back that other writes cause bounds what a long list makes dirty, too. */
static int write_now(const struct job *job)
{
        uint64_t start = range_start(&job->range);
        size_t length = (size_t)range_length(&job->range);
        int err = job->kind == JOB_WRITE_DURABLE ? sync_error(job->file) : 0;

        if (err == 0)
                err = io_write(job->file, start, job->data, length);
        if (err == 0)
                err = sync_after_write(job->file, start, length);
        if (err == 0)
                checkpoint_give_receipt(job->file, NULL, &job->range);
        return err;
}

/* A durable write with no other job beside it: in one system call, where that is possible. */
static int write_alone(const struct job *job)
{
        int err = sync_error(job->file);

        return err != 0 ? err
                        : sync_write(job->file, range_start(&job->range), job->data,
                                     (size_t)range_length(&job->range));
}

/* Everything but the sync. Adds to the set what the sync has to cover. */
static void prepare(struct job *job, struct sync_set *set)
{
        job->result = job->kind == JOB_SYNC ? 0 : write_now(job);
        if (job->kind == JOB_SYNC)
                sync_set_join(set, &job->set);
        else if (job->kind == JOB_WRITE_DURABLE && job->result == 0)
                sync_set_add(set, job->range.opaque[WORD_START], job->range.opaque[WORD_END]);
}

/* One sync for all of them. A write that failed keeps its own error. */
static void run_together(const struct job_list *jobs)
{
        struct sync_set set = {.records = true};
        uint64_t to_sync = 0;
        int err;

        for (struct job *job = jobs->first; job != NULL; job = job->next) {
                prepare(job, &set);
                to_sync += job->kind != JOB_WRITE && job->result == 0;
        }
        if (to_sync == 0)
                return;
        err = sync_run(jobs->first->file, &set, to_sync);
        for (struct job *job = jobs->first; job != NULL; job = job->next)
                if (job->kind != JOB_WRITE && job->result == 0)
                        job->result = err;
}

void queue_run(const struct job_list *jobs)
{
        struct job *first = jobs->first;

        first->result = -EOPNOTSUPP;
        if (first->kind == JOB_WRITE_DURABLE && first->next == NULL)
                first->result = write_alone(first);
        if (first->result == -EOPNOTSUPP)
                run_together(jobs);
        for (struct job *job = first; job != NULL; job = job->next) {
                if (job->kind != JOB_SYNC && job->result == 0)
                        receipt_give(job->receipt, &job->range);
                rmmap_release(job->file);
        }
}
