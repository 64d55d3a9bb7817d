/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Allocators that break a promise, each another one, for allocator-contract to find: plain ones, in
 * which one operation is other.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "plain.h"

#define OPS(symbol, known_flags, create_, destroy_, allocate_, remaining_, give_back_, claim_,     \
            save_, restore_)                                                                       \
        extern const struct rmmap_allocator_ops symbol;                                            \
        const struct rmmap_allocator_ops symbol = {                                                \
                .size = sizeof(symbol),                                                            \
                .name = #symbol,                                                                   \
                .flags = known_flags,                                                              \
                .create = create_,                                                                 \
                .destroy = destroy_,                                                               \
                .allocate = allocate_,                                                             \
                .remaining = remaining_,                                                           \
                .give_back = give_back_,                                                           \
                .claim = claim_,                                                                   \
                .save = save_,                                                                     \
                .restore = restore_,                                                               \
        }

/* ---- allocate: the body of the operation follows ------------------------------------------- */

#define ALLOCATE_WITH(symbol, known_flags, remaining)                                              \
        static int symbol##_allocate(void *, uint64_t, uint32_t, uint64_t *, uint64_t *);          \
        OPS(symbol, known_flags, plain_create, plain_destroy, symbol##_allocate, remaining, NULL,  \
            plain_claim, plain_save, plain_restore);                                               \
        static int symbol##_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,  \
                                     uint64_t *end)
#define ALLOCATE(symbol) ALLOCATE_WITH(symbol, 0, plain_remaining)

/* Forgets every fourth range. */
ALLOCATE(overlaps)
{
        struct plain *plain = state;
        int err = plain_allocate(state, size, flags, start, end);

        if (err == 0 && *end != plain->total && *start / BLOCK % 4 == 3) {
                *start -= BLOCK;
                *end -= BLOCK;
        }
        return err;
}

ALLOCATE(unaligned)
{
        int err = plain_allocate(state, size, flags, start, end);

        *start += 512;
        return err;
}

ALLOCATE(past_the_end)
{
        int err = plain_allocate(state, size, flags, start, end);

        if (err == 0)
                *end = plain_round(*end);
        return err;
}

/* Nothing left is a range as well, isn't it? */
ALLOCATE(empty)
{
        int err = plain_allocate(state, size, flags, start, end);

        if (err != -ENOSPC)
                return err;
        *start = *end = 0;
        return 0;
}

ALLOCATE(more_than_asked)
{
        uint64_t more = size != 0 && size < UINT64_MAX / 2 ? BLOCK : 0;

        return plain_allocate(state, size + more, flags, start, end);
}

/* What is left and less than was asked for stays there. */
ALLOCATE(all_or_nothing)
{
        if (size != 0 && flags <= RMMAP_ALLOCATE_EXACT &&
            plain_round(size) > plain_remaining(state))
                return -ENOSPC;
        return plain_allocate(state, size, flags, start, end);
}

ALLOCATE(before_first)
{
        struct plain *plain = state;
        int err = plain_allocate(state, size, flags, start, end);

        if (err == 0 && *start == plain->first)
                *start = 0;
        return err;
}

ALLOCATE(forbidden_errno)
{
        int err = plain_allocate(state, size, flags, start, end);

        return err == -ENOSPC ? -EIO : err;
}

ALLOCATE(exact_short)
{
        return plain_allocate(state, size, flags & ~RMMAP_ALLOCATE_EXACT, start, end);
}

/* Takes all that is left, and then sees that it doesn't do. */
ALLOCATE(exact_takes)
{
        struct plain *plain = state;
        int err = plain_allocate(state, size, flags, start, end);

        if (err == -ENOSPC)
                plain->next = plain->total;
        return err;
}

ALLOCATE(nothing_asked)
{
        return plain_allocate(state, size == 0 ? 1 : size, flags, start, end);
}

ALLOCATE(any_flag)
{
        return plain_allocate(state, size, flags & RMMAP_ALLOCATE_EXACT, start, end);
}

static uint64_t wraps_remaining(const void *state)
{
        const struct plain *plain = state;

        return plain->next < plain->total ? plain->total - plain->next : 0;
}

/* A counter of bytes that only ever adds. */
ALLOCATE_WITH(wraps, 0, wraps_remaining)
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

/* Good for one thread, and says that it is for many. */
ALLOCATE_WITH(racy, RMMAP_ALLOCATOR_THREAD_SAFE, plain_remaining)
{
        volatile struct plain *plain = state;
        struct plain seen = *plain;
        int err;

        sched_yield();
        err = plain_allocate(&seen, size, flags, start, end);
        plain->next = seen.next;
        return err;
}

ALLOCATE(crashes)
{
        if (size > UINT64_MAX / 2)
                raise(SIGSEGV);
        return plain_allocate(state, size, flags, start, end);
}

/* Looks for nothing until it finds it. */
ALLOCATE(hangs)
{
        while (size == 0)
                sched_yield();
        return plain_allocate(state, size, flags, start, end);
}

/* ---- create and destroy -------------------------------------------------------------------- */

#define CREATE(symbol, create, destroy)                                                            \
        OPS(symbol, 0, create, destroy, plain_allocate, plain_remaining, NULL, plain_claim,        \
            plain_save, plain_restore)

static struct plain only_one;

static int shared_state_create(const struct rmmap_allocator_args *args, void **state)
{
        only_one = (struct plain){args->first, args->first, args->total, args->first};
        *state = &only_one;
        return 0;
}

static void shared_state_destroy(void *state)
{
        (void)state;
}
CREATE(shared_state, shared_state_create, shared_state_destroy);

static int create_fails_oddly_create(const struct rmmap_allocator_args *args, void **state)
{
        return args->total > 1 << 20 ? -EIO : plain_create(args, state);
}
CREATE(create_fails_oddly, create_fails_oddly_create, plain_destroy);

struct bound {
        struct plain plain;
        pthread_t thread;
        pid_t process;
};

static int bound_create(const struct rmmap_allocator_args *args, void **state)
{
        struct bound *bound = malloc(sizeof(*bound));

        if (bound == NULL)
                return -ENOMEM;
        bound->plain = (struct plain){args->first, args->first, args->total, args->first};
        bound->thread = pthread_self();
        bound->process = getpid();
        *state = bound;
        return args->total > UINT64_C(1) << 60 ? (free(bound), -EFBIG) : 0;
}

static void bound_to_thread_destroy(void *state)
{
        struct bound *bound = state;

        if (!pthread_equal(bound->thread, pthread_self()))
                abort();
        free(bound);
}
CREATE(bound_to_thread, bound_create, bound_to_thread_destroy);

static void bound_to_process_destroy(void *state)
{
        struct bound *bound = state;

        if (bound->process != getpid())
                abort();
        free(bound);
}
CREATE(bound_to_process, bound_create, bound_to_process_destroy);

/* ---- remaining, claim, give_back ----------------------------------------------------------- */

static uint64_t counts_blocks_remaining(const void *state)
{
        return plain_round(plain_remaining(state));
}
OPS(counts_blocks, 0, plain_create, plain_destroy, plain_allocate, counts_blocks_remaining, NULL,
    NULL, NULL, NULL);

#define CLAIM(symbol)                                                                              \
        static int symbol##_claim(const void *, uint64_t, uint64_t);                               \
        OPS(symbol, 0, plain_create, plain_destroy, plain_allocate, plain_remaining, NULL,         \
            symbol##_claim, NULL, NULL);                                                           \
        static int symbol##_claim(const void *state, uint64_t start, uint64_t end)

CLAIM(claim_forgets_first)
{
        const struct plain *plain = state;

        return start < plain->first ? -ERANGE : plain_claim(state, start, end);
}

/* Of what it has handed out itself, too. */
CLAIM(claim_gives_own)
{
        int err = plain_claim(state, start, end);

        return err == -EBUSY ? 0 : err;
}

/* Books what is asked about. */
CLAIM(claim_takes)
{
        struct plain *plain = (struct plain *)(uintptr_t)state;
        int err = plain_claim(state, start, end);

        if (err != 0 && end < plain->total)
                plain->next =
                        plain->next + BLOCK < plain->total ? plain->next + BLOCK : plain->total;
        return err;
}

#define GIVE_BACK(symbol)                                                                          \
        static int symbol##_give_back(void *, uint64_t, uint64_t);                                 \
        OPS(symbol, 0, plain_create, plain_destroy, plain_allocate, plain_remaining,               \
            symbol##_give_back, NULL, NULL, NULL);                                                 \
        static int symbol##_give_back(void *state, uint64_t start, uint64_t end)

/* Changes nothing. */
GIVE_BACK(give_back_forgets)
{
        return state != NULL && start < end ? 0 : -ERANGE;
}

/* As if whatever comes back had been the last. */
GIVE_BACK(give_back_rewinds)
{
        struct plain *plain = state;

        plain->next -= end - start;
        return 0;
}

/* ---- grow, allocate_at, trim --------------------------------------------------------------- */

#define WITH(symbol, grow_, allocate_at_, trim_)                                                   \
        extern const struct rmmap_allocator_ops symbol;                                            \
        const struct rmmap_allocator_ops symbol = {                                                \
                .size = sizeof(symbol),                                                            \
                .name = #symbol,                                                                   \
                .create = plain_create,                                                            \
                .destroy = plain_destroy,                                                          \
                .allocate = plain_allocate,                                                        \
                .remaining = plain_remaining,                                                      \
                .grow = grow_,                                                                     \
                .allocate_at = allocate_at_,                                                       \
                .trim = trim_,                                                                     \
        }

static int grow_forgets_grow(void *state, uint64_t total)
{
        return state != NULL && total > 0 ? 0 : -EINVAL;
}
WITH(grow_forgets, grow_forgets_grow, NULL, NULL);

/* Goes on in the middle of a block, where a short last range ended. */
static int grow_unaligned_grow(void *state, uint64_t total)
{
        ((struct plain *)state)->total = total;
        return 0;
}
WITH(grow_unaligned, grow_unaligned_grow, NULL, NULL);

/* What next skips is never handed out. */
static int place_loses_allocate_at(void *state, uint64_t start, uint64_t end)
{
        struct plain *plain = state;

        if (start >= end || end > plain->total || start % BLOCK != 0 ||
            (end % BLOCK != 0 && end != plain->total))
                return -EINVAL;
        if (start < plain->next)
                return -EBUSY;
        plain->next = end;
        return 0;
}
WITH(place_loses, NULL, place_loses_allocate_at, NULL);

static int place_anywhere_allocate_at(void *state, uint64_t start, uint64_t end)
{
        struct plain *plain = state;

        plain->next = end < plain->total ? end : plain->total;
        return start < end ? 0 : -EINVAL;
}
WITH(place_anywhere, NULL, place_anywhere_allocate_at, NULL);

static int trim_cuts_trim(void *state, uint64_t *total)
{
        *total = ((struct plain *)state)->total = BLOCK;
        return 0;
}
WITH(trim_cuts, grow_unaligned_grow, NULL, trim_cuts_trim);

/* What was cut doesn't come back. */
static int trim_forever_trim(void *state, uint64_t *total)
{
        struct plain *plain = state;

        *total = plain->total = plain->next > 0 ? plain->next : BLOCK;
        return 0;
}
WITH(trim_forever, grow_forgets_grow, NULL, trim_forever_trim);

/* ---- save and restore ---------------------------------------------------------------------- */

static int save_overruns_save(const void *state, void *buffer, size_t *length)
{
        size_t room = sizeof(struct plain_saved);
        int err = plain_save(state, buffer, buffer != NULL ? &room : length);

        *length = room;
        return err;
}
OPS(save_overruns, 0, plain_create, plain_destroy, plain_allocate, plain_remaining, NULL,
    plain_claim, save_overruns_save, plain_restore);

#define RESTORE(symbol)                                                                            \
        static int symbol##_restore(void *, const void *, size_t);                                 \
        OPS(symbol, 0, plain_create, plain_destroy, plain_allocate, plain_remaining, NULL,         \
            plain_claim, plain_save, symbol##_restore);                                            \
        static int symbol##_restore(void *state, const void *buffer, size_t length)

RESTORE(restore_believes)
{
        struct plain_saved saved;

        if (length != sizeof(saved))
                return -EBADMSG;
        memcpy(&saved, buffer, sizeof(saved));
        saved.sum = plain_sum(&saved);
        return plain_restore(state, &saved, length);
}

RESTORE(restore_of_any_size)
{
        const struct plain *plain = state;
        struct plain_saved saved;

        if (length != sizeof(saved))
                return -EBADMSG;
        memcpy(&saved, buffer, sizeof(saved));
        if (saved.sum != plain_sum(&saved))
                return -EBADMSG;
        saved.total = plain->total;
        saved.sum = plain_sum(&saved);
        return plain_restore(state, &saved, length);
}

RESTORE(restore_late)
{
        struct plain *plain = state;

        plain->first = plain->next;
        return plain_restore(state, buffer, length);
}

RESTORE(restore_goes_back)
{
        struct plain *plain = state;
        struct plain_saved saved;
        int err = plain_restore(state, buffer, length);

        if (err == 0) {
                memcpy(&saved, buffer, sizeof(saved));
                plain->first = plain->next = saved.next;
        }
        return err;
}

RESTORE(restore_keeps_end)
{
        struct plain *plain = state;

        plain->floor = plain->first;
        return plain_restore(state, buffer, length);
}

RESTORE(restore_does_nothing)
{
        struct plain copy = *(struct plain *)state;

        return plain_restore(&copy, buffer, length);
}

/* ---- the struct ---------------------------------------------------------------------------- */

extern const struct rmmap_allocator_ops too_short;
const struct rmmap_allocator_ops too_short = {.size = sizeof(too_short) - sizeof(void *)};
