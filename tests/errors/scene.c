/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support.h"
#include "scene.h"

static struct results results;
static unsigned char memory[SCENE_SIZE];

int must(int value, const char *what)
{
        if (value >= 0)
                return value;
        fprintf(stderr, "the scene can't be made: %s: %s\n", what, strerror(-value));
        _exit(99);
}
#define MUST(call) must(call, #call)

static int open_at(const char *path, int flags)
{
        int fd = open(path, flags | O_CLOEXEC, 0600);

        return fd < 0 ? -errno : fd;
}

/* What the calls that make a handle are given: a file of its own, not empty, opened by nobody. */
static void set_paths(struct scene *scene)
{
        scene->path = test_path("named");
        scene->fd = MUST(open_at(scene->path, O_RDWR | O_CREAT | O_TRUNC));
        MUST(ftruncate(scene->fd, (off_t)SCENE_SIZE));
        scene->size = SCENE_SIZE;
        scene->options = (struct rmmap_options)RMMAP_OPTIONS_INIT;
        scene->input = MUST(open_at("/dev/zero", O_RDONLY));
}

/* What the scene's own handle, or another one with everything handed out, has of ranges. */
static void set_ranges(struct scene *scene)
{
        size_t *length = &scene->state_length;

        MUST(rmmap_allocate(scene->file, SCENE_RANGE, &scene->range));
        MUST(rmmap_write_range(scene->file, scene->range, memory, SCENE_RANGE, &scene->receipt));
        MUST(rmmap_allocate(scene->other, SCENE_SIZE, &scene->other_range));
        MUST(rmmap_write_range(scene->other, scene->other_range, memory, SCENE_SIZE,
                               &scene->other_receipt));
        MUST(rmmap_range_encode(scene->range, scene->encoded_range, sizeof(scene->encoded_range)));
        MUST(rmmap_receipt_encode(scene->receipt, scene->encoded_receipt,
                                  sizeof(scene->encoded_receipt)));
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
        scene->length = scene->capacity = SCENE_RANGE;
        scene->memory = memory;
        scene->pieces[0] = (struct iovec){memory, 1};
        scene->pieces[1] = (struct iovec){memory + 1, SCENE_RANGE - 1};
        scene->body = touch;
        scene->results = &results;
        memset(&results, 0, sizeof(results));
        results.info.size = sizeof(results.info);
}

void scene_make(struct scene *scene, const struct rmmap_options *options)
{
        memset(scene, 0, sizeof(*scene));
        set_paths(scene);
        MUST(rmmap_create(test_path("file"), SCENE_SIZE, options, &scene->file));
        MUST(rmmap_create(test_path("other"), SCENE_SIZE, NULL, &scene->other));
        set_ranges(scene);
        set_arguments(scene);
}

void scene_end(struct scene *scene)
{
        injected_reset();
        moody_answer(0);
        LIMIT(RLIMIT_FSIZE, RLIM_INFINITY);
        LIMIT(RLIMIT_AS, RLIM_INFINITY);
        rmmap_release(results.opened);
        results.opened = NULL;
        rmmap_release(scene->holder);
        rmmap_release(scene->other);
        rmmap_release(scene->file);
        close(scene->fd);
        close(scene->input);
}
