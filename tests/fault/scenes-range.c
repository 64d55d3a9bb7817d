/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* All that works on ranges, allocators and the handle alone, and so can't be made to fail. */
#include "scenes.h"

static int split(struct stage *stage, struct results *results)
{
        struct rmmap_range low, high;

        if (rmmap_range_split_up(stage->range, 1, &low, &high) != RMMAP_SPLIT_BOTH ||
            rmmap_range_split_down(stage->range, PAGE + 1, &low, &high) != RMMAP_SPLIT_BOTH ||
            rmmap_range_end(low) != rmmap_range_start(high) ||
            rmmap_align_up(AT + 1) != rmmap_range_end(low) ||
            rmmap_align_down(AT + 1) != rmmap_range_start(low) || rmmap_range_is_empty(low) ||
            !rmmap_range_equal(low, low) || rmmap_range_length(low) != PAGE)
                return WRONG;
        results->range = low;
        results->other = high;
        return 0;
}

static int look_at_receipt(struct stage *stage, struct results *results)
{
        struct rmmap_receipt receipt = stage->receipt;

        if (rmmap_receipt_start(receipt) != AT || rmmap_receipt_end(receipt) != AT + LENGTH ||
            rmmap_receipt_length(receipt) != LENGTH || rmmap_receipt_is_empty(receipt) ||
            !rmmap_receipt_equal(receipt, receipt) ||
            !rmmap_range_equal(rmmap_receipt_range(receipt), stage->range))
                return WRONG;
        return rmmap_mark_written(stage->file, stage->range, &results->receipt);
}

static int encode(struct stage *stage, struct results *results)
{
        unsigned char *bytes = results->encoded;
        int err = rmmap_range_encode(stage->range, bytes, RMMAP_RANGE_ENCODED_SIZE);

        if (err == 0)
                err = rmmap_unclaim_range(stage->file, stage->range);
        if (err == 0)
                err = rmmap_range_decode(stage->file, bytes, RMMAP_RANGE_ENCODED_SIZE,
                                         &results->range);
        if (err == 0)
                err = rmmap_receipt_encode(stage->receipt, bytes, RMMAP_RECEIPT_ENCODED_SIZE);
        return err != 0 ? err
                        : rmmap_receipt_decode(stage->file, bytes, RMMAP_RECEIPT_ENCODED_SIZE,
                                               &results->receipt);
}

static int allocate(struct stage *stage, struct results *results)
{
        if (rmmap_remaining(stage->file) != 0 || rmmap_allocated(stage->file) != SIZE ||
            rmmap_allocate(stage->file, PAGE, &results->range) != -ENOSPC ||
            rmmap_allocate_exact(stage->file, PAGE, &results->range) != -ENOSPC ||
            rmmap_give_back_range(stage->file, stage->range) != -EOPNOTSUPP ||
            rmmap_sequential_allocator() == rmmap_concurrent_allocator())
                return WRONG;
        return rmmap_claim_range(stage->file, 0, PAGE, &results->range);
}

/* Restoring is for before the first allocate; there was one. */
static int save(struct stage *stage, struct results *results)
{
        size_t length = sizeof(results->saved);
        int err = rmmap_allocator_save(stage->file, results->saved, &length);

        if (err == 0 && rmmap_allocator_restore(stage->file, results->saved, length) != -EBUSY)
                return WRONG;
        results->length = length;
        return err;
}

static int describe(struct stage *stage, struct results *results)
{
        const void *view = NULL;
        void *data = NULL;

        results->info = (struct rmmap_info)RMMAP_INFO_INIT;
        if (rmmap_version() != RMMAP_VERSION || rmmap_size(stage->file) != SIZE ||
            rmmap_fd(stage->file) < 0 || rmmap_raw_data(stage->file, &data) != 0 ||
            rmmap_raw_view(stage->file, &view) != 0 || view != data ||
            rmmap_range_view(stage->file, stage->range, &view) != 0 ||
            view != (unsigned char *)data + AT)
                return WRONG;
        return rmmap_describe(stage->file, &results->info);
}

const struct scene scenes_range[] = {
        {.name = "split", .one_setup = true, .prepare = stage_file, .act = split},
        {.name = "receipt", .one_setup = true, .prepare = stage_file, .act = look_at_receipt},
        {.name = "encode", .one_setup = true, .prepare = stage_file, .act = encode},
        {.name = "allocate", .one_setup = true, .prepare = stage_file, .act = allocate},
        {.name = "save", .one_setup = true, .prepare = stage_file, .act = save},
        {.name = "describe", .prepare = stage_file, .act = describe},
        {.name = NULL},
};
