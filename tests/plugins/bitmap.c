/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A user's allocator with all that one can have: first fit over a map of blocks, ranges can be
 * given back, for many threads, its state can be kept.
 */
#include <errno.h>
#include <pthread.h>
#include <rmmap.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK ((uint64_t)RMMAP_ALIGNMENT)
#define MOST_BLOCKS (UINT64_C(1) << 24)

/* What has a block: it is free, was out before the first allocate, or was allocated since. */
enum { FREE, BEFORE, ALLOCATED };

struct bitmap {
        pthread_mutex_t lock;
        uint64_t total, first; /* bytes */
        size_t blocks;
        bool touched, at_end;
        unsigned char *taken; /* a block each */
};

struct saved_head {
        uint64_t total, sum;
};

static int bitmap_create(const struct rmmap_allocator_args *args, void **state)
{
        uint64_t blocks = rmmap_align_up(args->total) / BLOCK;
        struct bitmap *bitmap;

        if (blocks > MOST_BLOCKS)
                return -EFBIG;
        bitmap = calloc(1, sizeof(*bitmap));
        if (bitmap == NULL)
                return -ENOMEM;
        bitmap->taken = calloc(1, (size_t)blocks);
        if (bitmap->taken == NULL) {
                free(bitmap);
                return -ENOMEM;
        }
        pthread_mutex_init(&bitmap->lock, NULL);
        bitmap->total = args->total;
        bitmap->first = args->first;
        bitmap->blocks = (size_t)blocks;
        bitmap->at_end = (args->flags & RMMAP_ALLOCATOR_START_AT_END) != 0;
        memset(bitmap->taken, BEFORE, (size_t)(rmmap_align_up(args->first) / BLOCK));
        *state = bitmap;
        return 0;
}

static void bitmap_destroy(void *state)
{
        struct bitmap *bitmap = state;

        pthread_mutex_destroy(&bitmap->lock);
        free(bitmap->taken);
        free(bitmap);
}

/* Ops that are const for their callers lock all the same. */
static struct bitmap *locked(const void *state)
{
        struct bitmap *bitmap = (struct bitmap *)(uintptr_t)state;

        pthread_mutex_lock(&bitmap->lock);
        return bitmap;
}

static int unlocked(struct bitmap *bitmap, int answer)
{
        pthread_mutex_unlock(&bitmap->lock);
        return answer;
}

static uint64_t end_of(const struct bitmap *bitmap, size_t block)
{
        return block < bitmap->blocks ? block * BLOCK : bitmap->total;
}

/* The longest run of free blocks up to count, the first such; its length in *found. */
static size_t find(const struct bitmap *bitmap, uint64_t count, size_t *found)
{
        size_t best = 0, length = 0;

        *found = 0;
        for (size_t at = 0; at < bitmap->blocks && *found < count; at++) {
                length = bitmap->taken[at] == FREE ? length + 1 : 0;
                if (length > *found) {
                        *found = length;
                        best = at + 1 - length;
                }
        }
        return best;
}

static int bitmap_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                           uint64_t *end)
{
        uint64_t rounded = rmmap_align_up(size);
        struct bitmap *bitmap;
        size_t found, at;

        if (size == 0)
                return -EINVAL;
        if (flags & ~RMMAP_ALLOCATE_EXACT)
                return -EOPNOTSUPP;
        bitmap = locked(state);
        at = find(bitmap, rounded / BLOCK, &found);
        if (found == 0 ||
            ((flags & RMMAP_ALLOCATE_EXACT) && end_of(bitmap, at + found) - at * BLOCK != rounded))
                return unlocked(bitmap, -ENOSPC);
        memset(bitmap->taken + at, ALLOCATED, found);
        bitmap->touched = true;
        *start = at * BLOCK;
        *end = end_of(bitmap, at + found);
        return unlocked(bitmap, 0);
}

static uint64_t bitmap_remaining(const void *state)
{
        struct bitmap *bitmap = locked(state);
        uint64_t bytes = 0;

        for (size_t i = 0; i < bitmap->blocks; i++)
                if (bitmap->taken[i] == FREE)
                        bytes += end_of(bitmap, i + 1) - i * BLOCK;
        unlocked(bitmap, 0);
        return bytes;
}

static int bitmap_give_back(void *state, uint64_t start, uint64_t end)
{
        struct bitmap *bitmap = locked(state);

        if (start < bitmap->first || end > bitmap->total)
                return unlocked(bitmap, -ERANGE);
        for (uint64_t at = start; at < end; at += BLOCK)
                if (bitmap->taken[at / BLOCK] == FREE)
                        return unlocked(bitmap, -EINVAL);
        for (uint64_t at = start; at < end; at += BLOCK)
                bitmap->taken[at / BLOCK] = FREE;
        return unlocked(bitmap, 0);
}

static int bitmap_claim(const void *state, uint64_t start, uint64_t end)
{
        struct bitmap *bitmap = locked(state);
        int err = end > bitmap->total ? -ERANGE : 0;

        for (uint64_t at = start; at < end && err != -ERANGE; at += BLOCK) {
                if (bitmap->taken[at / BLOCK] == FREE)
                        err = -ERANGE;
                else if (bitmap->taken[at / BLOCK] == ALLOCATED)
                        err = -EBUSY;
        }
        return unlocked(bitmap, err);
}

static uint64_t sum_of(const struct saved_head *head, const unsigned char *taken, size_t blocks)
{
        uint64_t sum = head->total * 31 + blocks;

        for (size_t i = 0; i < blocks; i++)
                sum = (sum ^ taken[i]) * UINT64_C(0x100000001b3);
        return sum;
}

static int bitmap_save(const void *state, void *buffer, size_t *length)
{
        struct bitmap *bitmap = locked(state);
        struct saved_head head = {bitmap->total, 0};
        size_t capacity = *length;
        unsigned char *taken;

        *length = sizeof(head) + bitmap->blocks;
        if (buffer == NULL || capacity < *length)
                return unlocked(bitmap, buffer == NULL ? 0 : -ENOBUFS);
        taken = (unsigned char *)buffer + sizeof(head);
        for (size_t i = 0; i < bitmap->blocks; i++)
                taken[i] = bitmap->taken[i] != FREE ? BEFORE : FREE;
        head.sum = sum_of(&head, taken, bitmap->blocks);
        memcpy(buffer, &head, sizeof(head));
        return unlocked(bitmap, 0);
}

static int bitmap_restore(void *state, const void *buffer, size_t length)
{
        struct bitmap *bitmap = locked(state);
        const unsigned char *taken = (const unsigned char *)buffer + sizeof(struct saved_head);
        struct saved_head head;

        if (length != sizeof(head) + bitmap->blocks)
                return unlocked(bitmap, -EBADMSG);
        memcpy(&head, buffer, sizeof(head));
        if (head.total != bitmap->total || head.sum != sum_of(&head, taken, bitmap->blocks))
                return unlocked(bitmap, -EBADMSG);
        if (bitmap->touched)
                return unlocked(bitmap, -EBUSY);
        if (bitmap->at_end) {
                memset(bitmap->taken, FREE, bitmap->blocks);
                bitmap->first = 0;
        }
        for (size_t i = 0; i < bitmap->blocks; i++)
                if (taken[i] != FREE)
                        bitmap->taken[i] = BEFORE;
        return unlocked(bitmap, 0);
}

static int bitmap_grow(void *state, uint64_t total)
{
        struct bitmap *bitmap = locked(state);
        size_t blocks = (size_t)(rmmap_align_up(total) / BLOCK);
        unsigned char *taken;

        if (blocks > MOST_BLOCKS)
                return unlocked(bitmap, -ENOMEM);
        taken = realloc(bitmap->taken, blocks);
        if (taken == NULL)
                return unlocked(bitmap, -ENOMEM);
        memset(taken + bitmap->blocks, FREE, blocks - bitmap->blocks);
        bitmap->taken = taken;
        bitmap->blocks = blocks;
        bitmap->total = total;
        return unlocked(bitmap, 0);
}

static int bitmap_allocate_at(void *state, uint64_t start, uint64_t end)
{
        struct bitmap *bitmap = locked(state);

        if (start >= end || end > bitmap->total || start % BLOCK != 0 ||
            (end % BLOCK != 0 && end != bitmap->total))
                return unlocked(bitmap, -EINVAL);
        for (uint64_t at = start; at < end; at += BLOCK)
                if (bitmap->taken[at / BLOCK] != FREE)
                        return unlocked(bitmap, -EBUSY);
        for (uint64_t at = start; at < end; at += BLOCK)
                bitmap->taken[at / BLOCK] = ALLOCATED;
        bitmap->touched = true;
        return unlocked(bitmap, 0);
}

extern const struct rmmap_allocator_ops bitmap_allocator;
const struct rmmap_allocator_ops bitmap_allocator = {
        .size = sizeof(bitmap_allocator),
        .name = "bitmap",
        .flags = RMMAP_ALLOCATOR_THREAD_SAFE,
        .create = bitmap_create,
        .destroy = bitmap_destroy,
        .allocate = bitmap_allocate,
        .remaining = bitmap_remaining,
        .give_back = bitmap_give_back,
        .claim = bitmap_claim,
        .save = bitmap_save,
        .restore = bitmap_restore,
        .grow = bitmap_grow,
        .allocate_at = bitmap_allocate_at,
};
