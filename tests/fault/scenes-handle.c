/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Making handles, in every way and with every flag; and giving them up. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "scenes.h"

#define OLDER_SIZE ((size_t)20000)

/* The locked ones have the other allocator, too. */
static struct rmmap_options options_of(const struct stage *stage)
{
        struct rmmap_options options = test_options(stage->scene->flags, stage->scene->engine);

        if (options.flags & RMMAP_LOCK_FILE)
                options.allocator = rmmap_sequential_allocator();
        return options;
}

static bool exists(const char *path, off_t *size)
{
        struct stat status;

        if (stat(path, &status) != 0)
                return false;
        *size = status.st_size;
        return true;
}

static void prepare_name(struct stage *stage)
{
        stage->path = test_path("made");
        unlink(stage->path);
}

static void prepare_older(struct stage *stage)
{
        stage->path = test_file("made", OLDER_SIZE);
}

static void prepare_descriptor(struct stage *stage)
{
        prepare_older(stage);
        stage->fd = open(stage->path, O_RDWR | O_CLOEXEC);
        ck_assert_int_eq(lseek(stage->fd, 77, SEEK_SET), 77);
}

static int create(struct stage *stage, struct results *results)
{
        struct rmmap_options options = options_of(stage);

        return rmmap_create(stage->path, SIZE, &options, &results->file);
}

static int open_by_name(struct stage *stage, struct results *results)
{
        struct rmmap_options options = options_of(stage);

        return rmmap_open(stage->path, &options, &results->file);
}

static int open_by_descriptor(struct stage *stage, struct results *results)
{
        struct rmmap_options options = options_of(stage);

        return rmmap_open_fd(stage->fd, &options, &results->file);
}

/* It moves bytes, syncs, and goes without a trace. */
static bool works(struct rmmap_file *file, const char *path, uint64_t size, bool zeros)
{
        unsigned char byte = 1, old = zeros ? 0 : test_byte(size - 1);
        struct rmmap_info info = RMMAP_INFO_INIT;

        if (rmmap_size(file) != size || rmmap_raw_read(file, size - 1, &byte, 1, NULL) != 0 ||
            byte != old || rmmap_describe(file, &info) != 0)
                return false;
        if (!(info.facts & RMMAP_FACT_READ_ONLY) &&
            (rmmap_raw_write(file, 5, "five", 4) != 0 || rmmap_sync_all(file) != 0 ||
             !test_file_holds(path, 5, "five", 4)))
                return false;
        rmmap_release(rmmap_clone(file));
        rmmap_release(file);
        return true;
}

static bool created(struct stage *stage, struct results *results)
{
        off_t size = 0;

        return exists(stage->path, &size) && size == (off_t)SIZE &&
               works(results->file, stage->path, SIZE, true);
}

static bool opened(struct stage *stage, struct results *results)
{
        return works(results->file, stage->path, OLDER_SIZE, false);
}

/* The caller's position is its own, unless the description had to be shared; never moved. */
static bool opened_descriptor(struct stage *stage, struct results *results)
{
        return opened(stage, results) && lseek(stage->fd, 0, SEEK_CUR) == 77;
}

/*
 * Removed; unless it couldn't be, or nobody could tell that it is still the call's own and nobody
 * else's. That can be before it was touched, or when the lock was lost on its way down.
 */
static bool nothing_is_left(struct stage *stage, enum injected call)
{
        off_t size = 0;

        if (!exists(stage->path, &size))
                return true;
        unlink(stage->path);
        return call == INJECT_UNLINK || call == INJECT_FLOCK || call == INJECT_FSTAT ||
               (call == INJECT_FSTATAT && size == 0);
}

/* As it was, or empty. */
static bool older_is_there(struct stage *stage, enum injected call)
{
        unsigned char byte = test_byte(OLDER_SIZE - 1);
        off_t size = -1;

        if (!exists(stage->path, &size))
                return false;
        if (size == (off_t)SIZE) /* to make it empty again was what failed, or might be another's */
                return call == INJECT_FTRUNCATE || call == INJECT_FLOCK || call == INJECT_FSTAT;
        return size == 0 || test_file_holds(stage->path, OLDER_SIZE - 1, &byte, 1);
}

static bool older_is_whole(struct stage *stage, enum injected call)
{
        unsigned char byte = test_byte(OLDER_SIZE - 1);
        off_t size = 0;

        (void)call;
        return exists(stage->path, &size) && size == (off_t)OLDER_SIZE &&
               test_file_holds(stage->path, OLDER_SIZE - 1, &byte, 1);
}

static void clean_nothing(struct stage *stage)
{
        (void)stage;
}

static void clean_descriptor(struct stage *stage)
{
        close(stage->fd);
}

/* ---- keep: what is there stays, and becomes longer */

static bool kept(struct stage *stage, struct results *results)
{
        unsigned char byte = test_byte(OLDER_SIZE - 1), found = 0;

        return rmmap_raw_read(results->file, OLDER_SIZE - 1, &found, 1, NULL) == 0 &&
               found == byte && works(results->file, stage->path, SIZE, true);
}

/* It may stay longer when somebody else might have it by then. */
static bool is_kept(struct stage *stage, enum injected call)
{
        bool shared = call == INJECT_FLOCK || call == INJECT_FCNTL || call == INJECT_FSTAT;
        off_t size = 0;

        if (shared && exists(stage->path, &size) && size == (off_t)SIZE)
                return truncate(stage->path, (off_t)OLDER_SIZE) == 0 && older_is_whole(stage, call);
        return older_is_whole(stage, call);
}

/* ---- growth */

static void prepare_growing(struct stage *stage)
{
        struct rmmap_options options = test_options(0, stage->scene->engine);

        prepare_name(stage);
        options.max_size = 4 * SIZE;
        ck_ok(rmmap_create(stage->path, SIZE, &options, &stage->file));
}

ACT(grow, rmmap_grow(stage->file, 3 * SIZE))

static bool grown(struct stage *stage, struct results *results)
{
        off_t size = 0;

        (void)results;
        return exists(stage->path, &size) && size == (off_t)(3 * SIZE) &&
               rmmap_size(stage->file) == 3 * SIZE &&
               rmmap_raw_write(stage->file, 3 * SIZE - 4, "four", 4) == 0;
}

/* It can grow later. */
static bool not_grown(struct stage *stage, enum injected call)
{
        off_t size = 0;

        (void)call;
        return exists(stage->path, &size) && size == (off_t)SIZE &&
               rmmap_size(stage->file) == SIZE && rmmap_grow(stage->file, 2 * SIZE) == 0;
}

/* ---- cutting the end */

static void prepare_trimming(struct stage *stage)
{
        struct rmmap_range range;

        prepare_growing(stage);
        ck_ok(rmmap_allocate(stage->file, SIZE - RMMAP_ALIGNMENT, &range));
        ck_ok(rmmap_grow(stage->file, 3 * SIZE));
}

static int trim(struct stage *stage, struct results *results)
{
        int err = rmmap_trim(stage->file);

        (void)results;
        return err != 0 ? err : rmmap_sync_all(stage->file);
}

static bool trimmed(struct stage *stage, struct results *results)
{
        uint64_t left = SIZE - RMMAP_ALIGNMENT;
        off_t size = 0;

        (void)results;
        return exists(stage->path, &size) && size == (off_t)left &&
               rmmap_size(stage->file) == left && rmmap_remaining(stage->file) == 0;
}

/* The handle knows the size, whichever of the two it is. */
static bool not_trimmed(struct stage *stage, enum injected call)
{
        off_t size = 0;

        (void)call;
        return exists(stage->path, &size) && size == (off_t)rmmap_size(stage->file) &&
               (size == (off_t)(3 * SIZE) || size == (off_t)(SIZE - RMMAP_ALIGNMENT));
}

/* ---- a place */

static void prepare_reusing(struct stage *stage)
{
        struct rmmap_options options = test_options(0, 0);

        prepare_name(stage);
        options.allocator = rmmap_reusing_allocator();
        ck_ok(rmmap_create(stage->path, SIZE, &options, &stage->file));
}

static int take_place(struct stage *stage, struct results *results)
{
        struct rmmap_range range;

        (void)results;
        return rmmap_allocate_at(stage->file, AT, AT + LENGTH, &range);
}

static bool is_taken(struct stage *stage, struct results *results)
{
        return take_place(stage, results) == -EBUSY;
}

/* ---- close: release with a sync */

ACT(close_one, rmmap_close(rmmap_clone(stage->file)))

/* ---- release: it gives up everything, whatever the kernel says to that */

static int release_last(struct stage *stage, struct results *results)
{
        (void)results;
        if (rmmap_release(rmmap_clone(stage->file)) != NULL || rmmap_release(stage->file) != NULL)
                return -1;
        stage->file = NULL;
        return 0;
}

#define NEW(what, with, by)                                                                        \
        {                                                                                          \
                .name = "create " what, .one_setup = true, .flags = with, .engine = by,            \
                .prepare = prepare_name, .act = create, .good = created, .bad = nothing_is_left,   \
                .clean = clean_nothing                                                             \
        }
#define OVER(what, with)                                                                           \
        {                                                                                          \
                .name = "create over an older file " what, .one_setup = true, .flags = with,       \
                .prepare = prepare_older, .act = create, .good = created, .bad = older_is_there,   \
                .clean = clean_nothing                                                             \
        }
#define OPEN(what, with, by)                                                                       \
        {.name = "open " what,                                                                     \
         .one_setup = true,                                                                        \
         .flags = with,                                                                            \
         .engine = by,                                                                             \
         .prepare = prepare_older,                                                                 \
         .act = open_by_name,                                                                      \
         .good = opened,                                                                           \
         .bad = older_is_whole,                                                                    \
         .clean = clean_nothing},                                                                  \
        {                                                                                          \
                .name = "open_fd " what, .one_setup = true, .flags = with, .engine = by,           \
                .prepare = prepare_descriptor, .act = open_by_descriptor,                          \
                .good = opened_descriptor, .bad = older_is_whole, .clean = clean_descriptor        \
        }

const struct scene scenes_handle[] = {
        NEW("plain", 0, 0),
        NEW("locked", RMMAP_LOCK_FILE, 0),
        NEW("guarded", RMMAP_CATCH_FAULTS, RMMAP_ENGINE_MAP),
        NEW("by calls", 0, RMMAP_ENGINE_PWRITE),
        NEW("populated", RMMAP_POPULATE | RMMAP_HUGE_PAGES, 0),
        NEW("sparse", RMMAP_NO_PREALLOCATE | RMMAP_NO_FOLLOW, 0),
        NEW("new only", RMMAP_MUST_CREATE, 0),
        {.name = "create, refused once the file is there",
         .one_setup = true,
         .want = -EOPNOTSUPP,
         .flags = RMMAP_NO_PREALLOCATE,
         .engine = RMMAP_ENGINE_MAP,
         .prepare = prepare_name,
         .act = create,
         .bad = nothing_is_left,
         .clean = clean_nothing},
        OVER("plain", 0),
        OVER("locked", RMMAP_LOCK_FILE),
        OVER("sparse", RMMAP_NO_PREALLOCATE | RMMAP_NO_FOLLOW),
        OPEN("plain", 0, 0),
        OPEN("locked", RMMAP_LOCK_FILE, 0),
        OPEN("guarded", RMMAP_CATCH_FAULTS, RMMAP_ENGINE_MAP),
        OPEN("by calls", 0, RMMAP_ENGINE_PWRITE),
        OPEN("reading", RMMAP_READ_ONLY, 0),
        OPEN("reading all", RMMAP_READ_ONLY | RMMAP_POPULATE, 0),
        {.name = "keep an older file",
         .one_setup = true,
         .flags = RMMAP_KEEP,
         .prepare = prepare_older,
         .act = create,
         .good = kept,
         .bad = is_kept,
         .clean = clean_nothing},
        NEW("or keep", RMMAP_KEEP, 0),
        {.name = "grow",
         .one_setup = true,
         .prepare = prepare_growing,
         .act = grow,
         .good = grown,
         .bad = not_grown},
        {.name = "grow, by calls",
         .one_setup = true,
         .engine = RMMAP_ENGINE_PWRITE,
         .prepare = prepare_growing,
         .act = grow,
         .good = grown,
         .bad = not_grown},
        {.name = "trim",
         .one_setup = true,
         .syncs = true,
         .prepare = prepare_trimming,
         .act = trim,
         .good = trimmed,
         .bad = not_trimmed},
        {.name = "trim, by calls",
         .one_setup = true,
         .syncs = true,
         .engine = RMMAP_ENGINE_PWRITE,
         .prepare = prepare_trimming,
         .act = trim,
         .good = trimmed,
         .bad = not_trimmed},
        {.name = "allocate_at",
         .one_setup = true,
         .prepare = prepare_reusing,
         .act = take_place,
         .good = is_taken},
        {.name = "close", .syncs = true, .prepare = stage_file, .act = close_one},
        {.name = "release", .prepare = stage_file, .act = release_last},
        {.name = NULL},
};
