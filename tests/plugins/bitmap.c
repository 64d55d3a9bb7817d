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
        uint64_t total, blocks, first; /* bytes, and blocks */
        bool touched, at_end;
        unsigned char taken[]; /* a block each */
};

struct saved_head {
        uint64_t total, sum;
};

static int bitmap_create(const struct rmmap_allocator_args *args, void **state)
{
        uint64_t blocks = args->total / BLOCK + (args->total % BLOCK != 0);
        struct bitmap *bitmap;

        if (blocks > MOST_BLOCKS)
                return -EFBIG;
        bitmap = calloc(1, sizeof(*bitmap) + (size_t)blocks);
        if (bitmap == NULL)
                return -ENOMEM;
        pthread_mutex_init(&bitmap->lock, NULL);
        bitmap->total = args->total;
        bitmap->at_end = (args->flags & RMMAP_ALLOCATOR_START_AT_END) != 0;
        bitmap->blocks = blocks;
        bitmap->first = rmmap_align_up(args->first) / BLOCK;
        if (bitmap->first > blocks)
                bitmap->first = blocks;
        memset(bitmap->taken, BEFORE, (size_t)bitmap->first);
        *state = bitmap;
        return 0;
}

static void bitmap_destroy(void *state)
{
        struct bitmap *bitmap = state;

        pthread_mutex_destroy(&bitmap->lock);
        free(bitmap);
}

static uint64_t end_of(const struct bitmap *bitmap, uint64_t block)
{
        return block < bitmap->blocks ? block * BLOCK : bitmap->total;
}

/* The longest run of free blocks up to count, the first such; its length in *found. */
static uint64_t find(const struct bitmap *bitmap, uint64_t count, uint64_t *found)
{
        uint64_t best = 0;

        *found = 0;
        for (uint64_t at = 0; at < bitmap->blocks && *found < count; at++) {
                uint64_t length = 0;

                while (length < count && at + length < bitmap->blocks &&
                       !bitmap->taken[at + length])
                        length++;
                if (length > *found) {
                        *found = length;
                        best = at;
                }
                at += length;
        }
        return best;
}

static int take(struct bitmap *bitmap, uint64_t size, uint32_t flags, uint64_t *start,
                uint64_t *end)
{
        uint64_t rounded = rmmap_align_up(size), found, at;

        at = find(bitmap, rounded / BLOCK, &found);
        if (found == 0)
                return -ENOSPC;
        if ((flags & RMMAP_ALLOCATE_EXACT) &&
            (found < rounded / BLOCK || end_of(bitmap, at + found) - at * BLOCK != rounded))
                return -ENOSPC;
        memset(bitmap->taken + at, ALLOCATED, (size_t)found);
        bitmap->touched = true;
        *start = at * BLOCK;
        *end = end_of(bitmap, at + found);
        return 0;
}

static int bitmap_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                           uint64_t *end)
{
        struct bitmap *bitmap = state;
        int err;

        if (size == 0)
                return -EINVAL;
        if (flags & ~RMMAP_ALLOCATE_EXACT)
                return -EOPNOTSUPP;
        pthread_mutex_lock(&bitmap->lock);
        err = take(bitmap, size, flags, start, end);
        pthread_mutex_unlock(&bitmap->lock);
        return err;
}

/* Ops that are const for their callers lock all the same. */
static struct bitmap *locked(const void *state)
{
        struct bitmap *bitmap = (struct bitmap *)(uintptr_t)state;

        pthread_mutex_lock(&bitmap->lock);
        return bitmap;
}

static uint64_t bitmap_remaining(const void *state)
{
        struct bitmap *bitmap = locked(state);
        uint64_t bytes = 0;

        for (uint64_t i = 0; i < bitmap->blocks; i++)
                if (!bitmap->taken[i])
                        bytes += end_of(bitmap, i + 1) - i * BLOCK;
        pthread_mutex_unlock(&bitmap->lock);
        return bytes;
}

static int bitmap_give_back(void *state, uint64_t start, uint64_t end)
{
        struct bitmap *bitmap = locked(state);
        int err = start / BLOCK < bitmap->first ? -ERANGE : 0;

        for (uint64_t at = start; at < end && err == 0; at += BLOCK)
                bitmap->taken[at / BLOCK] = FREE;
        pthread_mutex_unlock(&bitmap->lock);
        return err;
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
        pthread_mutex_unlock(&bitmap->lock);
        return err;
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
        size_t capacity = *length, blocks = (size_t)bitmap->blocks;
        int err = 0;

        *length = sizeof(head) + blocks;
        if (buffer != NULL && capacity < *length) {
                err = -ENOBUFS;
        } else if (buffer != NULL) {
                unsigned char *taken = (unsigned char *)buffer + sizeof(head);

                for (size_t i = 0; i < blocks; i++)
                        taken[i] = bitmap->taken[i] != FREE ? BEFORE : FREE;
                head.sum = sum_of(&head, taken, blocks);
                memcpy(buffer, &head, sizeof(head));
        }
        pthread_mutex_unlock(&bitmap->lock);
        return err;
}

static int bitmap_restore(void *state, const void *buffer, size_t length)
{
        struct bitmap *bitmap = locked(state);
        const unsigned char *taken = (const unsigned char *)buffer + sizeof(struct saved_head);
        size_t blocks = (size_t)bitmap->blocks;
        struct saved_head head;
        int err = bitmap->touched ? -EBUSY : 0;

        if (length != sizeof(head) + blocks) {
                err = -EBADMSG;
        } else {
                memcpy(&head, buffer, sizeof(head));
                if (head.total != bitmap->total || head.sum != sum_of(&head, taken, blocks))
                        err = -EBADMSG;
        }
        if (err == 0 && bitmap->at_end) {
                memset(bitmap->taken, FREE, blocks);
                bitmap->first = 0;
        }
        for (size_t i = 0; i < blocks && err == 0; i++)
                if (taken[i] != FREE)
                        bitmap->taken[i] = BEFORE;
        pthread_mutex_unlock(&bitmap->lock);
        return err;
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
};
