/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Allocators whose other operations, or whose struct, break a promise. */
#include <pthread.h>
#include <unistd.h>

#include "plain.h"

/* symbol, and its create, destroy, remaining, give_back, claim, save, restore */
#define BROKEN(symbol, create_, destroy_, remaining_, give_back_, claim_, save_, restore_)         \
        extern const struct rmmap_allocator_ops symbol;                                            \
        const struct rmmap_allocator_ops symbol = {                                                \
                .size = sizeof(symbol),                                                            \
                .name = #symbol,                                                                   \
                .create = create_,                                                                 \
                .destroy = destroy_,                                                               \
                .allocate = plain_allocate,                                                        \
                .remaining = remaining_,                                                           \
                .give_back = give_back_,                                                           \
                .claim = claim_,                                                                   \
                .save = save_,                                                                     \
                .restore = restore_,                                                               \
        }

#define BROKEN_CREATE(symbol, create, destroy)                                                     \
        BROKEN(symbol, create, destroy, plain_remaining, NULL, plain_claim, plain_save,            \
               plain_restore)
#define BROKEN_REMAINING(symbol, remaining)                                                        \
        BROKEN(symbol, plain_create, plain_destroy, remaining, NULL, NULL, NULL, NULL)
#define BROKEN_GIVE_BACK(symbol, give_back)                                                        \
        BROKEN(symbol, plain_create, plain_destroy, plain_remaining, give_back, NULL, NULL, NULL)
#define BROKEN_CLAIM(symbol, claim)                                                                \
        BROKEN(symbol, plain_create, plain_destroy, plain_remaining, NULL, claim, NULL, NULL)
#define BROKEN_STATE(symbol, save, restore)                                                        \
        BROKEN(symbol, plain_create, plain_destroy, plain_remaining, NULL, plain_claim, save,      \
               restore)

/* ---- create and destroy -------------------------------------------------------------------- */

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
BROKEN_CREATE(shared_state, shared_state_create, shared_state_destroy);

static int create_fails_oddly_create(const struct rmmap_allocator_args *args, void **state)
{
        return args->total > 1 << 20 ? -EIO : plain_create(args, state);
}
BROKEN_CREATE(create_fails_oddly, create_fails_oddly_create, plain_destroy);

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
BROKEN_CREATE(bound_to_thread, bound_create, bound_to_thread_destroy);

static void bound_to_process_destroy(void *state)
{
        struct bound *bound = state;

        if (bound->process != getpid())
                abort();
        free(bound);
}
BROKEN_CREATE(bound_to_process, bound_create, bound_to_process_destroy);

/* ---- remaining ----------------------------------------------------------------------------- */

static uint64_t counts_blocks_remaining(const void *state)
{
        return plain_round(plain_remaining(state));
}
BROKEN_REMAINING(counts_blocks, counts_blocks_remaining);

static uint64_t counts_from_zero_remaining(const void *state)
{
        const struct plain *plain = state;

        return plain->total - plain->next + plain->first;
}
BROKEN_REMAINING(counts_from_zero, counts_from_zero_remaining);

/* ---- claim --------------------------------------------------------------------------------- */

static int claim_yes_claim(const void *state, uint64_t start, uint64_t end)
{
        (void)state;
        (void)start;
        (void)end;
        return 0;
}
BROKEN_CLAIM(claim_yes, claim_yes_claim);

static int claim_no_claim(const void *state, uint64_t start, uint64_t end)
{
        const struct plain *plain = state;

        return start < plain->first ? -ERANGE : plain_claim(state, start, end);
}
BROKEN_CLAIM(claim_forgets_first, claim_no_claim);

static int claim_start_claim(const void *state, uint64_t start, uint64_t end)
{
        return plain_claim(state, start, end > start + BLOCK ? start + BLOCK : end);
}
BROKEN_CLAIM(claim_looks_at_start, claim_start_claim);

/* Of what it has handed out itself, too. */
static int claim_own_claim(const void *state, uint64_t start, uint64_t end)
{
        int err = plain_claim(state, start, end);

        return err == -EBUSY ? 0 : err;
}
BROKEN_CLAIM(claim_gives_own, claim_own_claim);

/* Books what is asked about. */
static int claim_takes_claim(const void *state, uint64_t start, uint64_t end)
{
        struct plain *plain = (struct plain *)(uintptr_t)state;
        int err = plain_claim(state, start, end);

        if (err != 0 && end < plain->total)
                plain->next =
                        plain->next + BLOCK < plain->total ? plain->next + BLOCK : plain->total;
        return err;
}
BROKEN_CLAIM(claim_takes, claim_takes_claim);

/* ---- give_back ----------------------------------------------------------------------------- */

static int give_back_forgets_give_back(void *state, uint64_t start, uint64_t end)
{
        (void)state;
        (void)start;
        (void)end;
        return 0;
}
BROKEN_GIVE_BACK(give_back_forgets, give_back_forgets_give_back);

/* As if whatever comes back had been the last. */
static int give_back_rewinds_give_back(void *state, uint64_t start, uint64_t end)
{
        struct plain *plain = state;

        (void)start;
        plain->next -= end - start;
        return 0;
}
BROKEN_GIVE_BACK(give_back_rewinds, give_back_rewinds_give_back);

static int give_back_fails_oddly_give_back(void *state, uint64_t start, uint64_t end)
{
        struct plain *plain = state;

        if (end != plain->next)
                return -ENOENT;
        plain->next = start;
        return 0;
}
BROKEN_GIVE_BACK(give_back_fails_oddly, give_back_fails_oddly_give_back);

/* ---- save and restore ---------------------------------------------------------------------- */

static int save_overruns_save(const void *state, void *buffer, size_t *length)
{
        size_t room = sizeof(struct plain_saved);
        int err = plain_save(state, buffer, buffer != NULL ? &room : length);

        *length = room;
        return err;
}
BROKEN_STATE(save_overruns, save_overruns_save, plain_restore);

static int save_keeps_silent_save(const void *state, void *buffer, size_t *length)
{
        size_t room = *length;
        int err = plain_save(state, buffer, &room);

        if (err == 0)
                *length = room;
        return err;
}
BROKEN_STATE(save_keeps_silent, save_keeps_silent_save, plain_restore);

static int restore_believes_restore(void *state, const void *buffer, size_t length)
{
        struct plain_saved saved;

        if (length != sizeof(saved))
                return -EBADMSG;
        memcpy(&saved, buffer, sizeof(saved));
        saved.sum = plain_sum(&saved);
        return plain_restore(state, &saved, length);
}
BROKEN_STATE(restore_believes, plain_save, restore_believes_restore);

static int restore_of_any_size_restore(void *state, const void *buffer, size_t length)
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
BROKEN_STATE(restore_of_any_size, plain_save, restore_of_any_size_restore);

static int restore_late_restore(void *state, const void *buffer, size_t length)
{
        struct plain *plain = state;

        plain->first = plain->next;
        return plain_restore(state, buffer, length);
}
BROKEN_STATE(restore_late, plain_save, restore_late_restore);

static int restore_goes_back_restore(void *state, const void *buffer, size_t length)
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
BROKEN_STATE(restore_goes_back, plain_save, restore_goes_back_restore);

static int restore_keeps_end_restore(void *state, const void *buffer, size_t length)
{
        struct plain *plain = state;

        plain->floor = plain->first;
        return plain_restore(state, buffer, length);
}
BROKEN_STATE(restore_keeps_end, plain_save, restore_keeps_end_restore);

static int restore_does_nothing_restore(void *state, const void *buffer, size_t length)
{
        struct plain copy = *(struct plain *)state;

        return plain_restore(&copy, buffer, length);
}
BROKEN_STATE(restore_does_nothing, plain_save, restore_does_nothing_restore);

/* ---- the struct ---------------------------------------------------------------------------- */

BROKEN_REMAINING(no_remaining, NULL);

extern const struct rmmap_allocator_ops too_short, unknown_flag;
const struct rmmap_allocator_ops too_short = {
        .size = sizeof(too_short) - sizeof(void *),
        .name = "too_short",
        .create = plain_create,
        .destroy = plain_destroy,
        .allocate = plain_allocate,
        .remaining = plain_remaining,
};
const struct rmmap_allocator_ops unknown_flag = {
        .size = sizeof(unknown_flag),
        .name = "unknown_flag",
        .flags = UINT64_C(1) << 40,
        .create = plain_create,
        .destroy = plain_destroy,
        .allocate = plain_allocate,
        .remaining = plain_remaining,
};

/* No struct at all. */
int a_function(void);
int a_function(void)
{
        return 0;
}
extern const struct rmmap_allocator_ops *const a_pointer;
const struct rmmap_allocator_ops *const a_pointer = &unknown_flag;
