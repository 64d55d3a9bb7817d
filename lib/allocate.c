/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ranges of a handle: allocated, claimed, and encoded as bytes. */
#include "allocator-shared.h"
#include "api-check.h"
#include "checkpoint.h"
#include "punch.h"

/*
 * Another process may have made the file longer, and hand out what is new there. A claim of this
 * handle may have taken what the counter says is out, before it is told that it is its own.
 */
static NOINLINE int take_shared(struct rmmap_file *file, uint64_t size, uint32_t flags,
                                uint64_t *start, uint64_t *end)
{
        int err = claims_prepare(&file->claims);

        while (err == 0) {
                uint64_t before = allocator_total(&file->allocator);

                err = allocator_allocate(&file->allocator, size, flags, start, end);
                if (err == 0 && claims_note_allocated(&file->claims, *start, *end))
                        return 0;
                if (err == -ENOSPC && file_follow(file, before + 1) == 0 &&
                    allocator_total(&file->allocator) > before)
                        err = 0;
        }
        return err;
}

static inline int take(struct rmmap_file *file, uint64_t size, uint32_t flags, uint64_t *start,
                       uint64_t *end)
{
        if (likely(file->bump != NULL && flags == 0))
                return bump_allocate(file->bump, size, start, end);
        if (file->publish.sealed)
                return -EROFS;
        /* Other processes could never hand out what a reader took. */
        if (allocator_is_shared(&file->allocator))
                return file->config.read_only ? -EROFS : take_shared(file, size, flags, start, end);
        return allocator_allocate(&file->allocator, size, flags, start, end);
}

/*
 * Where allocations let the file grow, a range is short only at the highest size. -ENOSPC below it
 * is the disk's answer.
 */
static NOINLINE int take_growing(struct rmmap_file *file, uint64_t size, uint32_t flags,
                                 uint64_t *start, uint64_t *end)
{
        for (;;) {
                uint64_t before = allocator_total(&file->allocator);
                int err = take(file, size, flags | RMMAP_ALLOCATE_EXACT, start, end);

                if (err != -ENOSPC)
                        return err;
                if (before == file->growth.max_size)
                        return take(file, size, flags, start, end);
                if ((flags & RMMAP_ALLOCATE_EXACT) && rmmap_align_up(size) > rmmap_remaining(file))
                        return -ENOSPC;
                err = file_grow_for(file, before, rmmap_align_up(size));
                if (err != 0)
                        return err;
        }
}

static int allocate(struct rmmap_file *file, uint64_t size, uint32_t flags,
                    struct rmmap_range *range)
{
        uint64_t start = 0, end = 0;
        int err;

        if (unlikely(range == NULL))
                return -EINVAL;
        err = check_handle(file);
        if (unlikely(err != 0))
                return err;
        if (unlikely(size == 0))
                return file->publish.sealed ? -EROFS : -EINVAL;
        if (likely(file->growth.step == 0))
                err = take(file, size, flags, &start, &end);
        else
                err = take_growing(file, size, flags, &start, &end);
        if (unlikely(err == 0 && file->punched != NULL))
                err = punch_reserve(file, start, end);
        if (unlikely(err != 0)) {
                PROBE4(allocate, file, UINT64_C(0), UINT64_C(0), err);
                return err;
        }
        range_seal(range, start, end, file->config.owner);
        PROBE4(allocate, file, start, end, 0);
        return 0;
}

int rmmap_allocate(struct rmmap_file *file, uint64_t size, struct rmmap_range *range)
{
        return allocate(file, size, 0, range);
}

int rmmap_allocate_exact(struct rmmap_file *file, uint64_t size, struct rmmap_range *range)
{
        return allocate(file, size, RMMAP_ALLOCATE_EXACT, range);
}

/* Bounds of a claim, and of an allocation at a place. */
static int check_place(const struct rmmap_file *file, uint64_t start, uint64_t end)
{
        return start == end ? -EINVAL : allocator_check_bounds(&file->allocator, start, end);
}

int rmmap_allocate_at(struct rmmap_file *file, uint64_t start, uint64_t end,
                      struct rmmap_range *range)
{
        int err;

        if (range == NULL)
                return -EINVAL;
        err = check_unsealed(file);
        if (err == 0)
                err = check_place(file, start, end);
        if (err == 0)
                err = allocator_allocate_at(&file->allocator, start, end);
        if (err == 0 && file->punched != NULL)
                err = punch_reserve(file, start, end);
        if (err == 0)
                range_seal(range, start, end, file->config.owner);
        PROBE4(allocate, file, err == 0 ? start : UINT64_C(0), err == 0 ? end : UINT64_C(0), err);
        return err;
}

int rmmap_claim_range(struct rmmap_file *file, uint64_t start, uint64_t end,
                      struct rmmap_range *range)
{
        int err;

        if (range == NULL)
                return -EINVAL;
        err = check_unsealed(file);
        if (err == 0)
                err = file_follow(file, end);
        if (err != 0)
                return err;
        err = check_place(file, start, end);
        if (err == 0)
                err = claims_take(&file->claims, start, end);
        if (err == 0)
                range_seal(range, start, end, file->config.owner);
        PROBE4(claim, file, start, end, err);
        return err;
}

int rmmap_unclaim_range(struct rmmap_file *file, struct rmmap_range range)
{
        int err = check_range_and_process(file, &range);

        if (err != 0)
                return err;
        if (range_length(&range) == 0)
                return 0;
        return claims_leave(&file->claims, range.opaque[WORD_START], range.opaque[WORD_END]);
}

/* Nothing of it is recorded any more; but not by a range that isn't out. */
static int forget(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        if (allocator_claim(&file->allocator, start, end) == -ERANGE)
                return -EINVAL;
        return checkpoint_forget(file, start, end);
}

static int give_back(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        int err = claims_give_back(&file->claims, start, end);

        if (err == 0 && file->checkpoint != NULL)
                err = forget(file, start, end);
        if (err == 0)
                err = file->punched != NULL ? punch_give_back(file, start, end)
                                            : allocator_give_back(&file->allocator, start, end);
        PROBE4(give_back, file, start, end, err);
        return err;
}

int rmmap_give_back_range(struct rmmap_file *file, struct rmmap_range range)
{
        int err = check_range_and_process(file, &range);

        if (err != 0)
                return err;
        if (file->publish.sealed)
                return -EROFS;
        if (range_length(&range) == 0)
                return 0;
        if (file->allocator.ops.give_back == NULL)
                return -EOPNOTSUPP;
        return give_back(file, range.opaque[WORD_START], range.opaque[WORD_END]);
}

uint64_t rmmap_remaining(const struct rmmap_file *file)
{
        if (file == NULL || file->publish.sealed)
                return 0;
        if (file->growth.step == 0)
                return allocator_remaining(&file->allocator);
        return file->growth.max_size - rmmap_allocated(file);
}

uint64_t rmmap_allocated(const struct rmmap_file *file)
{
        uint64_t total;

        if (file == NULL)
                return 0;
        return file->publish.sealed ? file_size(file) : allocator_taken(&file->allocator, &total);
}

int rmmap_allocator_save(const struct rmmap_file *file, void *buffer, size_t *length)
{
        if (file == NULL || length == NULL)
                return -EINVAL;
        return allocator_save(&file->allocator, buffer, length);
}

int rmmap_allocator_restore(struct rmmap_file *file, const void *buffer, size_t length)
{
        int err;

        if (buffer == NULL)
                return -EINVAL;
        err = check_unsealed(file);
        if (err != 0)
                return err;
        if (!claims_pause(&file->claims))
                return -EBUSY;
        err = allocator_restore(&file->allocator, buffer, length);
        claims_resume(&file->claims);
        return err;
}
