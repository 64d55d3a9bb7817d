/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "allocator-bump.h"
#include "base/checked.h"
#include "base/sync-annotations.h"
#include "bitmap.h"
#include "claims.h"

/* A restore of the allocator is possible until the first claim. PAUSED: it runs; claims fail. */
enum { STAGE_NEW, STAGE_PAUSED, STAGE_BEGUN };

void claims_init(struct claims *claims, const struct allocator *allocator, bool shared)
{
        claims->allocator = allocator;
        claims->shared = shared;
        atomic_init(&claims->bitmaps, NULL);
        atomic_init(&claims->stage, STAGE_NEW);
        NOTE_ATOMIC(&claims->bitmaps);
        NOTE_ATOMIC(&claims->stage);
}

void claims_destroy(struct claims *claims)
{
        bitmap_destroy(atomic_load_explicit(&claims->bitmaps, memory_order_relaxed));
}

static uint64_t bitmap_words(const struct claims *claims)
{
        return BITMAP_WORDS(blocks_of(0, claims->allocator->max_total).end);
}

/* Acquire: the bits were cleared before their address was published. NULL: all bits are clear. */
static _Atomic uint64_t *tracked_bits(const struct claims *claims)
{
        _Atomic uint64_t *bits = atomic_load_explicit(&claims->bitmaps, memory_order_acquire);

        NOTE_ACQUIRE(&claims->bitmaps);
        return bits;
}

static _Atomic uint64_t *vacant_bits(const struct claims *claims)
{
        _Atomic uint64_t *bits = tracked_bits(claims);

        return bits != NULL ? bits + bitmap_words(claims) : NULL;
}

/* If two threads make the bitmaps at the same time, the second one frees its own. */
static int make_bitmaps(struct claims *claims)
{
        _Atomic uint64_t *none = NULL, *made;

        if (tracked_bits(claims) != NULL)
                return 0;
        made = bitmap_create(2 * bitmap_words(claims));
        if (made == NULL)
                return -ENOMEM;
        NOTE_RELEASE(&claims->bitmaps);
        if (!atomic_compare_exchange_strong_explicit(&claims->bitmaps, &none, made,
                                                     memory_order_acq_rel, memory_order_acquire))
                bitmap_destroy(made);
        return 0;
}

static bool any_tracked(const struct claims *claims, struct blocks blocks)
{
        const _Atomic uint64_t *tracked = tracked_bits(claims);

        return tracked != NULL && bitmap_any(tracked, blocks.first, blocks.end);
}

static int ask_allocator(const struct claims *claims, struct blocks blocks)
{
        return allocator_claim(
                claims->allocator, blocks.first * RMMAP_ALIGNMENT,
                min_u64(blocks.end * RMMAP_ALIGNMENT, allocator_total(claims->allocator)));
}

/*
 * If some of the blocks are free space: the part to query first for owned ones. The built-in
 * allocators hand out from front to back, so nothing behind their position is owned.
 */
static struct blocks first_part(const struct claims *claims, struct blocks blocks)
{
        const struct allocator *allocator = claims->allocator;
        uint64_t middle = blocks.first + (blocks.end - blocks.first) / 2;

        if (allocator->ops.claim == bump_claim)
                middle = blocks_of(0, bump_position(allocator->state)).end;
        return (struct blocks){blocks.first, min_u64(max_u64(middle, blocks.first), blocks.end)};
}

/* For blocks that aren't vacant. 0: all can be taken; -EBUSY; -ERANGE; or the allocator's error. */
static int ask(const struct claims *claims, struct blocks blocks)
{
        struct blocks part;
        int err;

        if (blocks.first >= blocks.end)
                return 0;
        err = ask_allocator(claims, blocks);
        if (err == 0 && any_tracked(claims, blocks))
                return -EBUSY;
        if (err != -ERANGE || blocks.end - blocks.first == 1)
                return err;
        part = first_part(claims, blocks);
        if (ask(claims, part) == -EBUSY)
                return -EBUSY;
        if (claims->allocator->ops.claim == bump_claim)
                return -ERANGE;
        part = (struct blocks){part.end, blocks.end};
        return ask(claims, part) == -EBUSY ? -EBUSY : -ERANGE;
}

/* *run: the blocks from the first one on that are all vacant (true), or all not vacant (false). */
static bool run_of(const struct claims *claims, struct blocks blocks, struct blocks *run)
{
        const _Atomic uint64_t *vacant = vacant_bits(claims);

        *run = blocks;
        return vacant != NULL && bitmap_run(vacant, blocks.first, blocks.end, &run->end);
}

/* Can the blocks be taken now? 0 or an error; -EBUSY has precedence over -ERANGE. */
static int look(const struct claims *claims, struct blocks blocks)
{
        struct blocks run;
        int answer = 0;

        for (; blocks.first < blocks.end; blocks.first = run.end) {
                int err = run_of(claims, blocks, &run) ? 0 : ask(claims, run);

                if (err != 0 && err != -ERANGE)
                        return err;
                if (err != 0)
                        answer = err;
        }
        return answer;
}

/* The first claim that succeeds ends the time in which a restore is possible. */
static int begin(struct claims *claims, struct blocks blocks)
{
        int stage = atomic_load_explicit(&claims->stage, memory_order_acquire), err;

        if (stage == STAGE_BEGUN)
                return 0;
        err = look(claims, blocks);
        if (err != 0)
                return err;
        stage = STAGE_NEW;
        if (!atomic_compare_exchange_strong_explicit(&claims->stage, &stage, STAGE_BEGUN,
                                                     memory_order_acq_rel, memory_order_acquire) &&
            stage != STAGE_BEGUN)
                return -EBUSY;
        return 0;
}

/*
 * Called after look returned 0. A block that wasn't tracked then was free to take according to the
 * allocator. It still is: only a give_back by an owner changes that, and every owner tracked it
 * first.
 */
static int take(struct claims *claims, struct blocks blocks)
{
        struct blocks run;
        uint64_t from = blocks.first;

        for (; blocks.first < blocks.end; blocks.first = run.end) {
                bool taken = run_of(claims, blocks, &run)
                                     ? bitmap_clear(vacant_bits(claims), run.first, run.end)
                                     : bitmap_set(tracked_bits(claims), run.first, run.end);

                if (taken)
                        continue;
                if (run.first > from)
                        bitmap_force(vacant_bits(claims), from, run.first, true);
                return -EBUSY;
        }
        return 0;
}

int claims_take(struct claims *claims, uint64_t start, uint64_t end)
{
        struct blocks blocks = blocks_of(start, end);
        int err = claims->shared ? 0 : make_bitmaps(claims);

        if (err == 0)
                err = begin(claims, blocks);
        if (err == 0)
                err = look(claims, blocks);
        if (err == 0 && !claims->shared)
                err = take(claims, blocks);
        return err;
}

int claims_prepare(struct claims *claims)
{
        return make_bitmaps(claims);
}

bool claims_note_allocated(struct claims *claims, uint64_t start, uint64_t end)
{
        struct blocks blocks = blocks_of(start, end);

        return bitmap_set(tracked_bits(claims), blocks.first, blocks.end);
}

/*
 * false for blocks that were given back, and for blocks that no claim took yet: the range may have
 * been made from a receipt.
 */
static bool may_be_owned(const struct claims *claims, struct blocks blocks)
{
        const _Atomic uint64_t *tracked = tracked_bits(claims);
        struct blocks one;
        uint64_t run_end;

        if (ask_allocator(claims, blocks) == -ERANGE)
                return false;
        for (; !claims->shared && blocks.first < blocks.end; blocks.first = run_end) {
                run_end = blocks.end;
                if (tracked != NULL && bitmap_run(tracked, blocks.first, blocks.end, &run_end))
                        continue;
                one = (struct blocks){blocks.first, blocks.first + 1};
                if (ask_allocator(claims, one) == 0)
                        return false;
        }
        return true;
}

int claims_leave(struct claims *claims, uint64_t start, uint64_t end)
{
        struct blocks blocks = blocks_of(start, end);
        int err;

        if (!may_be_owned(claims, blocks))
                return -EINVAL;
        err = make_bitmaps(claims);
        if (err != 0)
                return err;
        if (claims->shared) {
                bitmap_force(vacant_bits(claims), blocks.first, blocks.end, true);
                return 0;
        }
        bitmap_force(tracked_bits(claims), blocks.first, blocks.end, true);
        return bitmap_set(vacant_bits(claims), blocks.first, blocks.end) ? 0 : -EINVAL;
}

int claims_give_back(struct claims *claims, uint64_t start, uint64_t end)
{
        _Atomic uint64_t *vacant = vacant_bits(claims);
        struct blocks blocks = blocks_of(start, end);

        if (vacant == NULL)
                return 0;
        if (!claims->shared)
                return bitmap_any(vacant, blocks.first, blocks.end) ? -EINVAL : 0;
        /*
         * Clear the bits before the allocator can hand the blocks out again. If the allocator
         * refuses them, no thread can claim them until they are unclaimed once more.
         */
        bitmap_force(vacant, blocks.first, blocks.end, false);
        return 0;
}

bool claims_pause(struct claims *claims)
{
        int stage = STAGE_NEW;

        return atomic_compare_exchange_strong_explicit(&claims->stage, &stage, STAGE_PAUSED,
                                                       memory_order_acquire, memory_order_relaxed);
}

void claims_resume(struct claims *claims)
{
        atomic_store_explicit(&claims->stage, STAGE_NEW, memory_order_release);
}
