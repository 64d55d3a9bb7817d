/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The rules for create, allocate and remaining. */
#include <errno.h>

#include "allocator-contract.h"

#define HALF (UINT64_C(1) << 63)

static void struct_is_whole(struct contract *contract)
{
        const struct rmmap_allocator_ops *ops = contract->ops;
        const unsigned char *bytes = (const unsigned char *)ops;

        if (ops->size < sizeof(*ops) || ops->size > 4096) {
                broken(contract, "size is %zu, not %zu", ops->size, sizeof(*ops));
                return;
        }
        for (size_t i = sizeof(*ops); i < ops->size; i++)
                if (bytes[i] != 0)
                        broken(contract, "sets what this version doesn't know");
        if (ops->flags & ~RMMAP_ALLOCATOR_THREAD_SAFE)
                broken(contract, "flags %llx: not all are known", (unsigned long long)ops->flags);
        if (ops->create == NULL || ops->destroy == NULL || ops->allocate == NULL ||
            ops->remaining == NULL)
                broken(contract, "create, destroy, allocate and remaining are mandatory");
}

/* Two allocators are independent, and can be made and freed any number of times. */
static void create_and_destroy(struct contract *contract)
{
        struct instance one, two;

        for (int i = 0; i < 1000 && !contract->failed; i++) {
                if (!instance_create(&one, contract, 0, TOTAL))
                        return;
                if (instance_create(&two, contract, BLOCK, TOTAL)) {
                        instance_exhaust(&two, BLOCKS);
                        instance_expect_remaining(&one, TOTAL, "of another one");
                        instance_destroy(&two);
                }
                instance_expect_remaining(&one, TOTAL, "after another one was destroyed");
                instance_exhaust(&one, BLOCKS);
                instance_destroy(&one);
        }
}

/* A size that the allocator can't manage must be refused with one of the documented errors. */
static void create_of_any_size(struct contract *contract)
{
        static const uint64_t totals[] = {
                1,
                BLOCK - 1,
                BLOCK,
                BLOCK + 1,
                UINT64_C(1) << 30,
                (UINT64_C(1) << 47) - 1,
                UINT64_C(1) << 53,
                HALF - 1,
                UINT64_MAX,
        };

        for (size_t i = 0; i < sizeof(totals) / sizeof(totals[0]); i++) {
                struct rmmap_allocator_args args = {sizeof(args), NULL, 0, totals[i], BLOCK, 0, 0};
                struct instance instance = {.contract = contract, .total = totals[i]};
                uint64_t start, end;
                int err = contract->ops->create(&args, &instance.state);

                if (!is_allowed(err, -EFBIG))
                        broken(contract, "create answers %s, which it may not", answer_text(err));
                if (err != 0)
                        continue;
                if (instance_allocate(&instance, 1, 0, &start, &end) != 0)
                        broken(contract, "nothing to hand out of %llu bytes",
                               (unsigned long long)totals[i]);
                instance_destroy(&instance);
        }
}

static void rounds_up(struct contract *contract)
{
        static const uint64_t sizes[] = {1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK - 7, 5 * BLOCK};
        struct instance instance;
        uint64_t start, end;

        if (!instance_create(&instance, contract, 0, TOTAL))
                return;
        for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]) && !contract->failed; i++) {
                uint64_t size = sizes[i / 2];
                int err = instance_allocate(&instance, size, i % 2 ? RMMAP_ALLOCATE_EXACT : 0,
                                            &start, &end);

                if (err != 0)
                        broken(contract, "allocate of %llu answers %s", (unsigned long long)size,
                               answer_text(err));
                else if (end - start != rounded(size))
                        broken(contract, "allocate of %llu gives %llu bytes",
                               (unsigned long long)size, (unsigned long long)(end - start));
        }
        instance_destroy(&instance);
}

/* Many patterns of sizes, totals with a short end and without, and any first. */
static void every_byte_once(struct contract *contract)
{
        static const uint64_t most[] = {1, 2, 3, 7, 20, BLOCKS, 2 * BLOCKS};

        for (uint64_t round = 0; round < 20 * sizeof(most) / sizeof(most[0]); round++) {
                struct instance instance;
                uint64_t total = TOTAL - round % 3 * 50;
                uint64_t first = round % 10 == 9 ? total : round % 10 * 7 * BLOCK;

                if (contract->failed || !instance_create(&instance, contract, first, total))
                        return;
                instance_exhaust(&instance, most[round / 20]);
                instance_destroy(&instance);
        }
}

/* The sums of these sizes wrap a counter that isn't protected. */
static void ask_for_ever(struct instance *instance)
{
        static const uint64_t sizes[] = {HALF, HALF, BLOCK, UINT64_MAX, 1, UINT64_MAX - 1};
        struct contract *contract = instance->contract;
        uint64_t start, end;

        for (int i = 0; i < 5000 && !contract->failed; i++) {
                uint64_t size = sizes[i % 6];
                uint32_t flags = i % 5 == 4 ? RMMAP_ALLOCATE_EXACT : 0;
                int err = instance_allocate(instance, size, flags, &start, &end);

                if (err != -ENOSPC)
                        broken(contract, "allocate of %llu when full answers %s",
                               (unsigned long long)size, answer_text(err));
        }
        instance_expect_remaining(instance, 0, "when full");
}

static void all_that_is_left(struct contract *contract)
{
        static const uint64_t huge[] = {TOTAL + BLOCK, HALF, UINT64_MAX - BLOCK, UINT64_MAX};

        for (uint64_t before = 0; before <= BLOCKS && !contract->failed; before++) {
                uint64_t size = huge[before % 4], start = 0, end = 0;
                struct instance instance;
                int err = 0;

                if (!instance_create(&instance, contract, 0, TOTAL))
                        return;
                if (before > 0)
                        err = instance_allocate(&instance, before * BLOCK, 0, &start, &end);
                if (err == 0)
                        err = instance_allocate(&instance, size, 0, &start, &end);
                if (err != 0 || instance.given != TOTAL)
                        broken(contract, "allocate of %llu gives %llu bytes, answers %s",
                               (unsigned long long)size, (unsigned long long)(end - start),
                               answer_text(err));
                ask_for_ever(&instance);
                instance_destroy(&instance);
        }
}

static void refuses_nonsense(struct contract *contract)
{
        struct instance instance;
        uint64_t start, end;
        int err;

        if (!instance_create(&instance, contract, 0, TOTAL))
                return;
        err = contract->ops->allocate(instance.state, 0, 0, &start, &end);
        if (err != -EINVAL)
                broken(contract, "allocate of 0 bytes answers %s", answer_text(err));
        err = contract->ops->allocate(instance.state, 1, UINT32_C(1) << 31, &start, &end);
        if (err != -EOPNOTSUPP)
                broken(contract, "allocate with an unknown flag answers %s", answer_text(err));
        instance_expect_remaining(&instance, TOTAL, "after refusals");
        instance_destroy(&instance);
}

static void expect_exact(struct instance *instance, uint64_t size, int want)
{
        uint64_t start, end, before = instance->total - instance->first - instance->given;
        int err = instance_allocate(instance, size, RMMAP_ALLOCATE_EXACT, &start, &end);

        if (err != want)
                broken(instance->contract, "exact %llu of %llu left answers %s, not %s",
                       (unsigned long long)size, (unsigned long long)before, answer_text(err),
                       answer_text(want));
        if (err != 0)
                instance_expect_remaining(instance, before, "after a refusal of exact");
}

/* Without a short end, and with one, which exact never gives. */
static void exact_or_nothing(struct contract *contract)
{
        for (uint64_t total = BLOCKS * BLOCK; total <= TOTAL; total += TOTAL % BLOCK) {
                struct instance instance;
                uint64_t start = 0, end = 0;
                int err;

                if (!instance_create(&instance, contract, 0, total))
                        return;
                expect_exact(&instance, BLOCKS * BLOCK + 1, -ENOSPC);
                expect_exact(&instance, HALF, -ENOSPC);
                expect_exact(&instance, UINT64_MAX, -ENOSPC);
                expect_exact(&instance, (BLOCKS - 2) * BLOCK - 5, 0);
                expect_exact(&instance, 2 * BLOCK + 1, -ENOSPC);
                expect_exact(&instance, 2 * BLOCK, 0);
                expect_exact(&instance, 1, -ENOSPC);
                err = instance_allocate(&instance, 1, 0, &start, &end);
                if (total == TOTAL && (err != 0 || end != TOTAL))
                        broken(contract, "the short end is not given without exact");
                if (total != TOTAL && err != -ENOSPC)
                        broken(contract, "something is left after exact took all");
                instance_destroy(&instance);
        }
}

const struct check allocate_checks[] = {
        {"the struct is whole", struct_is_whole, 0},
        {"create: many, apart from each other", create_and_destroy, 0},
        {"create: of any size, or a known error", create_of_any_size, 0},
        {"allocate: rounds up to the alignment", rounds_up, 0},
        {"allocate: every byte from first on once", every_byte_once, 0},
        {"allocate: all that is left when less is, and then nothing", all_that_is_left, 0},
        {"allocate: refuses size 0 and unknown flags", refuses_nonsense, 0},
        {"exact: the whole size, or nothing is taken", exact_or_nothing, 0},
        {NULL, NULL, 0},
};
