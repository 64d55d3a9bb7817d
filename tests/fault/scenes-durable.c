/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Flushing and syncing: a 0 means that the kernel was asked, after whatever went wrong before. */
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

#define BOTH(of, function)                                                                         \
        {.name = of ", the file's first",                                                          \
         .syncs = true,                                                                            \
         .prepare = prepare_dirty,                                                                 \
         .act = function},                                                                         \
        {                                                                                          \
                .name = of, .syncs = true, .prepare = prepare_dirty_again, .act = function         \
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
        {.name = NULL},
};
