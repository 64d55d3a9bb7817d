/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A user's allocator that gives one range, and then has one answer to everything; it writes its
 * results whatever the answer is. And one that lacks all that is optional.
 */
#include "scene.h"

static int mood;

static int create(const struct rmmap_allocator_args *args, void **state)
{
        (void)args;
        *state = &mood;
        return mood;
}

static void destroy(void *state)
{
        (void)state;
}

static int allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start, uint64_t *end)
{
        (void)state;
        (void)size;
        (void)flags;
        *start = mood == MOODY_NONSENSE ? 1 : 0;
        *end = mood == MOODY_NONSENSE ? 2 : SCENE_RANGE;
        return mood == MOODY_NONSENSE ? 0 : mood;
}

static uint64_t remaining(const void *state)
{
        (void)state;
        return mood == MOODY_NONSENSE ? UINT64_MAX : SCENE_SIZE - SCENE_RANGE;
}

static int give_back(void *state, uint64_t start, uint64_t end)
{
        (void)state;
        (void)start;
        (void)end;
        return mood;
}

static int claim(const void *state, uint64_t start, uint64_t end)
{
        (void)state;
        (void)start;
        (void)end;
        return mood;
}

/* Longer than there is ever room for. */
static int save(const void *state, void *buffer, size_t *length)
{
        (void)state;
        (void)buffer;
        *length = SCENE_STATE + 1;
        return mood == MOODY_NONSENSE ? 0 : mood;
}

static int restore(void *state, const void *buffer, size_t length)
{
        (void)state;
        (void)buffer;
        (void)length;
        return mood;
}

static int grow(void *state, uint64_t total)
{
        (void)state;
        (void)total;
        return mood;
}

static int trim(void *state, uint64_t *total)
{
        (void)state;
        *total = mood == MOODY_NONSENSE ? 1 : SCENE_RANGE;
        return mood == MOODY_NONSENSE ? 0 : mood;
}

static int allocate_at(void *state, uint64_t start, uint64_t end)
{
        (void)state;
        (void)start;
        (void)end;
        return mood;
}

static void make_with(struct scene *scene, const struct rmmap_allocator_ops *allocator)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.allocator = allocator;
        options.max_size = SCENE_GROWN;
        scene_make(scene, &options);
        scene->grown = SCENE_GROWN;
        scene->options.allocator = allocator;
}

void moody(struct scene *scene, uint64_t parameter)
{
        static const struct rmmap_allocator_ops ops = {.size = sizeof(ops),
                                                       .name = "moody",
                                                       .create = create,
                                                       .destroy = destroy,
                                                       .allocate = allocate,
                                                       .remaining = remaining,
                                                       .give_back = give_back,
                                                       .claim = claim,
                                                       .save = save,
                                                       .restore = restore,
                                                       .grow = grow,
                                                       .allocate_at = allocate_at,
                                                       .trim = trim};

        mood = 0;
        make_with(scene, &ops);
        mood = (int)parameter;
}

void bare(struct scene *scene, uint64_t parameter)
{
        static struct rmmap_allocator_ops ops;

        (void)parameter;
        ops = *rmmap_concurrent_allocator();
        ops.give_back = NULL;
        ops.claim = NULL;
        ops.save = NULL;
        ops.restore = NULL;
        ops.grow = NULL;
        ops.allocate_at = NULL;
        ops.trim = NULL;
        make_with(scene, &ops);
}
