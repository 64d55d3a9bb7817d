/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Argument checks that the public functions have in common, in this order: NULL (EINVAL), the seal
 * (EINVAL), the owner (EXDEV), a forked child (EPERM), a read-only handle (EROFS). Each function
 * checks bounds and lengths itself, after these. Layer 3.
 */
#ifndef RMMAP_API_CHECK_H
#define RMMAP_API_CHECK_H

#include <errno.h>

#include "base/checked.h"
#include "checkpoint.h"
#include "file.h"
#include "sync-set.h"

/* For calls that only the process that made the handle may make. */
static inline int check_handle(const struct rmmap_file *file)
{
        if (unlikely(file == NULL))
                return -EINVAL;
        return unlikely(file_forked(file)) ? -EPERM : 0;
}

/* For calls that change what is handed out. */
static inline int check_unsealed(const struct rmmap_file *file)
{
        int err = check_handle(file);

        return err == 0 && file->publish.sealed ? -EROFS : err;
}

static inline int check_range(const struct rmmap_file *file, const struct rmmap_range *range)
{
        return unlikely(file == NULL) ? -EINVAL : range_check(range, file->config.owner);
}

/* As check_range, for calls that a forked child may not make. */
static inline int check_range_and_process(const struct rmmap_file *file,
                                          const struct rmmap_range *range)
{
        int err = check_range(file, range);

        return err != 0 ? err : check_handle(file);
}

/* With a checkpoint, a receipt of bytes that were given back is refused. */
static inline int check_receipt(const struct rmmap_file *file, const struct rmmap_receipt *receipt)
{
        int err = file == NULL ? -EINVAL : receipt_check(receipt, file->config.owner);

        if (err == 0 && file->checkpoint != NULL &&
            !checkpoint_is_written(file->checkpoint, receipt->opaque[WORD_START],
                                   receipt->opaque[WORD_END]))
                err = -EINVAL;
        return err;
}

/* Adds the receipts' bytes to the set. For calls that a forked child may not make. */
static inline int check_receipts(const struct rmmap_file *file,
                                 const struct rmmap_receipt *receipts, size_t count,
                                 struct sync_set *set)
{
        if (file == NULL || (receipts == NULL && count != 0))
                return -EINVAL;
        for (size_t i = 0; i < count; i++) {
                int err = check_receipt(file, &receipts[i]);

                if (err != 0)
                        return err;
                sync_set_add(set, receipts[i].opaque[WORD_START], receipts[i].opaque[WORD_END]);
        }
        return check_handle(file);
}

static inline int check_receipt_and_process(const struct rmmap_file *file,
                                            const struct rmmap_receipt *receipt)
{
        int err = check_receipt(file, receipt);

        return err != 0 ? err : check_handle(file);
}

static inline int check_bytes_and_process(const struct rmmap_file *file, uint64_t offset,
                                          uint64_t length)
{
        int err = check_handle(file);

        if (err == 0 && !within(offset, length, file_size(file)))
                err = -ERANGE;
        return err;
}

/* memory may be NULL where length is 0. */
static inline int check_read(const struct rmmap_file *file, const struct rmmap_range *range,
                             const void *memory, size_t length)
{
        return unlikely(memory == NULL && length != 0) ? -EINVAL : check_range(file, range);
}

static inline int check_write(const struct rmmap_file *file, const struct rmmap_range *range,
                              const void *memory, size_t length)
{
        int err = check_read(file, range, memory, length);

        if (unlikely(err != 0))
                return err;
        return unlikely(file->config.read_only) ? -EROFS : 0;
}

#endif
