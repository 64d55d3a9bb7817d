/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ranges of a handle: allocated, claimed, and encoded as bytes. */
#include "api-check.h"

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
                return -EINVAL;
        if (likely(file->bump != NULL && flags == 0))
                err = bump_add(file->bump, size, &start, &end);
        else
                err = allocator_allocate(&file->allocator, size, flags, &start, &end);
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

int rmmap_claim_range(struct rmmap_file *file, uint64_t start, uint64_t end,
                      struct rmmap_range *range)
{
        int err;

        if (range == NULL)
                return -EINVAL;
        err = check_handle(file);
        if (err != 0)
                return err;
        err = start == end ? -EINVAL : allocator_check_bounds(&file->allocator, start, end);
        if (err == 0)
                err = claims_take(&file->claims, start, end);
        if (err == 0)
                range_seal(range, start, end, file->config.owner);
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

int rmmap_give_back_range(struct rmmap_file *file, struct rmmap_range range)
{
        int err = check_range_and_process(file, &range);

        if (err != 0)
                return err;
        if (range_length(&range) == 0)
                return 0;
        if (file->allocator.ops.give_back == NULL)
                return -EOPNOTSUPP;
        err = claims_give_back(&file->claims, range.opaque[WORD_START], range.opaque[WORD_END]);
        if (err != 0)
                return err;
        return allocator_give_back(&file->allocator, range.opaque[WORD_START],
                                   range.opaque[WORD_END]);
}

uint64_t rmmap_remaining(const struct rmmap_file *file)
{
        return file == NULL ? 0 : allocator_remaining(&file->allocator);
}

uint64_t rmmap_allocated(const struct rmmap_file *file)
{
        return file == NULL ? 0 : file->config.size - allocator_remaining(&file->allocator);
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
        err = check_handle(file);
        if (err != 0)
                return err;
        if (!claims_pause(&file->claims))
                return -EBUSY;
        err = allocator_restore(&file->allocator, buffer, length);
        claims_resume(&file->claims);
        return err;
}
