/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The public calls that sync and flush, and tell of the error: checks only. */
#include "api-check.h"
#include "sync-exec.h"

/* ---- flush */

/* For the kernel a length of 0 means everything up to the end; here it means nothing. */
static int flush_piece(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        if (length == 0)
                return 0;
        count(&file->sync.flush_calls, 1);
        return sync_start_writeback(file, offset, length);
}

int rmmap_flush(struct rmmap_file *file)
{
        int err = check_handle(file);

        return err != 0 ? err : flush_piece(file, 0, file_size(file));
}

int rmmap_flush_range(struct rmmap_file *file, struct rmmap_receipt receipt)
{
        uint64_t start = receipt.opaque[WORD_START];
        int err = check_receipt_and_process(file, &receipt);

        return err != 0 ? err : flush_piece(file, start, receipt.opaque[WORD_END] - start);
}

/* ---- sync */

int rmmap_sync_range(struct rmmap_file *file, struct rmmap_receipt receipt)
{
        int err = check_receipt_and_process(file, &receipt);

        if (err != 0)
                return err;
        return sync_piece(file, receipt.opaque[WORD_START], receipt.opaque[WORD_END], true);
}

int rmmap_sync_ranges(struct rmmap_file *file, const struct rmmap_receipt *receipts, size_t count)
{
        struct sync_set set = {.records = true};
        int err = check_receipts(file, receipts, count, &set);

        return err != 0 ? err : sync_run(file, &set, 1);
}

int rmmap_sync_within(struct rmmap_file *file, struct rmmap_range range, uint64_t offset,
                      uint64_t length)
{
        uint64_t start = range_start(&range) + offset;
        int err = check_range_and_process(file, &range);

        if (err != 0)
                return err;
        if (!within(offset, length, range_length(&range)))
                return -ERANGE;
        return sync_piece(file, start, start + length, false);
}

int rmmap_sync_all(struct rmmap_file *file)
{
        struct sync_set set = {.everything = true, .records = true};
        int err = check_handle(file);

        return err != 0 ? err : sync_run(file, &set, 1);
}

int rmmap_error(const struct rmmap_file *file)
{
        return file == NULL ? -EINVAL : sync_error(file);
}

/* ---- raw access */

int rmmap_raw_flush(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        int err = check_bytes_and_process(file, offset, length);

        return err != 0 ? err : flush_piece(file, offset, length);
}

int rmmap_raw_sync(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        int err = check_bytes_and_process(file, offset, length);

        return err != 0 ? err : sync_piece(file, offset, offset + length, false);
}
