/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Allocators whose allocate breaks a promise, each another one. */
#include <sched.h>
#include <signal.h>

#include "plain.h"

#define BROKEN_ALLOCATE(symbol)                                                                    \
        extern const struct rmmap_allocator_ops symbol;                                            \
        const struct rmmap_allocator_ops symbol = {                                                \
                .size = sizeof(symbol),                                                            \
                .name = #symbol,                                                                   \
                .create = plain_create,                                                            \
                .destroy = plain_destroy,                                                          \
                .allocate = symbol##_allocate,                                                     \
                .remaining = plain_remaining,                                                      \
                .claim = plain_claim,                                                              \
                .save = plain_save,                                                                \
                .restore = plain_restore,                                                          \
        }

/* Forgets every fourth range. */
static int overlaps_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                             uint64_t *end)
{
        struct plain *plain = state;
        int err = plain_allocate(state, size, flags, start, end);

        if (err == 0 && *end != plain->total && *start / BLOCK % 4 == 3) {
                *start -= BLOCK;
                *end -= BLOCK;
        }
        return err;
}
BROKEN_ALLOCATE(overlaps);

static int unaligned_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                              uint64_t *end)
{
        int err = plain_allocate(state, size, flags, start, end);

        *start += 512;
        return err;
}
BROKEN_ALLOCATE(unaligned);

/* The bytes as they were asked for, not rounded. */
static int unrounded_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                              uint64_t *end)
{
        int err = plain_allocate(state, size, flags, start, end);

        if (err == 0 && *end - *start > size)
                *end = *start + size;
        return err;
}
BROKEN_ALLOCATE(unrounded);

static int past_the_end_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                 uint64_t *end)
{
        int err = plain_allocate(state, size, flags, start, end);

        if (err == 0)
                *end = plain_round(*end);
        return err;
}
BROKEN_ALLOCATE(past_the_end);

/* Nothing left is a range as well, isn't it? */
static int empty_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                          uint64_t *end)
{
        int err = plain_allocate(state, size, flags, start, end);

        if (err != -ENOSPC)
                return err;
        *start = *end = 0;
        return 0;
}
BROKEN_ALLOCATE(empty);

static int backwards_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                              uint64_t *end)
{
        return plain_allocate(state, size, flags, end, start);
}
BROKEN_ALLOCATE(backwards);

static int more_than_asked_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                    uint64_t *end)
{
        uint64_t more = size != 0 && size < UINT64_MAX / 2 ? BLOCK : 0;

        return plain_allocate(state, size + more, flags, start, end);
}
BROKEN_ALLOCATE(more_than_asked);

/* Hands out bytes that aren't there, beside those that are: more than was left. */
static int more_than_left_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                   uint64_t *end)
{
        struct plain *plain = state;
        int err = plain_allocate(state, size, flags, start, end);

        if (err == 0 && *end == plain->total)
                *end += plain_round(size);
        return err;
}
BROKEN_ALLOCATE(more_than_left);

/* What is left and less than was asked for stays there. */
static int all_or_nothing_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                   uint64_t *end)
{
        if (size != 0 && flags <= RMMAP_ALLOCATE_EXACT &&
            plain_round(size) > plain_remaining(state))
                return -ENOSPC;
        return plain_allocate(state, size, flags, start, end);
}
BROKEN_ALLOCATE(all_or_nothing);

static int one_block_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                              uint64_t *end)
{
        return plain_allocate(state, size != 0 && flags == 0 ? 1 : size, flags, start, end);
}
BROKEN_ALLOCATE(one_block);

static int before_first_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                 uint64_t *end)
{
        struct plain *plain = state;
        int err = plain_allocate(state, size, flags, start, end);

        if (err == 0 && *start == plain->first)
                *start = 0;
        return err;
}
BROKEN_ALLOCATE(before_first);

static int forbidden_errno_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                    uint64_t *end)
{
        int err = plain_allocate(state, size, flags, start, end);

        return err == -ENOSPC ? -EIO : err;
}
BROKEN_ALLOCATE(forbidden_errno);

static int positive_answer_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                    uint64_t *end)
{
        int err = plain_allocate(state, size, flags, start, end);

        return err == 0 ? 1 : err;
}
BROKEN_ALLOCATE(positive_answer);

static int exact_short_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                uint64_t *end)
{
        return plain_allocate(state, size, flags & ~RMMAP_ALLOCATE_EXACT, start, end);
}
BROKEN_ALLOCATE(exact_short);

/* Takes all that is left, and then sees that it doesn't do. */
static int exact_takes_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                uint64_t *end)
{
        struct plain *plain = state;
        int err = plain_allocate(state, size, flags, start, end);

        if (err == -ENOSPC)
                plain->next = plain->total;
        return err;
}
BROKEN_ALLOCATE(exact_takes);

static int nothing_asked_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                  uint64_t *end)
{
        return plain_allocate(state, size == 0 ? 1 : size, flags, start, end);
}
BROKEN_ALLOCATE(nothing_asked);

static int any_flag_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                             uint64_t *end)
{
        return plain_allocate(state, size, flags & RMMAP_ALLOCATE_EXACT, start, end);
}
BROKEN_ALLOCATE(any_flag);

/* A counter of bytes that only ever adds. */
static int wraps_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                          uint64_t *end)
{
        struct plain *plain = state;
        uint64_t asked = plain_round(size), from = plain->next;

        if (size == 0 || flags > RMMAP_ALLOCATE_EXACT)
                return size == 0 ? -EINVAL : -EOPNOTSUPP;
        if (flags != 0 && (from > plain->total || asked > plain->total - from))
                return -ENOSPC;
        plain->next += asked;
        if (from >= plain->total)
                return -ENOSPC;
        *start = from;
        *end = asked < plain->total - from ? from + asked : plain->total;
        return 0;
}

static uint64_t wraps_remaining(const void *state)
{
        const struct plain *plain = state;

        return plain->next < plain->total ? plain->total - plain->next : 0;
}

extern const struct rmmap_allocator_ops wraps;
const struct rmmap_allocator_ops wraps = {
        .size = sizeof(wraps),
        .name = "wraps",
        .create = plain_create,
        .destroy = plain_destroy,
        .allocate = wraps_allocate,
        .remaining = wraps_remaining,
};

/* Good for one thread, and says that it is for many. */
static int racy_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start, uint64_t *end)
{
        volatile struct plain *plain = state;
        struct plain seen = *plain;
        int err;

        sched_yield();
        err = plain_allocate(&seen, size, flags, start, end);
        plain->next = seen.next;
        return err;
}

extern const struct rmmap_allocator_ops racy;
const struct rmmap_allocator_ops racy = {
        .size = sizeof(racy),
        .name = "racy",
        .flags = RMMAP_ALLOCATOR_THREAD_SAFE,
        .create = plain_create,
        .destroy = plain_destroy,
        .allocate = racy_allocate,
        .remaining = plain_remaining,
};

static int crashes_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                            uint64_t *end)
{
        if (size > UINT64_MAX / 2)
                raise(SIGSEGV);
        return plain_allocate(state, size, flags, start, end);
}
BROKEN_ALLOCATE(crashes);

/* Looks for nothing until it finds it. */
static int hangs_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                          uint64_t *end)
{
        while (size == 0)
                sched_yield();
        return plain_allocate(state, size, flags, start, end);
}
BROKEN_ALLOCATE(hangs);
