/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A user's allocator that works until it is told to answer something else, and one that lacks
 * all that is optional. Around the built-in one. */
#include "scene.h"

static int mood;

void moody_answer(int answer)
{
        mood = answer;
}

static const struct rmmap_allocator_ops *inner(void)
{
        return rmmap_concurrent_allocator();
}

static int create(const struct rmmap_allocator_args *args, void **state)
{
        return mood != 0 ? mood : inner()->create(args, state);
}

static void destroy(void *state)
{
        inner()->destroy(state);
}

static int allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start, uint64_t *end)
{
        if (mood == MOODY_NONSENSE) {
                *start = 1;
                *end = 2;
                return 0;
        }
        if (mood == 0)
                return inner()->allocate(state, size, flags, start, end);
        *start = 0; /* writes although it fails */
        *end = size;
        return mood;
}

static uint64_t remaining(const void *state)
{
        return mood == MOODY_NONSENSE ? UINT64_MAX : inner()->remaining(state);
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
        return mood != 0 ? mood : inner()->claim(state, start, end);
}

static int save(const void *state, void *buffer, size_t *length)
{
        if (mood == MOODY_NONSENSE) {
                (*length)++;
                return 0;
        }
        if (mood == 0)
                return inner()->save(state, buffer, length);
        *length = 1;
        return mood;
}

static int restore(void *state, const void *buffer, size_t length)
{
        return mood != 0 ? mood : inner()->restore(state, buffer, length);
}

const struct rmmap_allocator_ops moody_allocator = {
        .size = sizeof(moody_allocator),
        .name = "moody",
        .create = create,
        .destroy = destroy,
        .allocate = allocate,
        .remaining = remaining,
        .give_back = give_back,
        .claim = claim,
        .save = save,
        .restore = restore,
};

const struct rmmap_allocator_ops bare_allocator = {
        .size = sizeof(bare_allocator),
        .name = "bare",
        .create = create,
        .destroy = destroy,
        .allocate = allocate,
        .remaining = remaining,
};

static void make_with(struct scene *scene, const struct rmmap_allocator_ops *allocator)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.allocator = allocator;
        scene_make(scene, &options);
        scene->options.allocator = allocator;
}

void moody(struct scene *scene, uint64_t parameter)
{
        make_with(scene, &moody_allocator);
        moody_answer((int)parameter);
}

void bare(struct scene *scene, uint64_t parameter)
{
        (void)parameter;
        make_with(scene, &bare_allocator);
}
