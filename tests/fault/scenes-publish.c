/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Files without a name, and publishing: what path leads to is the old file or the whole new one. */
#include <sys/stat.h>
#include <unistd.h>

#include "../publishing.h"
#include "scenes.h"

/* variant of a scene */
enum { NAMED, UNNAMED };

static const unsigned char old[] = "what was there before";

static const char *place(void)
{
        mkdir(test_path("place"), 0700);
        return test_path("place");
}

static bool exists(const char *path)
{
        struct stat status;

        return stat(path, &status) == 0;
}

static void make_file(struct stage *stage)
{
        bool named = stage->scene->variant == NAMED;
        struct rmmap_options options =
                test_options(named ? 0 : RMMAP_UNNAMED, stage->scene->engine);
        unsigned char bytes[PUBLISHING_SIZE];

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = test_byte(i);
        place();
        ck_ok(rmmap_create(named ? test_path("place/new.part") : place(), sizeof(bytes), &options,
                           &stage->file));
        ck_ok(rmmap_raw_write(stage->file, 0, bytes, sizeof(bytes)));
        stage->path = test_path("new");
        unlink(stage->path);
}

static void make_older(struct stage *stage)
{
        FILE *file;

        make_file(stage);
        file = fopen(stage->path, "w");
        ck_assert(file != NULL && fwrite(old, sizeof(old), 1, file) == 1);
        ck_assert_int_eq(fclose(file), 0);
}

ACT(replace, rmmap_publish(stage->file, stage->path, PUBLISHING_SIZE - 9, 0))
ACT(make_new,
    rmmap_publish(stage->file, stage->path, PUBLISHING_SIZE - 9, RMMAP_PUBLISH_NO_REPLACE))

static bool is_there(struct stage *stage, struct results *results)
{
        unsigned char byte = 0;

        (void)results;
        return publishing_whole(stage->path, PUBLISHING_SIZE - 9) &&
               rmmap_size(stage->file) == PUBLISHING_SIZE - 9 &&
               rmmap_raw_read(stage->file, 4100, &byte, 1, NULL) == 0 && byte == test_byte(4100);
}

/* A name that has been given stays when the directory can't be synced. */
static bool older_or_new(struct stage *stage, enum injected call)
{
        if (call == INJECT_FSYNC && publishing_whole(stage->path, PUBLISHING_SIZE - 9))
                return true;
        return stage->scene->act == replace ? test_file_holds(stage->path, 0, old, sizeof(old))
                                            : !exists(stage->path);
}

/* ---- create */

/* Other scenes left names there, which failing calls didn't remove. */
static void prepare_place(struct stage *stage)
{
        char path[4200];

        stage->path = place();
        unlink(test_path("place/new.part"));
        while (publishing_first_hidden(stage->path, path, sizeof(path)))
                unlink(path);
}

static int create(struct stage *stage, struct results *results)
{
        struct rmmap_options options = test_options(RMMAP_UNNAMED, 0);

        return rmmap_create(stage->path, SIZE, &options, &results->file);
}

static bool goes_without_a_trace(struct stage *stage, struct results *results)
{
        bool works =
                rmmap_size(results->file) == SIZE && rmmap_raw_write(results->file, 0, "x", 1) == 0;

        rmmap_release(results->file);
        return works && publishing_names(stage->path) == 0;
}

/* As nothing_is_left of scenes-handle.c, of the hidden name. */
static bool no_name_is_left(struct stage *stage, enum injected call)
{
        char path[4200];
        int left = publishing_names(stage->path);

        while (publishing_first_hidden(stage->path, path, sizeof(path)))
                unlink(path);
        return left == 0 || call == INJECT_UNLINK || call == INJECT_FLOCK || call == INJECT_FSTAT ||
               call == INJECT_FSTATAT;
}

static void clean_nothing(struct stage *stage)
{
        (void)stage;
}

#define PUBLISHES(words, prepared, by, how)                                                        \
        {                                                                                          \
                .name = "publish, " words, .one_setup = true, .settles = true, .syncs = true,      \
                .prepare = prepared, .act = by, .good = is_there, .bad = older_or_new,             \
                .variant = how                                                                     \
        }

const struct scene scenes_publish[] = {
        PUBLISHES("replacing", make_older, replace, NAMED),
        PUBLISHES("a new name", make_file, make_new, NAMED),
        PUBLISHES("unnamed, replacing", make_older, replace, UNNAMED),
        PUBLISHES("unnamed, a new name", make_file, make_new, UNNAMED),
        {.name = "create unnamed",
         .one_setup = true,
         .prepare = prepare_place,
         .act = create,
         .good = goes_without_a_trace,
         .bad = no_name_is_left,
         .clean = clean_nothing},
        {.name = NULL},
};
