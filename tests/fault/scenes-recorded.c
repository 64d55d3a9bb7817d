/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Files with a second file beside them: a checkpoint's side file, the shared allocator's state. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenes.h"

static bool exists(const char *path)
{
        struct stat status;

        return stat(path, &status) == 0;
}

static const char *beside(void)
{
        return test_path("recorded.side");
}

static void prepare_names(struct stage *stage)
{
        stage->path = test_path("recorded");
        unlink(stage->path);
        unlink(beside());
}

/* Removed, unless nobody could tell that it is still the call's own; see scenes-handle.c. */
static bool nothing_is_left(struct stage *stage, enum injected call)
{
        bool left = exists(stage->path) || exists(beside());

        unlink(stage->path);
        unlink(beside());
        return !left || call == INJECT_UNLINK || call == INJECT_FLOCK || call == INJECT_FSTAT ||
               call == INJECT_FSTATAT;
}

static void clean_nothing(struct stage *stage)
{
        (void)stage;
}

/* ---- a checkpoint */

static int create_with_checkpoint(const char *path, uint32_t flags, struct rmmap_file **file)
{
        struct rmmap_checkpoint checkpoint = RMMAP_CHECKPOINT_INIT;
        struct rmmap_options options = test_options(flags, 0);

        checkpoint.path = beside();
        checkpoint.identity = "job";
        checkpoint.identity_length = 3;
        options.checkpoint = &checkpoint;
        return rmmap_create(path, SIZE, &options, file);
}

static bool is_recorded(const struct rmmap_file *file, uint64_t bytes)
{
        uint64_t start, end;

        if (bytes == 0)
                return rmmap_next_recorded(file, 0, &start, &end) == -ENODATA;
        return rmmap_next_recorded(file, 0, &start, &end) == 0 && start == 0 && end == bytes;
}

static void prepare_written(struct stage *stage)
{
        prepare_names(stage);
        ck_ok(create_with_checkpoint(stage->path, 0, &stage->file));
        ck_ok(rmmap_allocate(stage->file, LENGTH, &stage->range));
        stage->data = calloc(1, LENGTH);
        ck_ok(rmmap_write_range(stage->file, stage->range, stage->data, LENGTH, &stage->receipt));
}

static void prepare_recorded(struct stage *stage)
{
        prepare_written(stage);
        ck_ok(rmmap_sync_range(stage->file, stage->receipt));
}

static void prepare_left_behind(struct stage *stage)
{
        prepare_recorded(stage);
        stage->file = rmmap_release(stage->file);
}

ACT(begin, create_with_checkpoint(stage->path, 0, &results->file))
ACT(resume, create_with_checkpoint(stage->path, RMMAP_KEEP, &results->file))
ACT(sync_it, rmmap_sync_range(stage->file, stage->receipt))
ACT(write_durably, rmmap_write_range_durable(stage->file, stage->range, stage->data, LENGTH, NULL))
ACT(give_back, rmmap_give_back_range(stage->file, stage->range))

static bool has_begun(struct stage *stage, struct results *results)
{
        bool works = is_recorded(results->file, 0) && rmmap_remaining(results->file) == SIZE;

        (void)stage;
        rmmap_release(results->file);
        return works && exists(beside());
}

static bool has_resumed(struct stage *stage, struct results *results)
{
        bool works = is_recorded(results->file, LENGTH) &&
                     rmmap_remaining(results->file) == SIZE - LENGTH;

        (void)stage;
        rmmap_release(results->file);
        return works;
}

static bool has_recorded(struct stage *stage, struct results *results)
{
        (void)results;
        return is_recorded(stage->file, LENGTH);
}

static bool has_forgotten(struct stage *stage, struct results *results)
{
        (void)results;
        return is_recorded(stage->file, 0) && rmmap_remaining(stage->file) == SIZE;
}

/* ---- the shared allocator */

static int share(struct stage *stage, struct results *results)
{
        struct rmmap_shared_config config = RMMAP_SHARED_CONFIG_INIT;
        struct rmmap_options options = test_options(0, 0);

        config.path = beside();
        options.allocator = rmmap_shared_allocator();
        options.allocator_config = &config;
        return rmmap_create(stage->path, SIZE, &options, &results->file);
}

static bool hands_out(struct stage *stage, struct results *results)
{
        struct rmmap_range range;
        bool works = rmmap_allocate(results->file, PAGE, &range) == 0 &&
                     rmmap_range_start(range) == 0 && rmmap_sync_all(results->file) == 0;

        (void)stage;
        rmmap_release(results->file);
        return works;
}

#define MAKES(words, prepared, by, ok, not_ok)                                                     \
        {                                                                                          \
                .name = words, .one_setup = true, .prepare = prepared, .act = by, .good = ok,      \
                .bad = not_ok, .clean = clean_nothing                                              \
        }

#define RECORDS(words, prepared, by, ok)                                                           \
        {                                                                                          \
                .name = words, .one_setup = true, .syncs = true, .prepare = prepared, .act = by,   \
                .good = ok                                                                         \
        }

const struct scene scenes_recorded[] = {
        MAKES("create with a checkpoint", prepare_names, begin, has_begun, nothing_is_left),
        MAKES("resume", prepare_left_behind, resume, has_resumed, NULL),
        RECORDS("sync_range, recorded", prepare_written, sync_it, has_recorded),
        RECORDS("write_range_durable, recorded", prepare_written, write_durably, has_recorded),
        RECORDS("give_back_range, recorded", prepare_recorded, give_back, has_forgotten),
        MAKES("create with the shared allocator", prepare_names, share, hands_out, nothing_is_left),
        {.name = NULL},
};
