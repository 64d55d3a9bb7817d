/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * custom-allocator.c - a program with an allocator of its own, which takes ranges back
 *
 *      cc custom-allocator.c -pthread $(pkg-config --cflags --libs ranged-mmap) -o custom-allocator
 *
 * The built-in allocators hand each byte out once. This one reuses space that a program gives back:
 * it keeps a byte for each block that says whether the block is taken, and hands out the first gap
 * that is large enough. allocator-contract tests it as a plug-in:
 *
 *      cc -shared -fPIC custom-allocator.c -pthread $(pkg-config ...) -o custom-allocator.so
 *      allocator-contract ./custom-allocator.so slot_allocator
 */
#include <errno.h>
#include <pthread.h>
#include <rmmap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- the allocator ------------------------------------------------------------------------- */

enum { FREE, BEFORE, ALLOCATED }; /* a block's state; BEFORE: handed out in an earlier run */

struct slots {
        pthread_mutex_t lock;
        uint64_t total, alignment, left; /* bytes */
        size_t blocks;
        unsigned char taken[];
};

static int slots_create(const struct rmmap_allocator_args *args, void **state)
{
        uint64_t blocks = args->total / args->alignment + (args->total % args->alignment != 0);
        struct slots *slots;

        if (blocks > SIZE_MAX / 2)
                return -EFBIG;
        slots = calloc(1, sizeof(*slots) + (size_t)blocks);
        if (!slots)
                return -ENOMEM;
        pthread_mutex_init(&slots->lock, NULL);
        slots->total = args->total;
        slots->alignment = args->alignment;
        slots->left = args->total - args->first;
        slots->blocks = (size_t)blocks;
        /* What lies before first counts as handed out, and can be claimed. */
        memset(slots->taken, BEFORE,
               args->first == args->total ? slots->blocks
                                          : (size_t)(args->first / args->alignment));
        *state = slots;
        return 0;
}

static void slots_destroy(void *state)
{
        struct slots *slots = state;

        pthread_mutex_destroy(&slots->lock);
        free(slots);
}

/* Where block i begins. The end of the last block is that of the file, which may be short of it. */
static uint64_t offset_of(const struct slots *slots, size_t i)
{
        return i < slots->blocks ? i * slots->alignment : slots->total;
}

static size_t block_at(const struct slots *slots, uint64_t offset)
{
        return offset < slots->total ? (size_t)(offset / slots->alignment) : slots->blocks;
}

/* The first gap of that many bytes, or else the longest one. */
static void find_gap(const struct slots *slots, uint64_t size, size_t *first, size_t *end)
{
        uint64_t longest = 0;

        for (size_t i = 0, from = 0; i < slots->blocks && longest < size; i++) {
                uint64_t length;

                if (slots->taken[i]) {
                        from = i + 1;
                        continue;
                }
                length = offset_of(slots, i + 1) - offset_of(slots, from);
                if (length > longest) {
                        longest = length;
                        *first = from;
                        *end = i + 1;
                }
        }
}

static int slots_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                          uint64_t *end)
{
        struct slots *slots = state;
        size_t first = 0, past = 0;
        uint64_t rounded = size + (slots->alignment - size % slots->alignment) % slots->alignment;
        bool enough;

        if (!size)
                return -EINVAL;
        if (flags & ~RMMAP_ALLOCATE_EXACT)
                return -EOPNOTSUPP;
        if (rounded < size) /* more than there can be */
                rounded = UINT64_MAX;
        pthread_mutex_lock(&slots->lock);
        find_gap(slots, rounded, &first, &past);
        *start = offset_of(slots, first);
        *end = offset_of(slots, past);
        enough = past > first && (*end - *start >= rounded || !(flags & RMMAP_ALLOCATE_EXACT));
        if (enough) {
                memset(slots->taken + first, ALLOCATED, past - first);
                slots->left -= *end - *start;
        }
        pthread_mutex_unlock(&slots->lock);
        return enough ? 0 : -ENOSPC;
}

static uint64_t slots_remaining(const void *state)
{
        struct slots *slots = (struct slots *)(uintptr_t)state; /* the lock changes */
        uint64_t left;

        pthread_mutex_lock(&slots->lock);
        left = slots->left;
        pthread_mutex_unlock(&slots->lock);
        return left;
}

static int slots_give_back(void *state, uint64_t start, uint64_t end)
{
        struct slots *slots = state;
        size_t first = block_at(slots, start), past = block_at(slots, end);
        bool all_taken;

        if (start > end || end > slots->total)
                return -ERANGE;
        pthread_mutex_lock(&slots->lock);
        all_taken = !memchr(slots->taken + first, FREE, past - first);
        if (all_taken) {
                memset(slots->taken + first, FREE, past - first);
                slots->left += end - start;
        }
        pthread_mutex_unlock(&slots->lock);
        return all_taken ? 0 : -ERANGE; /* some of it is free: given back twice, for instance */
}

/* 0: all of it was handed out before this allocator began, so the handle may grant the claim. */
static int slots_claim(const void *state, uint64_t start, uint64_t end)
{
        struct slots *slots = (struct slots *)(uintptr_t)state;
        size_t first = block_at(slots, start), past = block_at(slots, end);
        int answer = 0;

        if (start > end || end > slots->total)
                return -ERANGE;
        pthread_mutex_lock(&slots->lock);
        if (memchr(slots->taken + first, FREE, past - first))
                answer = -ERANGE;
        else if (memchr(slots->taken + first, ALLOCATED, past - first))
                answer = -EBUSY;
        pthread_mutex_unlock(&slots->lock);
        return answer;
}

extern const struct rmmap_allocator_ops slot_allocator;
RMMAP_EXPORT const struct rmmap_allocator_ops slot_allocator = {
        .size = sizeof(slot_allocator),
        .name = "slots",
        .flags = RMMAP_ALLOCATOR_THREAD_SAFE,
        .create = slots_create,
        .destroy = slots_destroy,
        .allocate = slots_allocate,
        .remaining = slots_remaining,
        .give_back = slots_give_back,
        .claim = slots_claim,
};

/* ---- threads that take slots, use them, and give them back ---------------------------------- */

enum { THREADS = 4, ROUNDS = 20000, BLOCKS = 64, MOST = 5 * RMMAP_ALIGNMENT };

struct user {
        pthread_t thread;
        struct rmmap_file *file;
        unsigned seed, used;
        int error;
};

/* Writes a mark into a slot, checks that no other thread has written there, gives the slot back. */
static int use_slot(struct user *user)
{
        uint64_t size = (uint64_t)rand_r(&user->seed) % MOST + 1;
        unsigned char mark[MOST], found[MOST];
        struct rmmap_range range;
        size_t length;
        int error = rmmap_allocate_exact(user->file, size, &range);

        if (error)
                return error == -ENOSPC ? 0 : error; /* -ENOSPC: no gap is large enough now */
        length = (size_t)rmmap_range_length(range);
        memset(mark, (int)(user->seed & 0xff), length);
        error = rmmap_write_range(user->file, range, mark, length, NULL);
        if (!error)
                error = rmmap_read_range(user->file, range, found, sizeof(found), NULL);
        if (!error && memcmp(mark, found, length))
                error = -EBADMSG;
        user->used++;
        return error ? error : rmmap_give_back_range(user->file, range);
}

static void *use_slots(void *argument)
{
        struct user *user = argument;

        for (unsigned i = 0; i < ROUNDS && !user->error; i++)
                user->error = use_slot(user);
        return NULL;
}

static int run_threads(struct rmmap_file *file)
{
        struct user users[THREADS] = {0};
        unsigned used = 0;
        size_t started = 0;
        int error = 0;

        for (; started < THREADS && !error; started += !error) {
                users[started].file = file;
                users[started].seed = (unsigned)started + 1;
                error = -pthread_create(&users[started].thread, NULL, use_slots, &users[started]);
        }
        for (size_t i = 0; i < started; i++) {
                pthread_join(users[i].thread, NULL);
                error = error ? error : users[i].error;
                used += users[i].used;
        }
        printf("%u slots came and went in a file of %d blocks\n", used, BLOCKS);
        return error;
}

int main(void)
{
        char path[] = "/tmp/custom-allocator.XXXXXX";
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;
        int fd = mkstemp(path), error = fd < 0 ? -errno : 0;

        options.allocator = &slot_allocator;
        if (!error)
                error = rmmap_create(path, (uint64_t)BLOCKS * RMMAP_ALIGNMENT, &options, &file);
        if (!error) {
                error = run_threads(file);
                if (!error && rmmap_remaining(file) != rmmap_size(file))
                        error = -EPROTO;
                rmmap_release(file);
        }
        if (fd >= 0) {
                close(fd);
                unlink(path);
        }
        if (error)
                fprintf(stderr, "custom-allocator: %s: %s\n", path, strerror(-error));
        else
                puts("no two had the same bytes at once, and all are free again");
        return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
