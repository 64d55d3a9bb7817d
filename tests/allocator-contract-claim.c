/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The rules for claim and give_back. */
#include <errno.h>

#include "allocator-contract.h"

#define FEW (UINT64_C(16) * BLOCK + 100) /* few enough to try every pair of bounds */

static uint64_t bound(uint64_t block, uint64_t total)
{
        return block * BLOCK < total ? block * BLOCK : total;
}

/* Every possible span, compared with the record. Asking changes nothing. */
static void claim_every_span(struct instance *instance)
{
        struct contract *contract = instance->contract;

        for (uint64_t from = 0; from * BLOCK < instance->total; from++) {
                int want = 0;

                for (uint64_t to = from; to * BLOCK < instance->total; to++) {
                        uint64_t start = from * BLOCK, end = bound(to + 1, instance->total);
                        int err = contract->ops->claim(instance->state, start, end);

                        if (to * BLOCK >= instance->first && !instance->has_given[to])
                                want = -ERANGE;
                        else if (to * BLOCK >= instance->first && want == 0)
                                want = -EBUSY;
                        if (err != want)
                                broken(contract, "claim of [%llu, %llu), %s: %s",
                                       (unsigned long long)start, (unsigned long long)end,
                                       want == -ERANGE ? "not handed out"
                                       : want == 0     ? "out before"
                                                       : "handed out since",
                                       answer_text(err));
                }
        }
        instance_expect_remaining(instance, instance->total - instance->first - instance->given,
                                  "after claims");
}

static void claim_is_true(struct contract *contract)
{
        struct instance instance;

        for (uint64_t first = 0; first <= 5 * BLOCK; first += 5 * BLOCK) {
                uint64_t start, end;
                int err = 0;

                if (contract->failed || !instance_create(&instance, contract, first, FEW))
                        return;
                while (err == 0 && !contract->failed) {
                        claim_every_span(&instance);
                        err = instance_allocate(&instance, random_below(contract, 3 * BLOCK) + 1, 0,
                                                &start, &end);
                }
                claim_every_span(&instance);
                instance_destroy(&instance);
        }
}

/* Bytes that give_back accepted are handed out again; bytes that it refused are not. */
static void give_back_one(struct instance *instance, uint64_t start, uint64_t end)
{
        struct contract *contract = instance->contract;
        uint64_t left = instance->total - instance->first - instance->given;
        int err = contract->ops->give_back(instance->state, start, end);

        if (!is_allowed(err, 0)) {
                broken(contract, "give_back answers %s, which it may not", answer_text(err));
        } else if (err != 0) {
                instance_expect_remaining(instance, left, "after give_back refused");
        } else {
                instance_forget(instance, start, end);
                instance_expect_remaining(instance, left + (end - start), "after give_back");
        }
}

static void give_back_makes_room(struct contract *contract)
{
        struct instance instance;
        uint64_t start = 0, end = 0, before, again_start, again_end;

        if (!instance_create(&instance, contract, 0, BLOCKS * BLOCK))
                return;
        if (instance_allocate(&instance, (BLOCKS - 3) * BLOCK, 0, &start, &end) != 0 ||
            instance_allocate(&instance, 3 * BLOCK, 0, &start, &end) != 0)
                broken(contract, "can't take all of it in two pieces");
        before = instance.given;
        if (!contract->failed)
                give_back_one(&instance, start, end);
        if (!contract->failed && instance.given == before)
                broken(contract, "the last range can't be given back");
        if (!contract->failed && instance_allocate(&instance, end - start, RMMAP_ALLOCATE_EXACT,
                                                   &again_start, &again_end) != 0)
                broken(contract, "what was given back can't be had again");
        instance_exhaust(&instance, BLOCKS); /* and nothing else */
        instance_destroy(&instance);
}

struct live {
        uint64_t start, end;
};

/* A second time, never handed out, past the end: an error, and nothing changes. */
static void give_back_of_nothing(struct contract *contract)
{
        static const struct live spans[] = {
                {2 * BLOCK, 4 * BLOCK}, {6 * BLOCK, 7 * BLOCK}, {0, UINT64_MAX}};
        struct instance instance;
        uint64_t start, end, left;

        if (!instance_create(&instance, contract, 0, TOTAL))
                return;
        if (instance_allocate(&instance, 2 * BLOCK, 0, &start, &end) != 0 ||
            instance_allocate(&instance, 2 * BLOCK, 0, &start, &end) != 0)
                broken(contract, "can't take four blocks");
        if (contract->ops->give_back(instance.state, start, end) == 0)
                instance_forget(&instance, start, end);
        left = instance.total - instance.given;
        for (size_t i = instance.given == 2 * BLOCK ? 0 : 1; i < 3 && !contract->failed; i++) {
                int err = contract->ops->give_back(instance.state, spans[i].start, spans[i].end);

                if (err == 0 || !is_allowed(err, 0))
                        broken(contract, "give_back of [%llu, %llu), not out: %s",
                               (unsigned long long)spans[i].start, (unsigned long long)spans[i].end,
                               answer_text(err));
                instance_expect_remaining(&instance, left, "after that");
        }
        instance_exhaust(&instance, 9);
        instance_destroy(&instance);
}

/* Allocates and gives back at random; the record detects any overlap. */
static void give_back_keeps_apart(struct contract *contract)
{
        struct live live[BLOCKS + 1];
        struct instance instance;
        uint64_t count = 0;

        if (!instance_create(&instance, contract, BLOCK, TOTAL))
                return;
        for (int i = 0; i < 20000 && !contract->failed; i++) {
                uint64_t before = instance.given;

                if (count > 0 && random_below(contract, 2) == 0) {
                        uint64_t which = random_below(contract, count);

                        give_back_one(&instance, live[which].start, live[which].end);
                        if (instance.given != before)
                                live[which] = live[--count];
                } else if (instance_allocate(&instance, random_below(contract, 9 * BLOCK) + 1,
                                             random_below(contract, 2) ? RMMAP_ALLOCATE_EXACT : 0,
                                             &live[count].start, &live[count].end) == 0) {
                        count++;
                }
        }
        instance_destroy(&instance);
}

const struct check claim_checks[] = {
        {"claim: true of what was out before, of that only, and takes nothing", claim_is_true,
         NEEDS_CLAIM},
        {"give_back: makes room again", give_back_makes_room, NEEDS_GIVE_BACK},
        {"give_back: refuses what isn't out", give_back_of_nothing, NEEDS_GIVE_BACK},
        {"give_back: no byte twice at a time", give_back_keeps_apart, NEEDS_GIVE_BACK},
        {NULL, NULL, 0},
};
