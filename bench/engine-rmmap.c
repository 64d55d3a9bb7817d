/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The library, as a program would use it: ranges from its allocator where the order is free, pieces
 * of one range where the job sets the offsets, the raw calls for less than a page. rmmap gives no
 * hint. rmmap-hint gives every hint: the pattern, RMMAP_WRITE_BEHIND where the job ends with a
 * sync, RMMAP_UNCACHED where the file is larger than memory, a dirty limit beside another program
 * that syncs. rmmap-checkpoint records in a side file what is durable.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rmmap.h>

#include "engines.h"

struct handle {
        struct rmmap_file *file;
        struct rmmap_range whole; /* the file, where the job sets the offsets */
        char side[4200];          /* the checkpoint's path; "": none */
};

_Static_assert(sizeof(struct rmmap_range) == sizeof(((struct spot *)NULL)->room), "room");

static bool ends_durable(const struct job *job)
{
        return job->durable && job->block >= LARGE && job->scenario->operation == OP_WRITE;
}

#define BESIDE_A_NEIGHBOUR ((uint64_t)64 << 20)

static struct rmmap_options options_for(const struct engine *engine, const struct job *job)
{
        static const uint32_t patterns[] = {
                [PATTERN_UNKNOWN] = RMMAP_PATTERN_UNKNOWN,
                [PATTERN_DENSE] = RMMAP_PATTERN_DENSE,
                [PATTERN_SCATTERED] = RMMAP_PATTERN_SCATTERED,
                [PATTERN_SEQUENTIAL] = RMMAP_PATTERN_SEQUENTIAL,
                [PATTERN_RANDOM] = RMMAP_PATTERN_RANDOM,
        };
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.engine = engine->choice;
        options.flags = RMMAP_SHARED_CLAIMS; /* whole and each durable write claim the same bytes */
        options.allocate_from = job->scenario->order == ORDER_ALLOCATED ? 0 : UINT64_MAX;
        if (engine->flags & ENGINE_HINT)
                options.pattern = patterns[job->scenario->pattern];
        if ((engine->flags & ENGINE_HINT) && ends_durable(job))
                options.flags |= RMMAP_WRITE_BEHIND;
        if ((engine->flags & ENGINE_HINT) && job->scenario->uncached)
                options.flags |= RMMAP_UNCACHED;
        if ((engine->flags & ENGINE_HINT) && job->scenario->neighbour == NEIGHBOUR_SYNCS)
                options.dirty_limit = BESIDE_A_NEIGHBOUR;
        return options;
}

static bool hint_suits(const struct engine *engine, const struct job *job)
{
        (void)engine;
        return job->scenario->pattern != PATTERN_UNKNOWN || ends_durable(job);
}

static void handle_close(void *file)
{
        struct handle *handle = file;

        rmmap_release(handle->file);
        if (handle->side[0] != '\0')
                remove(handle->side);
        free(handle);
}

/* err: the result of the open before. */
static int finish_open(int err, struct handle *handle, const struct job *job, void **file)
{
        if (err == 0 && job->scenario->order != ORDER_ALLOCATED)
                err = rmmap_claim_range(handle->file, 0, job->size, &handle->whole);
        if (err != 0) {
                handle_close(handle);
                return err;
        }
        *file = handle;
        return 0;
}

static int handle_create(const struct engine *engine, const struct job *job, void **file)
{
        struct handle *handle = calloc(1, sizeof(*handle));
        struct rmmap_options options = options_for(engine, job);
        struct rmmap_checkpoint checkpoint = RMMAP_CHECKPOINT_INIT;

        if (handle == NULL)
                return -ENOMEM;
        if (engine->flags & ENGINE_CHECKPOINT) {
                snprintf(handle->side, sizeof(handle->side), "%s.side", job->path);
                checkpoint.path = handle->side;
                checkpoint.identity = engine->name;
                checkpoint.identity_length = strlen(engine->name);
                options.checkpoint = &checkpoint;
        }
        if (job->scenario->sparse)
                options.flags |= RMMAP_NO_PREALLOCATE;
        return finish_open(rmmap_create(job->path, job->size, &options, &handle->file), handle, job,
                           file);
}

static int handle_open(const struct engine *engine, const struct job *job, void **file)
{
        struct handle *handle = calloc(1, sizeof(*handle));
        struct rmmap_options options = options_for(engine, job);

        if (handle == NULL)
                return -ENOMEM;
        if (job->scenario->order == ORDER_ALLOCATED)
                options.flags |= RMMAP_REWRITE;
        return finish_open(rmmap_open(job->path, &options, &handle->file), handle, job, file);
}

static int handle_next(void *context, size_t length, struct spot *spot)
{
        struct handle *handle = context;
        struct rmmap_range range;
        int err = rmmap_allocate(handle->file, length, &range);

        if (err != 0)
                return err;
        spot->offset = rmmap_range_start(range);
        spot->length = (size_t)rmmap_range_length(range);
        spot->allocated = true;
        memcpy(spot->room, &range, sizeof(range));
        return 0;
}

static struct rmmap_range range_of(const struct spot *spot)
{
        struct rmmap_range range;

        memcpy(&range, spot->room, sizeof(range));
        return range;
}

static int handle_write(void *context, const struct spot *spot, void *data)
{
        struct handle *handle = context;
        struct rmmap_receipt receipt;

        if (spot->length < RMMAP_ALIGNMENT)
                return rmmap_raw_write(handle->file, spot->offset, data, spot->length);
        if (!spot->allocated)
                return rmmap_write_within(handle->file, handle->whole, spot->offset, data,
                                          spot->length);
        return rmmap_write_range(handle->file, range_of(spot), data, spot->length, &receipt);
}

static int handle_write_durable(void *context, const struct spot *spot, void *data)
{
        struct handle *handle = context;
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        int err = 0;

        if (spot->allocated)
                range = range_of(spot);
        else
                err = rmmap_claim_range(handle->file, spot->offset, spot->offset + spot->length,
                                        &range);
        if (err != 0)
                return err;
        return rmmap_write_range_durable(handle->file, range, data, spot->length, &receipt);
}

static int handle_read(void *context, const struct spot *spot, void *data)
{
        struct handle *handle = context;

        if (spot->length < RMMAP_ALIGNMENT)
                return rmmap_raw_read(handle->file, spot->offset, data, spot->length, NULL);
        return rmmap_read_within(handle->file, handle->whole, spot->offset, data, spot->length);
}

static int handle_sync(void *file)
{
        struct handle *handle = file;

        return rmmap_sync_all(handle->file);
}

#define FUNCTIONS                                                                                  \
        .create = handle_create, .open = handle_open, .next = handle_next, .write = handle_write,  \
        .write_durable = handle_write_durable, .read = handle_read, .sync = handle_sync,           \
        .close = handle_close

const struct engine engine_rmmap = {
        .name = "rmmap",
        .title = "this library, without hints",
        .flags = ENGINE_CORE | ENGINE_OURS,
        .choice = RMMAP_ENGINE_AUTO,
        FUNCTIONS,
};

const struct engine engine_rmmap_hint = {
        .name = "rmmap-hint",
        .title = "this library, with the pattern, write-behind, uncached, a dirty limit",
        .flags = ENGINE_CORE | ENGINE_OURS | ENGINE_HINT,
        .choice = RMMAP_ENGINE_AUTO,
        .suits = hint_suits,
        FUNCTIONS,
};

static bool creates_and_allocates(const struct engine *engine, const struct job *job)
{
        (void)engine;
        return job->scenario->start == START_NEW && job->scenario->order == ORDER_ALLOCATED;
}

const struct engine engine_rmmap_checkpoint = {
        .name = "rmmap-checkpoint",
        .title = "this library with a checkpoint",
        .flags = ENGINE_CHECKPOINT,
        .choice = RMMAP_ENGINE_AUTO,
        .suits = creates_and_allocates,
        FUNCTIONS,
};

const struct engine engine_rmmap_map = {
        .name = "rmmap-map",
        .title = "this library with RMMAP_ENGINE_MAP",
        .choice = RMMAP_ENGINE_MAP,
        FUNCTIONS,
};

const struct engine engine_rmmap_pwrite = {
        .name = "rmmap-pwrite",
        .title = "this library with RMMAP_ENGINE_PWRITE",
        .choice = RMMAP_ENGINE_PWRITE,
        FUNCTIONS,
};
