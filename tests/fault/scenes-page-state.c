/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Writes into a file of several regions, each in the state that the scene gives it: the library
 * chooses a path for each region and populates some, which may fail. Also large writes with
 * write-behind.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/checked.h"
#include "file.h"
#include "scenes.h"

#define WIDE ((size_t)REGION_SIZE + 32 * PAGE)
#define LARGE ((size_t)512 << 10)
#define OVER (20 * PAGE) /* each side of the border between the two */

static const struct variant {
        unsigned int states[2];
        size_t at, length;
        bool behind;
} variants[] = {
        {{REGION_FILLED, REGION_COLD}, AT, LENGTH, false},
        {{REGION_MAPPED, REGION_COLD}, AT, LENGTH, false},
        {{REGION_FILLED, REGION_FILLED}, REGION_SIZE - OVER, 2 * OVER, false},
        {{REGION_COLD, REGION_MAPPED}, REGION_SIZE - OVER, 2 * OVER, false},
        {{REGION_FILLED, REGION_COLD}, REGION_SIZE - OVER, 2 * OVER, false},
        {{REGION_COLD, REGION_COLD}, AT, LARGE, true},
        {{REGION_FILLED, REGION_COLD}, REGION_SIZE - LARGE + OVER, LARGE, true},
};
enum { FILLED, WARM, BOTH_FILLED, COLD_THEN_WARM, FILLED_THEN_COLD, BEHIND, FILLED_BEHIND };

static const struct variant *variant_of(const struct stage *stage)
{
        return &variants[stage->scene->variant];
}

/* Any state is correct at any time, so these are set as they would come about by many writes. */
static void prepare_wide(struct stage *stage)
{
        const struct variant *variant = variant_of(stage);

        stage->file = setup_file(stage->scene->setup, "sweep", WIDE);
        if (stage->file == NULL)
                return;
        stage->path = setup_path();
        stage->data = setup_data(variant->at, variant->length);
        stage->found = calloc(1, WIDE);
        ck_ok(rmmap_sync_all(stage->file)); /* a later sync is of the data alone */
        for (size_t region = 0; region < 2 && stage->file->io.page_state.state != NULL; region++)
                region_set(&stage->file->io.page_state, region, variant->states[region]);
        if (variant->behind)
                stage->file->config.write_behind = true;
}

static uint64_t bytes_by_calls(struct stage *stage)
{
        return atomic_load(&stage->file->io.pwrite_bytes);
}

static int write_wide(struct stage *stage, struct results *results)
{
        const struct variant *variant = variant_of(stage);

        (void)results;
        stage->done = bytes_by_calls(stage);
        return rmmap_raw_write(stage->file, variant->at, stage->data, variant->length);
}

static int write_and_sync(struct stage *stage, struct results *results)
{
        int err = write_wide(stage, results);

        return err != 0 ? err : rmmap_sync_all(stage->file);
}

/* A region that could not be populated isn't taken for one that was. */
static bool went_as_the_states_say(struct stage *stage)
{
        const struct variant *variant = variant_of(stage);
        uint64_t end = variant->at + variant->length, by_calls = 0;

        if (stage->file->io.page_state.state == NULL || variant->behind)
                return true;
        for (size_t region = 0; region < 2; region++) {
                uint64_t from = max_u64(variant->at, region * REGION_SIZE);
                uint64_t to = min_u64(end, (region + 1) * REGION_SIZE);

                if (from < to && region_state(&stage->file->io.page_state, region) != REGION_MAPPED)
                        by_calls += to - from;
        }
        return bytes_by_calls(stage) - stage->done == by_calls;
}

static bool wide_is_written(struct stage *stage, struct results *results)
{
        const struct variant *variant = variant_of(stage);

        (void)results;
        return went_as_the_states_say(stage) &&
               setup_holds(WIDE, variant->at, variant->at + variant->length, stage->data);
}

static bool rest_is_whole(struct stage *stage, enum injected call)
{
        const struct variant *variant = variant_of(stage);
        int fd = open(stage->path, O_RDONLY | O_CLOEXEC);
        ssize_t got = pread(fd, stage->found, WIDE, 0);

        (void)call;
        close(fd);
        return got == (ssize_t)WIDE && setup_holds(WIDE, variant->at, variant->at + variant->length,
                                                   stage->found + variant->at);
}

/* Of setups.c. Those that choose a way for each write have regions. */
enum { AUTO = 0, PWRITE = 3, GUARDED_MAP = 6, DENSE = 10, SEQUENTIAL = 12 };

#define WRITE(of, which, by)                                                                       \
        {                                                                                          \
                .name = "write, " of, .one_setup = true, .setup = by, .variant = which,            \
                .prepare = prepare_wide, .act = write_wide, .good = wide_is_written,               \
                .bad = rest_is_whole                                                               \
        }
#define SYNC(of, which, by)                                                                        \
        {                                                                                          \
                .name = "write and sync, " of, .one_setup = true, .syncs = true, .setup = by,      \
                .variant = which, .prepare = prepare_wide, .act = write_and_sync,                  \
                .good = wide_is_written, .bad = rest_is_whole                                      \
        }

const struct scene scenes_windows[] = {
        WRITE("into a filled region", FILLED, AUTO),
        WRITE("into a filled region", FILLED, DENSE),
        WRITE("into a warm region", WARM, AUTO),
        WRITE("over two filled regions", BOTH_FILLED, AUTO),
        WRITE("over a cold region and a warm one", COLD_THEN_WARM, AUTO),
        WRITE("over a filled region and a cold one", FILLED_THEN_COLD, DENSE),
        WRITE("512 KiB, written behind", BEHIND, SEQUENTIAL),
        WRITE("512 KiB, written behind", BEHIND, PWRITE),
        SYNC("512 KiB over two regions, written behind", FILLED_BEHIND, SEQUENTIAL),
        SYNC("512 KiB over two regions, written behind", FILLED_BEHIND, GUARDED_MAP),
        {.name = NULL},
};
