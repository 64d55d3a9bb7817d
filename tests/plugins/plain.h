/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An allocator as simple as one can be, for one thread: what the broken ones change a piece of. */
#ifndef TEST_PLAIN_H
#define TEST_PLAIN_H

#include <errno.h>
#include <rmmap.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK ((uint64_t)RMMAP_ALIGNMENT)

struct plain {
        uint64_t first, next, total, floor;
};

struct plain_saved {
        uint64_t total, next, sum;
};

static inline int plain_create(const struct rmmap_allocator_args *args, void **state)
{
        struct plain *plain;

        if (args->total > UINT64_C(1) << 60)
                return -EFBIG;
        plain = malloc(sizeof(*plain));
        if (plain == NULL)
                return -ENOMEM;
        plain->first = plain->next = args->first;
        plain->floor = (args->flags & RMMAP_ALLOCATOR_START_AT_END) ? 0 : args->first;
        plain->total = args->total;
        *state = plain;
        return 0;
}

static inline void plain_destroy(void *state)
{
        free(state);
}

static inline uint64_t plain_round(uint64_t size)
{
        return rmmap_align_up(size);
}

static inline int plain_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                 uint64_t *end)
{
        struct plain *plain = state;
        uint64_t left = plain->total - plain->next;

        if (size == 0)
                return -EINVAL;
        if (flags & ~RMMAP_ALLOCATE_EXACT)
                return -EOPNOTSUPP;
        if (left == 0 || (flags != 0 && plain_round(size) > left))
                return -ENOSPC;
        *start = plain->next;
        plain->next += plain_round(size) < left ? plain_round(size) : left;
        *end = plain->next;
        return 0;
}

static inline uint64_t plain_remaining(const void *state)
{
        const struct plain *plain = state;

        return plain->total - plain->next;
}

static inline int plain_claim(const void *state, uint64_t start, uint64_t end)
{
        const struct plain *plain = state;

        if (start > end || end > plain->next)
                return -ERANGE;
        return end <= plain->first ? 0 : -EBUSY;
}

/* Multiplying by an odd number loses nothing, so a change of one word shows. */
static inline uint64_t plain_sum(const struct plain_saved *saved)
{
        return (saved->total * 3 + saved->next) * UINT64_C(0x9e3779b97f4a7c15) + 1;
}

static inline int plain_save(const void *state, void *buffer, size_t *length)
{
        const struct plain *plain = state;
        struct plain_saved saved = {plain->total, plain->next, 0};
        size_t capacity = *length;

        *length = sizeof(saved);
        if (buffer == NULL)
                return 0;
        if (capacity < sizeof(saved))
                return -ENOBUFS;
        saved.sum = plain_sum(&saved);
        memcpy(buffer, &saved, sizeof(saved));
        return 0;
}

static inline int plain_restore(void *state, const void *buffer, size_t length)
{
        struct plain *plain = state;
        struct plain_saved saved;

        if (length != sizeof(saved))
                return -EBADMSG;
        memcpy(&saved, buffer, sizeof(saved));
        if (saved.sum != plain_sum(&saved) || saved.total != plain->total)
                return -EBADMSG;
        if (plain->next != plain->first)
                return -EBUSY;
        plain->floor = saved.next > plain->floor ? saved.next : plain->floor;
        plain->first = plain->next = plain->floor;
        return 0;
}

#endif
