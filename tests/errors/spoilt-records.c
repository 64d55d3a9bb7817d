/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Scenes with a checkpoint: its handle, and its side file. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../support.h"
#include "scene.h"

static const struct rmmap_checkpoint *checkpoint(void)
{
        static struct rmmap_checkpoint made_once = RMMAP_CHECKPOINT_INIT;

        made_once.path = test_path("side");
        made_once.identity = "scene";
        made_once.identity_length = 5;
        return &made_once;
}

/* Another handle takes the side file, as it can where files can't be locked. */
static void take_over(const struct scene *scene)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;

        (void)scene;
        options.checkpoint = checkpoint();
        made(rmmap_open(test_path("file"), &options, &file), "take over");
        rmmap_release(file);
}

/* The range has a receipt, which isn't recorded yet; the parameter is what stands in the way. */
void recording(struct scene *scene, uint64_t parameter)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        injected_no_locks(parameter == RECORDING_TAKEN_OVER);
        unlink(test_path("side"));
        options.checkpoint = checkpoint();
        scene_make(scene, &options);
        scene->changes = scene->syncs = true;
        if (parameter == RECORDING_TAKEN_OVER)
                take_over(scene);
        if (parameter == RECORDED_AT_ITS_LIMIT)
                made(rmmap_sync_all(scene->file), "sync");
        if (parameter == RECORDING_AT_ITS_LIMIT || parameter == RECORDED_AT_ITS_LIMIT)
                LIMIT(RLIMIT_FSIZE, RMMAP_ALIGNMENT);
}

/* The calls that make a handle get a checkpoint. */
void side_file_is(struct scene *scene, uint64_t parameter)
{
        const char *path = test_path("side");
        FILE *file;

        good(scene, parameter);
        scene->options.checkpoint = checkpoint();
        unlink(path);
        if (parameter == SIDE_FILE_MISSING)
                return;
        file = fopen(path, "w");
        if (file == NULL || fputs("no side file", file) < 0 || fclose(file) != 0)
                made(-EIO, path);
}
