/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "puppet-allocator.h"

static int puppet_create(const struct rmmap_allocator_args *args, void **state)
{
        union {
                const void *given;
                struct puppet *mine;
        } config = {args->config};

        config.mine->args = *args;
        config.mine->created++;
        if (config.mine->create == 0)
                *state = config.mine;
        return config.mine->create;
}

static void puppet_destroy(void *state)
{
        ((struct puppet *)state)->destroyed++;
}

static int puppet_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                           uint64_t *end)
{
        struct puppet *puppet = state;

        (void)size;
        (void)flags;
        *start = puppet->start;
        *end = puppet->end;
        return puppet->allocate;
}

static uint64_t puppet_remaining(const void *state)
{
        return ((const struct puppet *)state)->remaining;
}

static int puppet_give_back(void *state, uint64_t start, uint64_t end)
{
        struct puppet *puppet = state;

        puppet->given_start = start;
        puppet->given_end = end;
        return puppet->give_back;
}

static int puppet_claim(const void *state, uint64_t start, uint64_t end)
{
        (void)start;
        (void)end;
        return ((const struct puppet *)state)->claim;
}

static int puppet_save(const void *state, void *buffer, size_t *length)
{
        const struct puppet *puppet = state;

        (void)buffer;
        *length = puppet->length;
        return puppet->save;
}

static int puppet_restore(void *state, const void *buffer, size_t length)
{
        (void)buffer;
        (void)length;
        return ((struct puppet *)state)->restore;
}

const struct rmmap_allocator_ops puppet_ops = {
        .size = sizeof(puppet_ops),
        .name = "puppet",
        .create = puppet_create,
        .destroy = puppet_destroy,
        .allocate = puppet_allocate,
        .remaining = puppet_remaining,
        .give_back = puppet_give_back,
        .claim = puppet_claim,
        .save = puppet_save,
        .restore = puppet_restore,
};
