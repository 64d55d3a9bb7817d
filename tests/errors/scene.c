/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support.h"
#include "scene.h"

struct results scene_results;
unsigned char scene_memory[SCENE_SIZE];

/* What the mark makes of a pointer. */
static struct rmmap_file *not_opened;
static struct rmmap_queue *not_made;

int made(int value, const char *what)
{
        if (value >= 0)
                return value;
        fprintf(stderr, "the scene can't be made: %s: %s\n", what, strerror(-value));
        _exit(99);
}
#define MADE(call) made(call, #call)

static int open_at(const char *path, int flags)
{
        int fd = open(path, flags | O_CLOEXEC, 0600);

        return fd < 0 ? -errno : fd;
}

/* What the calls that make a handle are given: a file of its own, not empty, opened by nobody. */
static void set_paths(struct scene *scene)
{
        scene->path = test_path("named");
        scene->fd = MADE(open_at(scene->path, O_RDWR | O_CREAT | O_TRUNC));
        MADE(ftruncate(scene->fd, (off_t)SCENE_SIZE));
        scene->size = SCENE_SIZE;
        scene->options = (struct rmmap_options)RMMAP_OPTIONS_INIT;
        scene->input = MADE(open_at("/dev/zero", O_RDONLY));
}

/* Each byte of it has a value of its own. */
static struct rmmap_file *make_file(const char *name, const struct rmmap_options *options)
{
        static unsigned char bytes[SCENE_SIZE];
        struct rmmap_file *file;

        for (size_t i = 0; bytes[SCENE_SIZE - 1] == 0; i++)
                bytes[i] = test_byte(i);
        MADE(rmmap_create(test_path(name), SCENE_SIZE, options, &file));
        MADE(rmmap_raw_write(file, 0, bytes, sizeof(bytes)));
        return file;
}

/* What the scene's own handle, or another one with everything handed out, has of ranges. */
static void set_ranges(struct scene *scene)
{
        size_t *length = &scene->state_length;

        MADE(rmmap_allocate(scene->file, SCENE_RANGE, &scene->range));
        MADE(rmmap_mark_written(scene->file, scene->range, &scene->receipt));
        scene->written = scene->receipt;
        MADE(rmmap_allocate(scene->other, SCENE_SIZE, &scene->other_range));
        MADE(rmmap_mark_written(scene->other, scene->other_range, &scene->other_receipt));
        MADE(rmmap_range_encode(scene->range, scene->encoded_range, sizeof(scene->encoded_range)));
        MADE(rmmap_receipt_encode(scene->receipt, scene->encoded_receipt,
                                  sizeof(scene->encoded_receipt)));
        scene->encoded_length = sizeof(scene->encoded_range);
        *length = sizeof(scene->state);
        if (rmmap_allocator_save(scene->file, scene->state, length) != 0)
                *length = 0; /* an allocator without it */
}

/* Touches the range through its pointer. */
static int touch(void *arg)
{
        struct scene *scene = arg;
        void *data;
        int err = rmmap_raw_data(scene->file, &data);

        if (err == 0)
                *((volatile unsigned char *)data + rmmap_range_start(scene->range)) = 1;
        return err;
}

static void set_arguments(struct scene *scene)
{
        scene->start = rmmap_range_start(scene->range);
        scene->end = rmmap_range_end(scene->range);
        scene->wanted = RMMAP_ALIGNMENT;
        scene->grown = SCENE_SIZE;
        scene->target = test_path("new");
        scene->length = scene->capacity = SCENE_RANGE;
        scene->memory = scene_memory;
        memset(scene_memory, 0xee, sizeof(scene_memory));
        scene->piece_count = 3;
        scene->receipt_count = 3;
        scene->queue_options = (struct rmmap_queue_options){sizeof(scene->queue_options), 0, 1, 1};
        scene->body = touch;
        scene->results = &scene_results;
}

void scene_make(struct scene *scene, const struct rmmap_options *options)
{
        memset(scene, 0, sizeof(*scene));
        set_paths(scene);
        scene->file = scene->handle = make_file("file", options);
        scene->other = make_file("other", NULL);
        set_ranges(scene);
        set_arguments(scene);
}

void scene_mark_results(const struct scene *scene)
{
        memset(&scene_results, 0xa5, sizeof(scene_results));
        not_opened = scene_results.opened;
        not_made = scene_results.queue;
        scene_results.info.size = sizeof(scene_results.info);
        scene_results.done = scene->done;
        scene_results.length = scene->capacity < SCENE_STATE ? scene->capacity : SCENE_STATE;
}

void scene_make_queue(struct scene *scene)
{
        struct rmmap_queue_options options = {sizeof(options), 0, 1, 1};

        if (scene->queue == NULL)
                MADE(rmmap_queue_create(&options, &scene->queue));
}

void scene_use(struct scene *scene, struct rmmap_file *handle)
{
        rmmap_release(scene->handle);
        scene->file = scene->handle = handle;
}

void scene_end(struct scene *scene)
{
        injected_reset();
        LIMIT(RLIMIT_FSIZE, RLIM_INFINITY);
        LIMIT(RLIMIT_AS, RLIM_INFINITY);
        if (scene_results.opened != not_opened)
                rmmap_release(scene_results.opened);
        scene_results.opened = not_opened;
        if (scene_results.queue != not_made)
                rmmap_queue_release(scene_results.queue);
        scene_results.queue = not_made;
        rmmap_queue_release(scene->queue);
        rmmap_release(scene->holder);
        rmmap_release(scene->other);
        rmmap_release(scene->handle);
        close(scene->fd);
        close(scene->input);
        unlink(test_path("new"));
}
