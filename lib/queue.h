/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The completion queue. Jobs wait in lanes: one for all syncs and durable writes of a file, one for
 * each other write. A thread takes all jobs of a lane at once, and one batch of the file's group
 * commit serves all that it took; what is submitted meanwhile waits for the next turn of the lane.
 * So few threads serve any number of syncs, and no thread waits where another one syncs. Layer 3.
 */
#ifndef RMMAP_QUEUE_H
#define RMMAP_QUEUE_H

#include "file.h"
#include "os/os.h"

enum job_kind { JOB_SYNC, JOB_WRITE, JOB_WRITE_DURABLE };

/* One submission, until its completion is reaped. */
struct job {
        struct job *next;
        struct rmmap_file *file; /* a reference, until the job is done */
        uint64_t cookie;
        int result;
        enum job_kind kind;
        struct sync_set set; /* of a sync */
        /* Of a write. */
        struct rmmap_range range;
        const void *data;
        struct rmmap_receipt *receipt; /* may be NULL */
};

struct job_list {
        struct job *first, *last;
};

#define QUEUE_BUCKETS 64

/* While it exists it is ready, or a thread works on jobs of it. */
struct lane {
        struct lane *next;       /* of the ready ones, or of those that are free */
        struct lane *in_bucket;  /* the next lane in the same bucket */
        struct rmmap_file *file; /* for comparison only; NULL: of one write, and in no bucket */
        struct job_list waiting;
};

struct rmmap_queue {
        uint64_t generation; /* this, depth and thread_count are constant */
        uint32_t depth, thread_count;
        struct notifier notifier; /* set exactly while jobs are done */
        struct thread *threads;
        struct mutex lock; /* protects all members below; held for a moment only */
        struct condition work;
        struct lane *buckets[QUEUE_BUCKETS];
        struct lane *ready, *last_ready; /* lanes with waiting jobs that no thread works on */
        struct job_list done;
        /* depth of each. A job is in use until it is reaped; a lane has one that isn't done. */
        struct job *jobs, *free_jobs;
        struct lane *lanes, *free_lanes;
        uint32_t touched_jobs, touched_lanes; /* those before were in use once */
        uint32_t unreaped;
        uint32_t idle; /* threads that wait for work */
        bool closing;
};

static inline bool queue_forked(const struct rmmap_queue *queue)
{
        return fork_generation_is_past(queue->generation);
}

/* ---- queue-lanes.c. The caller holds the lock of all but queue_work. */

/* NULL: the queue is full. */
struct job *queue_take_job(struct rmmap_queue *queue);

/* Appends a job that was filled in to its lane. */
void queue_submit(struct rmmap_queue *queue, struct job *job);

/* Moves completions out: how many. */
int queue_reap(struct rmmap_queue *queue, struct rmmap_completion *completions, size_t capacity);

/* What each thread runs. Returns when the queue is closing and nothing is left to take. */
void queue_work(void *queue);

/* ---- queue-run.c */

/* Does jobs of one lane, sets their results, and drops their references. */
void queue_run(const struct job_list *jobs);

#endif
