/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The public calls on a queue: its life, and checks. */
#include "queue.h"
#include "api-check.h"
#include "base/abi-struct.h"

ASSERT_ABI_SIZE(struct rmmap_queue_options, 2 * sizeof(size_t) + 8);
ASSERT_ABI_SIZE(struct rmmap_completion, 16);

#define DEFAULT_DEPTH 1024
#define DEFAULT_THREADS 4
#define MOST_THREADS 1024

/* ---- the life of a queue */

static int read_options(struct rmmap_queue_options *options,
                        const struct rmmap_queue_options *given)
{
        static const struct rmmap_queue_options defaults = RMMAP_QUEUE_OPTIONS_INIT;
        int err = abi_struct_read(options, sizeof(*options), sizeof(*options),
                                  given != NULL ? given : &defaults);

        if (err != 0)
                return err;
        if (options->reserved != 0)
                return -EOPNOTSUPP;
        if (options->threads > MOST_THREADS)
                return -EINVAL;
        if (options->depth == 0)
                options->depth = DEFAULT_DEPTH;
        if (options->threads == 0)
                options->threads = DEFAULT_THREADS;
        return 0;
}

/* What a forked child may do, too. */
static void free_memory(struct rmmap_queue *queue)
{
        memory_free(queue->jobs);
        memory_free(queue->lanes);
        memory_free(queue->threads);
        memory_free(queue);
}

/* Waits until all that was submitted is done. */
static void stop(struct rmmap_queue *queue)
{
        mutex_lock(&queue->lock);
        queue->closing = true;
        condition_wake_all(&queue->work);
        mutex_unlock(&queue->lock);
        for (uint32_t i = 0; i < queue->thread_count; i++)
                thread_join(&queue->threads[i]);
        condition_destroy(&queue->work);
        mutex_destroy(&queue->lock);
        notifier_close(&queue->notifier);
        free_memory(queue);
}

/* On failure the caller stops the queue. */
static int start_threads(struct rmmap_queue *queue, uint32_t count)
{
        int err = 0;

        while (err == 0 && queue->thread_count < count) {
                err = thread_start(&queue->threads[queue->thread_count], queue_work, queue);
                if (err == 0)
                        queue->thread_count++;
        }
        return err;
}

static int allocate(const struct rmmap_queue_options *options, struct rmmap_queue **made)
{
        struct rmmap_queue *queue = memory_zeroed(1, sizeof(*queue));
        int err;

        if (queue == NULL)
                return -ENOMEM;
        queue->depth = options->depth;
        queue->jobs = memory_zeroed(options->depth, sizeof(*queue->jobs));
        queue->lanes = memory_zeroed(options->depth, sizeof(*queue->lanes));
        queue->threads = memory_zeroed(options->threads, sizeof(*queue->threads));
        err = queue->jobs == NULL || queue->lanes == NULL || queue->threads == NULL ? -ENOMEM : 0;
        if (err == 0)
                err = fork_generation(&queue->generation);
        if (err == 0)
                err = notifier_create(&queue->notifier);
        if (err != 0) {
                free_memory(queue);
                return err;
        }
        mutex_init(&queue->lock);
        condition_init(&queue->work);
        *made = queue;
        return 0;
}

static int make(const struct rmmap_queue_options *options, struct rmmap_queue **made)
{
        struct rmmap_queue *queue;
        int err = allocate(options, &queue);

        if (err != 0)
                return err;
        err = start_threads(queue, options->threads);
        if (err != 0)
                stop(queue);
        else
                *made = queue;
        return err;
}

int rmmap_queue_create(const struct rmmap_queue_options *given, struct rmmap_queue **made)
{
        struct rmmap_queue_options options;
        int before, err = made == NULL ? -EINVAL : read_options(&options, given);

        if (err != 0)
                return err;
        before = cancellation_off();
        err = make(&options, made);
        cancellation_restore(before);
        return err;
}

struct rmmap_queue *rmmap_queue_release(struct rmmap_queue *queue)
{
        int before;

        if (queue == NULL)
                return NULL;
        if (queue_forked(queue)) { /* a thread that doesn't exist here may have held the lock */
                free_memory(queue);
                return NULL;
        }
        before = cancellation_off();
        stop(queue);
        cancellation_restore(before);
        return NULL;
}

/* ---- submitting */

static int submit(struct rmmap_queue *queue, const struct job *wanted)
{
        struct job *job;

        if (queue_forked(queue))
                return -EPERM;
        mutex_lock(&queue->lock);
        job = queue_take_job(queue);
        if (job != NULL) {
                *job = *wanted;
                rmmap_clone(job->file);
                queue_submit(queue, job);
        }
        mutex_unlock(&queue->lock);
        return job != NULL ? 0 : -EAGAIN;
}

int rmmap_queue_sync(struct rmmap_queue *queue, struct rmmap_file *file,
                     const struct rmmap_receipt *receipts, size_t count, uint64_t cookie)
{
        struct job job = {.kind = JOB_SYNC, .file = file, .cookie = cookie};
        int err;

        if (queue == NULL)
                return -EINVAL;
        job.set.everything = receipts == NULL;
        job.set.records = true;
        err = check_receipts(file, receipts, count, &job.set);
        return err != 0 ? err : submit(queue, &job);
}

int rmmap_queue_write(struct rmmap_queue *queue, struct rmmap_file *file, struct rmmap_range range,
                      const void *data, size_t length, uint32_t flags,
                      struct rmmap_receipt *receipt, uint64_t cookie)
{
        bool durable = (flags & RMMAP_QUEUE_DURABLE) != 0;
        struct job job = {
                .kind = durable ? JOB_WRITE_DURABLE : JOB_WRITE,
                .file = file,
                .cookie = cookie,
                .range = range,
                .data = data,
                .receipt = receipt,
        };
        int err = queue == NULL ? -EINVAL : check_write(file, &range, data, length);

        if (err != 0)
                return err;
        if (file_forked(file))
                return -EPERM;
        if (flags & ~RMMAP_QUEUE_DURABLE)
                return -EOPNOTSUPP;
        if (length != range_length(&range))
                return -EMSGSIZE;
        return submit(queue, &job);
}

/* ---- completions */

int rmmap_queue_reap(struct rmmap_queue *queue, struct rmmap_completion *completions,
                     size_t capacity)
{
        int count, before;

        if (queue == NULL || (completions == NULL && capacity != 0))
                return -EINVAL;
        if (queue_forked(queue))
                return -EPERM;
        before = cancellation_off();
        mutex_lock(&queue->lock);
        count = queue_reap(queue, completions, capacity);
        mutex_unlock(&queue->lock);
        cancellation_restore(before);
        return count;
}
