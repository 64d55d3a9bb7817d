/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The rules for grow, trim and allocate_at. */
#include <errno.h>

#include "allocator-contract.h"

/* ---- allocate_at */

/* Just these blocks, if all of them are free; otherwise nothing. */
static void take_place(struct instance *instance, uint64_t from, uint64_t to)
{
        struct contract *contract = instance->contract;
        uint64_t start = from * BLOCK;
        uint64_t end = to * BLOCK < instance->total ? to * BLOCK : instance->total;
        int err, want = 0;

        for (uint64_t block = from; block < to; block++)
                if (block * BLOCK < instance->first || instance->has_given[block])
                        want = -EBUSY;
        err = contract->ops->allocate_at(instance->state, start, end);
        if (err != want)
                broken(contract, "allocate_at of [%llu, %llu), %s: %s", (unsigned long long)start,
                       (unsigned long long)end, want == 0 ? "free" : "not all free",
                       answer_text(err));
        if (err == 0)
                instance_note(instance, start, end);
        instance_expect_remaining(instance, instance->total - instance->first - instance->given,
                                  "after allocate_at");
        if (err == 0 && contract->ops->claim != NULL &&
            contract->ops->claim(instance->state, start, end) != -EBUSY)
                broken(contract, "claim of what allocate_at gave isn't EBUSY");
}

static void just_this_place(struct contract *contract)
{
        for (uint64_t round = 0; round < 50 && !contract->failed; round++) {
                struct instance instance;
                uint64_t start, end;

                if (!instance_create(&instance, contract, round % 3 * 5 * BLOCK,
                                     TOTAL - round % 2 * 100))
                        return;
                for (int i = 0; i < 20 && !contract->failed; i++) {
                        uint64_t blocks = rounded(instance.total) / BLOCK;
                        uint64_t from = random_below(contract, blocks);

                        take_place(&instance, from,
                                   from + 1 + random_below(contract, blocks - from) % 9);
                        if (i % 4 == 0)
                                (void)instance_allocate(&instance, 2 * BLOCK, 0, &start, &end);
                }
                instance_exhaust(&instance, 7);
                instance_destroy(&instance);
        }
}

static void expect_refused(struct instance *instance, uint64_t start, uint64_t end)
{
        int err = instance->contract->ops->allocate_at(instance->state, start, end);

        if (err != -EINVAL && err != -ERANGE)
                broken(instance->contract, "allocate_at of [%llu, %llu) answers %s",
                       (unsigned long long)start, (unsigned long long)end, answer_text(err));
}

static void no_such_place(struct contract *contract)
{
        struct instance instance;

        if (!instance_create(&instance, contract, 0, TOTAL))
                return;
        expect_refused(&instance, 1, BLOCK);
        expect_refused(&instance, 0, BLOCK + 1);
        expect_refused(&instance, BLOCK, BLOCK);
        expect_refused(&instance, 2 * BLOCK, BLOCK);
        expect_refused(&instance, 0, TOTAL + BLOCK - 100);
        expect_refused(&instance, BLOCK, UINT64_MAX);
        instance_expect_remaining(&instance, TOTAL, "after refusals of allocate_at");
        instance_exhaust(&instance, BLOCKS);
        instance_destroy(&instance);
}

/* ---- grow */

static void grow(struct instance *instance, uint64_t total)
{
        struct contract *contract = instance->contract;
        uint64_t last = instance->total / BLOCK, old = instance->total;
        int err = contract->ops->grow(instance->state, total);

        if (err != 0) {
                broken(contract, "grow to %llu answers %s", (unsigned long long)total,
                       answer_text(err));
                return;
        }
        instance->total = total;
        /* A short last range that is out stays short, and nobody gets the rest of its block. */
        if (old % BLOCK != 0 && (last * BLOCK < instance->first || instance->has_given[last]))
                instance->given += (rounded(old) < total ? rounded(old) : total) - old;
        instance_expect_remaining(instance, total - instance->first - instance->given,
                                  "after grow");
}

static void new_bytes_once(struct contract *contract)
{
        for (uint64_t round = 0; round < 60 && !contract->failed; round++) {
                uint64_t total = (5 + round % 7) * BLOCK + round % 3 * 50, start, end;
                struct instance instance;

                if (!instance_create_with(&instance, contract, round % 5 * BLOCK, total, TOTAL, 0))
                        return;
                while (total < TOTAL && !contract->failed) {
                        uint64_t most = random_below(contract, 12 * BLOCK) + 1;

                        for (int i = 0; i < 3; i++)
                                (void)instance_allocate(&instance, most, i == 1, &start, &end);
                        if (round % 4 == 0)
                                while (instance_allocate(&instance, most, 0, &start, &end) == 0)
                                        ;
                        total += random_below(contract, 9) * BLOCK + random_below(contract, 3) * 99;
                        total = total < TOTAL ? total : TOTAL;
                        grow(&instance, total);
                }
                instance_exhaust(&instance, 5);
                instance_destroy(&instance);
        }
}

static void grown_to_what_it_was(struct contract *contract)
{
        struct instance instance;
        uint64_t start, end;

        if (!instance_create(&instance, contract, 0, TOTAL))
                return;
        grow(&instance, TOTAL);
        if (instance_allocate(&instance, 3 * BLOCK, 0, &start, &end) != 0)
                broken(contract, "nothing to hand out after grow");
        grow(&instance, TOTAL);
        instance_exhaust(&instance, 5);
        instance_destroy(&instance);
}

/* ---- trim */

/* Nothing that is out may lie behind the end, and no byte before it may be lost. */
static void trim(struct instance *instance)
{
        struct contract *contract = instance->contract;
        uint64_t old = instance->total, total = 0;
        int err = contract->ops->trim(instance->state, &total);

        if (err != 0) {
                broken(contract, "trim answers %s", answer_text(err));
                return;
        }
        if (total == 0 || total > old || (total % BLOCK != 0 && total != old)) {
                broken(contract, "trim ends %llu bytes at %llu", (unsigned long long)old,
                       (unsigned long long)total);
                return;
        }
        for (uint64_t block = 0; block * BLOCK < old; block++)
                if ((block * BLOCK < instance->first || instance->has_given[block]) &&
                    block * BLOCK >= total)
                        broken(contract, "trim cuts what is out");
        instance->total = total;
        instance_expect_remaining(instance, total - instance->first - instance->given,
                                  "after trim");
}

static void trimmed_and_grown(struct contract *contract)
{
        for (uint64_t round = 0; round < 60 && !contract->failed; round++) {
                uint64_t total = (9 + round % 7) * BLOCK + round % 3 * 50, start, end;
                struct instance instance;

                if (!instance_create_with(&instance, contract, round % 5 * BLOCK, total, TOTAL, 0))
                        return;
                for (uint64_t i = 0; i < round % 6 && !contract->failed; i++)
                        (void)instance_allocate(&instance, random_below(contract, 4 * BLOCK) + 1,
                                                i == 1, &start, &end);
                trim(&instance);
                trim(&instance); /* no more to cut */
                if (!contract->failed && round % 2 == 0)
                        grow(&instance, total + round % 12 * BLOCK);
                if (!contract->failed)
                        instance_exhaust(&instance, 5);
                instance_destroy(&instance);
        }
}

/* In a file that was made too long and doesn't grow: back to the length that it had. */
static void trimmed_without_growth(struct contract *contract)
{
        struct instance instance;
        uint64_t start, end;

        if (!instance_create(&instance, contract, 0, TOTAL))
                return;
        if (instance_allocate(&instance, 3 * BLOCK, 0, &start, &end) != 0)
                broken(contract, "nothing to hand out");
        trim(&instance);
        if (!contract->failed)
                grow(&instance, TOTAL);
        if (!contract->failed)
                instance_exhaust(&instance, 5);
        instance_destroy(&instance);
}

const struct check grow_checks[] = {
        {"allocate_at: just this place, if it is free", just_this_place, NEEDS_ALLOCATE_AT},
        {"allocate_at: refuses what is no place", no_such_place, NEEDS_ALLOCATE_AT},
        {"grow: the new bytes once, as all others", new_bytes_once, NEEDS_GROW},
        {"grow: to the same size changes nothing", grown_to_what_it_was, NEEDS_GROW},
        {"trim: cuts nothing that is out, loses nothing", trimmed_and_grown, NEEDS_TRIM},
        {"trim: of a file that doesn't grow", trimmed_without_growth, NEEDS_TRIM},
        {NULL, NULL, 0},
};
