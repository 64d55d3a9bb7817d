/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A user's allocator with little: a stack, only its top can be given back, for one thread. */
#include "plain.h"

static int stack_give_back(void *state, uint64_t start, uint64_t end)
{
        struct plain *stack = state;

        if (start < stack->first || end != stack->next)
                return -ERANGE;
        stack->next = start;
        return 0;
}

extern const struct rmmap_allocator_ops stack_allocator, least_allocator;
const struct rmmap_allocator_ops stack_allocator = {
        .size = sizeof(stack_allocator),
        .name = "stack",
        .create = plain_create,
        .destroy = plain_destroy,
        .allocate = plain_allocate,
        .remaining = plain_remaining,
        .give_back = stack_give_back,
        .claim = plain_claim,
};

/* No more than it must, not even a name. */
const struct rmmap_allocator_ops least_allocator = {
        .size = sizeof(least_allocator),
        .create = plain_create,
        .destroy = plain_destroy,
        .allocate = plain_allocate,
        .remaining = plain_remaining,
};
