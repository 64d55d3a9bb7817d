/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which thread does which job. All steps under the lock take a time that doesn't depend on the
 * number of jobs, except that reaping copies what it returns: a submission never waits for long.
 */
#include "base/compiler.h"
#include "queue.h"

/* ---- lists */

static void append(struct job_list *list, const struct job_list *more)
{
        if (more->first == NULL)
                return;
        if (list->first == NULL)
                list->first = more->first;
        else
                list->last->next = more->first;
        list->last = more->last;
}

static struct lane **bucket_of(struct rmmap_queue *queue, const struct rmmap_file *file)
{
        return &queue->buckets[(uintptr_t)file / sizeof(*file) % QUEUE_BUCKETS];
}

static struct lane *find_lane(struct rmmap_queue *queue, const struct rmmap_file *file)
{
        struct lane *lane = *bucket_of(queue, file);

        while (lane != NULL && lane->file != file)
                lane = lane->in_bucket;
        return lane;
}

/* file NULL: a lane for one job. */
static struct lane *make_lane(struct rmmap_queue *queue, struct rmmap_file *file)
{
        struct lane *lane = queue->free_lanes, **bucket = bucket_of(queue, file);

        if (lane != NULL)
                queue->free_lanes = lane->next;
        else
                lane = &queue->lanes[queue->touched_lanes++];
        *lane = (struct lane){.file = file};
        if (file != NULL) {
                lane->in_bucket = *bucket;
                *bucket = lane;
        }
        return lane;
}

static void drop_lane(struct rmmap_queue *queue, struct lane *lane)
{
        struct lane **at = bucket_of(queue, lane->file);

        if (lane->file != NULL) {
                while (*at != lane)
                        at = &(*at)->in_bucket;
                *at = lane->in_bucket;
        }
        lane->next = queue->free_lanes;
        queue->free_lanes = lane;
}

static void make_ready(struct rmmap_queue *queue, struct lane *lane)
{
        lane->next = NULL;
        if (queue->ready == NULL)
                queue->ready = lane;
        else
                queue->last_ready->next = lane;
        queue->last_ready = lane;
}

/* ---- the program's side */

struct job *queue_take_job(struct rmmap_queue *queue)
{
        struct job *job = queue->free_jobs;

        if (queue->unreaped == queue->depth)
                return NULL;
        queue->unreaped++;
        if (job != NULL)
                queue->free_jobs = job->next;
        else
                job = &queue->jobs[queue->touched_jobs++];
        return job;
}

void queue_submit(struct rmmap_queue *queue, struct job *job)
{
        struct rmmap_file *shared = job->kind == JOB_WRITE ? NULL : job->file;
        struct lane *lane = shared != NULL ? find_lane(queue, shared) : NULL;
        bool is_new = lane == NULL;

        job->next = NULL;
        if (is_new)
                lane = make_lane(queue, shared);
        append(&lane->waiting, &(struct job_list){job, job});
        if (!is_new)
                return; /* it is ready, or becomes so when its thread comes back */
        make_ready(queue, lane);
        if (queue->idle > 0)
                condition_wake_one(&queue->work);
}

int queue_reap(struct rmmap_queue *queue, struct rmmap_completion *completions, size_t capacity)
{
        size_t count = 0;

        while (count < capacity && count < INT32_MAX && queue->done.first != NULL) {
                struct job *job = queue->done.first;

                completions[count++] =
                        (struct rmmap_completion){.cookie = job->cookie, .result = job->result};
                queue->done.first = job->next;
                job->next = queue->free_jobs;
                queue->free_jobs = job;
        }
        queue->unreaped -= (uint32_t)count;
        if (count > 0 && queue->done.first == NULL)
                notifier_clear(&queue->notifier);
        return (int)count;
}

/* ---- the threads' side */

static struct lane *next_lane(struct rmmap_queue *queue)
{
        struct lane *lane;

        while (queue->ready == NULL && !queue->closing) {
                queue->idle++;
                condition_wait(&queue->work, &queue->lock);
                queue->idle--;
        }
        lane = queue->ready;
        if (lane != NULL)
                queue->ready = lane->next;
        return lane;
}

static void finish(struct rmmap_queue *queue, struct lane *lane, const struct job_list *jobs)
{
        bool was_empty = queue->done.first == NULL;

        if (lane->waiting.first != NULL)
                make_ready(queue, lane);
        else
                drop_lane(queue, lane);
        append(&queue->done, jobs);
        if (was_empty)
                notifier_set(&queue->notifier);
}

/*
 * A lane that becomes ready again needs nobody woken: the thread that made it ready looks for the
 * next one.
 */
void queue_work(void *arg)
{
        struct rmmap_queue *queue = arg;
        struct lane *lane;

        mutex_lock(&queue->lock);
        while ((lane = next_lane(queue)) != NULL) {
                struct job_list jobs = lane->waiting;

                lane->waiting = (struct job_list){NULL, NULL};
                mutex_unlock(&queue->lock);
                queue_run(&jobs);
                mutex_lock(&queue->lock);
                finish(queue, lane, &jobs);
        }
        mutex_unlock(&queue->lock);
}
