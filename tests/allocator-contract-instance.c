/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One allocator in use, and a record of what it hands out. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "allocator-contract.h"

void broken(struct contract *contract, const char *format, ...)
{
        va_list arguments;

        if (contract->failed)
                return;
        contract->failed = true;
        va_start(arguments, format);
        vsnprintf(contract->why, sizeof(contract->why), format, arguments);
        va_end(arguments);
}

/* splitmix64 */
uint64_t random_below(struct contract *contract, uint64_t limit)
{
        uint64_t z = contract->random += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
        return (z ^ (z >> 31)) % limit;
}

uint64_t rounded(uint64_t size)
{
        return rmmap_align_up(size);
}

const char *answer_text(int answer)
{
        static char texts[4][80];
        static unsigned int next;
        char *text = texts[next++ % 4];

        if (answer >= 0)
                snprintf(text, sizeof(texts[0]), "%d", answer);
        else
                snprintf(text, sizeof(texts[0]), "%d (%s)", answer,
                         answer > -4096 ? strerror(-answer) : "no errno");
        return text;
}

bool is_allowed(int answer, int also)
{
        static const int common[] = {0, -ENOSPC, -EBUSY, -ENOMEM, -EINVAL, -EOPNOTSUPP, -ERANGE};

        for (size_t i = 0; i < sizeof(common) / sizeof(common[0]); i++)
                if (answer == common[i])
                        return true;
        return answer == also;
}

bool instance_create_with(struct instance *instance, struct contract *contract, uint64_t first,
                          uint64_t total, uint64_t max_total, uint64_t flags)
{
        struct rmmap_allocator_args args = {
                .size = sizeof(args),
                .first = first,
                .total = total,
                .alignment = RMMAP_ALIGNMENT,
                .flags = flags,
                .max_total = max_total,
        };
        int err;

        memset(instance, 0, sizeof(*instance));
        instance->contract = contract;
        instance->first = first;
        instance->total = total;
        err = contract->ops->create(&args, &instance->state);
        if (err != 0)
                broken(contract, "create for %llu bytes answers %s", (unsigned long long)total,
                       answer_text(err));
        return err == 0;
}

bool instance_create(struct instance *instance, struct contract *contract, uint64_t first,
                     uint64_t total)
{
        return instance_create_with(instance, contract, first, total, total, 0);
}

void instance_destroy(struct instance *instance)
{
        instance->contract->ops->destroy(instance->state);
        instance->state = NULL;
}

static bool keeps_book(const struct instance *instance)
{
        return instance->total <= TOTAL;
}

const char *fault_of(const struct instance *instance, uint64_t size, uint32_t flags, uint64_t start,
                     uint64_t end)
{
        if (start >= end)
                return "is empty";
        if (start % BLOCK != 0)
                return "starts at no multiple of the alignment";
        if (end > instance->total)
                return "ends past the total";
        if (end % BLOCK != 0 && end != instance->total)
                return "ends at no multiple of the alignment, nor at the total";
        if (start < instance->first)
                return "starts before first";
        if (end - start > rounded(size))
                return "is longer than asked";
        if ((flags & RMMAP_ALLOCATE_EXACT) && end - start != rounded(size))
                return "is shorter than asked, although exact";
        return NULL;
}

bool instance_note(struct instance *instance, uint64_t start, uint64_t end)
{
        bool fresh = true;

        instance->given += end - start;
        for (uint64_t at = start; keeps_book(instance) && at < end; at += BLOCK) {
                fresh = fresh && !instance->has_given[at / BLOCK];
                instance->has_given[at / BLOCK] = true;
        }
        return fresh;
}

int instance_allocate(struct instance *instance, uint64_t size, uint32_t flags, uint64_t *start,
                      uint64_t *end)
{
        struct contract *contract = instance->contract;
        const char *fault;
        int err;

        *start = *end = 0;
        err = contract->ops->allocate(instance->state, size, flags, start, end);
        if (!is_allowed(err, 0)) {
                broken(contract, "allocate answers %s, which it may not", answer_text(err));
                return -EPROTO;
        }
        if (err != 0)
                return err;
        fault = fault_of(instance, size, flags, *start, *end);
        if (fault == NULL && !instance_note(instance, *start, *end))
                fault = "was given before, or a part of it";
        if (fault == NULL)
                return 0;
        broken(contract, "allocate of %llu: [%llu, %llu) %s", (unsigned long long)size,
               (unsigned long long)*start, (unsigned long long)*end, fault);
        return -EPROTO;
}

void instance_exhaust(struct instance *instance, uint64_t most_blocks)
{
        struct contract *contract = instance->contract;
        uint64_t start, end, gap;
        int err = 0;

        /* One more than there are blocks: to stop an allocator that never ends. */
        for (uint64_t i = 0; err == 0 && i <= instance->total / BLOCK + 1; i++) {
                instance_expect_remaining(instance,
                                          instance->total - instance->first - instance->given,
                                          "between allocations");
                err = instance_allocate(instance, random_below(contract, most_blocks * BLOCK) + 1,
                                        0, &start, &end);
        }
        instance_expect_remaining(instance, 0, "at the end");
        for (gap = instance->first; gap < instance->total; gap += BLOCK)
                if (!instance->has_given[gap / BLOCK])
                        break;
        if (err != -ENOSPC)
                broken(contract, "allocate until nothing is left: the last answer is %s",
                       answer_text(err));
        else if (gap < instance->total)
                broken(contract, "nothing is left, but %llu was never given",
                       (unsigned long long)gap);
}

void instance_expect_remaining(struct instance *instance, uint64_t want, const char *when)
{
        uint64_t left = instance->contract->ops->remaining(instance->state);

        if (left != want)
                broken(instance->contract, "remaining %s: %llu, not %llu", when,
                       (unsigned long long)left, (unsigned long long)want);
}

void instance_forget(struct instance *instance, uint64_t start, uint64_t end)
{
        instance->given -= end - start;
        for (uint64_t at = start; at < end; at += BLOCK)
                instance->has_given[at / BLOCK] = false;
}
