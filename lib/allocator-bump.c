/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <string.h>

#include "allocator-bump.h"
#include "allocator.h"
#include "base/sync-annotations.h"
#include "os/os.h"
#include "serialize.h"

/*
 * The largest file, in bytes: its count of units can't wrap the counter with any number of threads
 * that fits into memory; see bump_add.
 */
#if SIZE_MAX > UINT32_MAX
#define LARGEST_TOTAL (UINT64_C(1) << 53)
#else
#define LARGEST_TOTAL (UINT64_C(1) << 31)
#endif

#define STATE_MAGIC "RMMALOC1"
enum { STATE_NAME, STATE_TOTAL, STATE_ALIGNMENT, STATE_POSITION, STATE_WORDS };

static unsigned int shift_of(uint64_t power_of_two)
{
        unsigned int shift = 0;

        while (power_of_two >> shift != 1)
                shift++;
        return shift;
}

int bump_create(const struct rmmap_allocator_args *given, uint64_t name, void **state)
{
        struct rmmap_allocator_args args;
        struct bump *bump;
        int err;

        if (state == NULL)
                return -EINVAL;
        err = allocator_read_args(&args, given, LARGEST_TOTAL);
        if (err != 0)
                return err;
        bump = memory_aligned(CACHE_LINE, sizeof(*bump));
        if (bump == NULL)
                return -ENOMEM;
        memset(bump, 0, sizeof(*bump));
        atomic_init(&bump->total, args.total);
        bump->max_total = max_u64(args.total, args.max_total);
        bump->grows = bump->max_total > args.total;
        bump->name = name;
        bump->shift = shift_of(args.alignment);
        atomic_init(&bump->first, (size_t)bump_units(bump, min_u64(args.first, args.total)));
        bump->floor = (args.flags & RMMAP_ALLOCATOR_START_AT_END)
                              ? 0
                              : atomic_load_explicit(&bump->first, memory_order_relaxed);
        atomic_init(&bump->next, atomic_load_explicit(&bump->first, memory_order_relaxed));
        atomic_init(&bump->in_use, false);
        NOTE_ATOMIC(&bump->total);
        NOTE_ATOMIC(&bump->next);
        NOTE_ATOMIC(&bump->first);
        NOTE_ATOMIC(&bump->in_use);
        *state = bump;
        return 0;
}

void bump_destroy(void *state)
{
        memory_free(state);
}

/* The offset of the next allocation in a file of total bytes; those before it were handed out. */
static uint64_t position(const struct bump *bump, uint64_t total)
{
        size_t next = atomic_load_explicit(&bump->next, memory_order_relaxed);

        return next < bump_limit(bump, total) ? (uint64_t)next << bump->shift : total;
}

uint64_t bump_position(const void *state)
{
        const struct bump *bump = state;

        return position(bump, bump_total(bump));
}

uint64_t bump_remaining(const void *state)
{
        const struct bump *bump = state;

        uint64_t total;

        if (bump == NULL)
                return 0;
        total = bump_total(bump);
        return total - position(bump, total);
}

int bump_claim(const void *state, uint64_t start, uint64_t end)
{
        const struct bump *bump = state;

        if (bump == NULL || start > end)
                return -EINVAL;
        if (end > position(bump, bump_total(bump)))
                return -ERANGE;
        return bump_units(bump, end) <= atomic_load_explicit(&bump->first, memory_order_relaxed)
                       ? 0
                       : -EBUSY;
}

int bump_save(const void *state, void *buffer, size_t *length)
{
        const struct bump *bump = state;
        uint64_t total, words[STATE_WORDS];
        size_t capacity;

        if (bump == NULL || length == NULL)
                return -EINVAL;
        capacity = *length;
        *length = SERIALIZED_SIZE(STATE_WORDS);
        if (buffer == NULL)
                return 0;
        if (capacity < SERIALIZED_SIZE(STATE_WORDS))
                return -ENOBUFS;
        total = bump_total(bump);
        words[STATE_NAME] = bump->name;
        words[STATE_TOTAL] = total;
        words[STATE_ALIGNMENT] = UINT64_C(1) << bump->shift;
        words[STATE_POSITION] = position(bump, total);
        serialize_words(buffer, STATE_MAGIC, words, STATE_WORDS);
        return 0;
}

/* Of this allocator, for a file that wasn't longer then. */
static bool is_mine(const struct bump *bump, const uint64_t *words)
{
        return words[STATE_NAME] == bump->name && words[STATE_TOTAL] <= bump_total(bump) &&
               words[STATE_ALIGNMENT] == UINT64_C(1) << bump->shift &&
               words[STATE_POSITION] <= words[STATE_TOTAL] &&
               (words[STATE_POSITION] == words[STATE_TOTAL] ||
                is_aligned_to(words[STATE_POSITION], words[STATE_ALIGNMENT]));
}

int bump_restore(void *state, const void *buffer, size_t length)
{
        struct bump *bump = state;
        uint64_t words[STATE_WORDS];
        size_t first, restored;

        if (bump == NULL || buffer == NULL)
                return -EINVAL;
        if (deserialize_words(buffer, length, STATE_MAGIC, words, STATE_WORDS) != 0 ||
            !is_mine(bump, words))
                return -EBADMSG;
        restored = (size_t)bump_units(bump, words[STATE_POSITION]);
        first = atomic_load_explicit(&bump->first, memory_order_relaxed);
        if (restored < bump->floor)
                restored = bump->floor;
        /* Fails if anything was handed out since create or the last restore. */
        if (!atomic_compare_exchange_strong_explicit(&bump->next, &first, restored,
                                                     memory_order_relaxed, memory_order_relaxed))
                return -EBUSY;
        atomic_store_explicit(&bump->first, restored, memory_order_relaxed);
        bump->floor = restored;
        return 0;
}

/* Release: see bump_total. */
int bump_grow(void *state, uint64_t total)
{
        struct bump *bump = state;

        if (bump == NULL || total > bump->max_total || total < bump_total(bump))
                return -EINVAL;
        atomic_store_explicit(&bump->total, total, memory_order_release);
        return 0;
}

/* From now on the file grows, if only to the size that it had. One unit at least remains. */
int bump_trim(void *state, uint64_t *total)
{
        struct bump *bump = state;
        uint64_t before, end;

        if (bump == NULL || total == NULL)
                return -EINVAL;
        before = bump_total(bump);
        end = max_u64(position(bump, before), min_u64(UINT64_C(1) << bump->shift, before));
        *total = end;
        if (end == before)
                return 0;
        bump->grows = true;
        atomic_store_explicit(&bump->total, end, memory_order_release);
        return 0;
}

int bump_check_request(const void *state, uint64_t size, uint32_t flags, const uint64_t *start,
                       const uint64_t *end)
{
        if (state == NULL || start == NULL || end == NULL || size == 0)
                return -EINVAL;
        return (flags & ~RMMAP_ALLOCATE_EXACT) ? -EOPNOTSUPP : 0;
}
