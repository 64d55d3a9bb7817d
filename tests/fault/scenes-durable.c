/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Flushing and syncing: a 0 means that the kernel was asked, after whatever went wrong before. */
#include <poll.h>
#include <unistd.h>

#include "scenes.h"

static void write_both(struct stage *stage)
{
        ck_ok(rmmap_write_range(stage->file, stage->range, stage->data, LENGTH, NULL));
        ck_ok(rmmap_write_within(stage->file, stage->far, 0, stage->data, PAGE));
}

static void prepare_dirty(struct stage *stage)
{
        stage_file(stage);
        if (stage->file != NULL)
                write_both(stage);
}

/* Once more after a sync, which is another way for a file that was created. */
static void prepare_dirty_again(struct stage *stage)
{
        stage_file(stage);
        if (stage->file == NULL)
                return;
        ck_ok(rmmap_sync_all(stage->file));
        write_both(stage);
}

ACT(flush, flushed(rmmap_flush(stage->file)))
ACT(flush_range, flushed(rmmap_flush_range(stage->file, stage->receipt)))
ACT(raw_flush, flushed(rmmap_raw_flush(stage->file, AT, LENGTH)))
ACT(sync_range, rmmap_sync_range(stage->file, stage->receipt))
ACT(sync_near, rmmap_sync_ranges(stage->file, &stage->receipt, 1))
ACT(sync_within, rmmap_sync_within(stage->file, stage->range, 1, LENGTH - 1))
ACT(sync_all, rmmap_sync_all(stage->file))
ACT(raw_sync, rmmap_raw_sync(stage->file, AT, LENGTH))

/* So far apart that all of the file is synced. */
static int sync_far(struct stage *stage, struct results *results)
{
        struct rmmap_receipt both[] = {stage->far_receipt, stage->receipt};

        (void)results;
        return rmmap_sync_ranges(stage->file, both, 2);
}

static const struct rmmap_queue_options one_thread = {sizeof(one_thread), 0, 1, 1};

static int make_queue(struct stage *stage, struct results *results)
{
        (void)results;
        return rmmap_queue_create(&one_thread, &stage->queue);
}

static bool queue_is_made(struct stage *stage, struct results *results)
{
        (void)results;
        stage->queue = rmmap_queue_release(stage->queue);
        return true;
}

static void prepare_queue(struct stage *stage)
{
        prepare_dirty(stage);
        if (stage->file != NULL)
                ck_ok(rmmap_queue_create(&one_thread, &stage->queue));
}

static void clean_queue(struct stage *stage)
{
        rmmap_queue_release(stage->queue);
        rmmap_release(stage->file);
}

/* The result of a submission that returned err. */
static int result_of(struct stage *stage, int err)
{
        struct pollfd loop = {rmmap_queue_fd(stage->queue), POLLIN, 0};
        struct rmmap_completion completion;

        if (err != 0)
                return err;
        if (poll(&loop, 1, -1) != 1 || rmmap_queue_reap(stage->queue, &completion, 1) != 1)
                return WRONG;
        return completion.result;
}

ACT(queue_sync,
    result_of(stage, rmmap_queue_sync(stage->queue, stage->file, &stage->receipt, 1, 0)))
ACT(queue_write,
    result_of(stage, rmmap_queue_write(stage->queue, stage->file, stage->range, stage->data, LENGTH,
                                       RMMAP_QUEUE_DURABLE, NULL, 0)))

#define BOTH(of, function)                                                                         \
        {.name = of ", the file's first",                                                          \
         .syncs = true,                                                                            \
         .prepare = prepare_dirty,                                                                 \
         .act = function},                                                                         \
        {                                                                                          \
                .name = of, .syncs = true, .prepare = prepare_dirty_again, .act = function         \
        }

#define BY_QUEUE(of, function)                                                                     \
        {                                                                                          \
                .name = of, .syncs = true, .prepare = prepare_queue, .act = function,              \
                .clean = clean_queue                                                               \
        }

const struct scene scenes_durable[] = {
        {.name = "flush", .prepare = prepare_dirty, .act = flush},
        {.name = "flush_range", .prepare = prepare_dirty, .act = flush_range},
        {.name = "raw_flush", .prepare = prepare_dirty, .act = raw_flush},
        BOTH("sync_range", sync_range),
        BOTH("sync_ranges", sync_near),
        BOTH("sync_ranges, far apart", sync_far),
        BOTH("sync_within", sync_within),
        BOTH("sync_all", sync_all),
        BOTH("raw_sync", raw_sync),
        {.name = "queue_create",
         .one_setup = true,
         .prepare = stage_file,
         .act = make_queue,
         .good = queue_is_made},
        BY_QUEUE("queue_sync", queue_sync),
        BY_QUEUE("queue_write", queue_write),
        {.name = NULL},
};
