/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "allocator.h"
#include "base/abi-struct.h"
#include "base/checked.h"
#include "base/compiler.h"
#include "base/sync-annotations.h"
#include "os/os.h"

ASSERT_ABI_SIZE(struct rmmap_allocator_ops, 14 * sizeof(void *) + 8);
ASSERT_ABI_SIZE(struct rmmap_allocator_args, 2 * sizeof(void *) + 40);

#define KNOWN_FLAGS RMMAP_ALLOCATOR_THREAD_SAFE

/* A result that the op may not return becomes -EPROTO. also_allowed: for this op only. */
static int checked_answer(int answer, int also_allowed)
{
        switch (answer) {
        case 0:
        case -ENOSPC:
        case -EBUSY:
        case -ENOMEM:
        case -EINVAL:
        case -EOPNOTSUPP:
        case -ERANGE:
                return answer;
        default:
                return answer == also_allowed ? answer : -EPROTO;
        }
}

static int read_ops(struct allocator *allocator, const struct rmmap_allocator_ops *given)
{
        struct rmmap_allocator_ops *ops = &allocator->ops;
        int err = abi_struct_read(ops, sizeof(*ops), sizeof(*ops), given);

        if (err != 0)
                return err;
        if (ops->flags & ~KNOWN_FLAGS)
                return -EOPNOTSUPP;
        if (ops->create == NULL || ops->destroy == NULL || ops->allocate == NULL ||
            ops->remaining == NULL || ops->reserved != NULL)
                return -EINVAL;
        return 0;
}

int allocator_read_args(struct rmmap_allocator_args *args, const struct rmmap_allocator_args *given,
                        uint64_t largest)
{
        int err = given == NULL ? -EINVAL
                                : abi_struct_read(args, sizeof(*args), sizeof(*args), given);

        if (err != 0)
                return err;
        if (!is_power_of_two(args->alignment) || args->alignment < RMMAP_ALIGNMENT ||
            args->total == 0)
                return -EINVAL;
        if (args->max_total != 0 && args->max_total < args->total)
                return -EINVAL;
        if (max_u64(args->total, args->max_total) > largest || args->alignment > largest)
                return -EFBIG;
        return (args->flags & ~RMMAP_ALLOCATOR_START_AT_END) ? -EOPNOTSUPP : 0;
}

int allocator_create(struct allocator *allocator, const struct rmmap_allocator_ops *ops,
                     const void *config, uint64_t first, uint64_t total, uint64_t max_total,
                     uint64_t flags)
{
        struct rmmap_allocator_args args = {
                .size = sizeof(args),
                .config = config,
                .first = min_u64(align_up_to(first, RMMAP_ALIGNMENT), total),
                .total = total,
                .alignment = RMMAP_ALIGNMENT,
                .flags = flags,
                .max_total = max_total,
        };
        int err = read_ops(allocator, ops != NULL ? ops : rmmap_concurrent_allocator());

        if (err != 0)
                return err;
        atomic_init(&allocator->total, total);
        atomic_init(&allocator->settled, total);
        NOTE_ATOMIC(&allocator->total);
        NOTE_ATOMIC(&allocator->settled);
        allocator->max_total = max_u64(total, max_total);
        allocator->name = memory_text(allocator->ops.name ? allocator->ops.name : "unnamed");
        if (allocator->name == NULL)
                return -ENOMEM;
        allocator->state = NULL;
        err = checked_answer(allocator->ops.create(&args, &allocator->state), -EFBIG);
        if (err != 0) {
                memory_free(allocator->name);
                allocator->name = NULL;
        }
        return err;
}

void allocator_destroy(struct allocator *allocator)
{
        if (allocator->name == NULL)
                return;
        allocator->ops.destroy(allocator->state);
        memory_free(allocator->name);
        allocator->name = NULL;
}

static uint64_t total_now(const struct allocator *allocator)
{
        return atomic_load_explicit(&allocator->total, memory_order_acquire);
}

static bool is_boundary(uint64_t offset, uint64_t total)
{
        return is_aligned_to(offset, RMMAP_ALIGNMENT) || offset == total;
}

/*
 * Checks what an allocator returned, so that a faulty one can't make the handle leave the file.
 * Only the end of the file needn't be aligned, and the file may have grown from before to total.
 */
static bool is_plausible(uint64_t start, uint64_t end, uint64_t before, uint64_t total)
{
        return start < end && end <= total && is_aligned_to(start, RMMAP_ALIGNMENT) &&
               (is_aligned_to(end, RMMAP_ALIGNMENT) || end >= before);
}

int allocator_allocate(const struct allocator *allocator, uint64_t size, uint32_t flags,
                       uint64_t *start, uint64_t *end)
{
        uint64_t before = allocator_total(allocator); /* the op may not know a higher one yet */
        int err = allocator->ops.allocate(allocator->state, size, flags, start, end);

        if (unlikely(err != 0))
                return checked_answer(err, 0);
        if (!is_plausible(*start, *end, before, total_now(allocator)))
                return -EPROTO;
        if ((flags & RMMAP_ALLOCATE_EXACT) && *end - *start != align_up_to(size, RMMAP_ALIGNMENT))
                return -EPROTO;
        return 0;
}

int allocator_allocate_at(const struct allocator *allocator, uint64_t start, uint64_t end)
{
        if (allocator->ops.allocate_at == NULL)
                return -EOPNOTSUPP;
        return checked_answer(allocator->ops.allocate_at(allocator->state, start, end), 0);
}

uint64_t allocator_remaining(const struct allocator *allocator)
{
        return min_u64(allocator->ops.remaining(allocator->state), total_now(allocator));
}

/* A grow op is over sooner. In a forked child one may never end. */
#define TAKEN_TRIES (BACKOFF_YIELDS + 1000)

uint64_t allocator_taken(const struct allocator *allocator, uint64_t *total)
{
        for (unsigned int tries = 0;; tries++) {
                uint64_t settled = allocator_total(allocator);
                uint64_t left = allocator->ops.remaining(allocator->state);

                if (total_now(allocator) == settled || tries == TAKEN_TRIES) {
                        *total = settled;
                        return settled - min_u64(left, settled);
                }
                backoff(tries);
        }
}

/* total rises before the op is called, because the op may hand out what is new at once. */
int allocator_grow(struct allocator *allocator, uint64_t total)
{
        uint64_t before = allocator_total(allocator);
        int err;

        if (allocator->ops.grow == NULL)
                return -EOPNOTSUPP;
        atomic_store_explicit(&allocator->total, total, memory_order_release);
        err = checked_answer(allocator->ops.grow(allocator->state, total), 0);
        if (err != 0)
                atomic_store_explicit(&allocator->total, before, memory_order_release);
        else
                atomic_store_explicit(&allocator->settled, total, memory_order_release);
        return err;
}

int allocator_trim(struct allocator *allocator, uint64_t *total)
{
        uint64_t before = allocator_total(allocator);
        int err;

        if (allocator->ops.trim == NULL || allocator->ops.grow == NULL)
                return -EOPNOTSUPP;
        *total = 0;
        err = checked_answer(allocator->ops.trim(allocator->state, total), 0);
        if (err != 0)
                return err;
        if (*total == 0 || *total > before || !is_boundary(*total, before))
                return -EPROTO;
        atomic_store_explicit(&allocator->total, *total, memory_order_release);
        atomic_store_explicit(&allocator->settled, *total, memory_order_release);
        return 0;
}

int allocator_give_back(const struct allocator *allocator, uint64_t start, uint64_t end)
{
        return checked_answer(allocator->ops.give_back(allocator->state, start, end), 0);
}

int allocator_check_bounds(const struct allocator *allocator, uint64_t start, uint64_t end)
{
        uint64_t total = total_now(allocator);

        if (start > end)
                return -EINVAL;
        if (end > total)
                return -ERANGE;
        return is_boundary(start, total) && is_boundary(end, total) ? 0 : -EINVAL;
}

int allocator_claim(const struct allocator *allocator, uint64_t start, uint64_t end)
{
        if (allocator->ops.claim == NULL)
                return -EOPNOTSUPP;
        return checked_answer(allocator->ops.claim(allocator->state, start, end), 0);
}

int allocator_save(const struct allocator *allocator, void *buffer, size_t *length)
{
        size_t used = *length;
        int err;

        if (allocator->ops.save == NULL)
                return -EOPNOTSUPP;
        err = checked_answer(allocator->ops.save(allocator->state, buffer, &used), -ENOBUFS);
        if (err == 0 && buffer != NULL && used > *length)
                return -EPROTO; /* it wrote beyond the buffer, or says that it did */
        if (err == 0 || err == -ENOBUFS)
                *length = used;
        return err;
}

int allocator_restore(const struct allocator *allocator, const void *buffer, size_t length)
{
        if (allocator->ops.restore == NULL)
                return -EOPNOTSUPP;
        return checked_answer(allocator->ops.restore(allocator->state, buffer, length), -EBADMSG);
}
