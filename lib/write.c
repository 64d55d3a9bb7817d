/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The public calls that write ranges: checks, the copy, and the write-back that was asked for. */
#include "api-check.h"
#include "checkpoint.h"
#include "io-path.h"
#include "sync-exec.h"

int rmmap_write_range(struct rmmap_file *file, struct rmmap_range range, const void *data,
                      size_t length, struct rmmap_receipt *receipt)
{
        int err = check_write(file, &range, data, length);

        if (unlikely(err != 0))
                return err;
        if (unlikely(length != range_length(&range)))
                return -EMSGSIZE;
        err = io_write(file, range_start(&range), data, length);
        if (likely(err == 0))
                err = sync_after_write(file, range_start(&range), length);
        if (likely(err == 0))
                checkpoint_give_receipt(file, receipt, &range);
        return err;
}

static int sync_written(struct rmmap_file *file, const struct rmmap_range *range)
{
        checkpoint_give_receipt(file, NULL, range);
        return sync_piece(file, range->opaque[WORD_START], range->opaque[WORD_END], true);
}

int rmmap_write_range_durable(struct rmmap_file *file, struct rmmap_range range, const void *data,
                              size_t length, struct rmmap_receipt *receipt)
{
        int err = check_write(file, &range, data, length);

        if (err != 0)
                return err;
        if (file_forked(file))
                return -EPERM;
        if (length != range_length(&range))
                return -EMSGSIZE;
        err = sync_error(file);
        if (err != 0)
                return err;
        err = sync_write(file, range_start(&range), data, length);
        if (err == -EOPNOTSUPP) {
                err = io_write(file, range_start(&range), data, length);
                if (err == 0)
                        err = sync_written(file, &range);
        }
        if (err == 0)
                receipt_give(receipt, &range);
        return err;
}

static bool pieces_are_there(const struct iovec *iov, int iovcnt)
{
        if (iovcnt < 0 || (iov == NULL && iovcnt != 0))
                return false;
        for (int i = 0; i < iovcnt; i++)
                if (iov[i].iov_base == NULL && iov[i].iov_len != 0)
                        return false;
        return true;
}

/* Do the pieces fill the range exactly? Their sum can't wrap. */
static bool pieces_fill(const struct iovec *iov, int iovcnt, uint64_t length)
{
        uint64_t left = length;

        for (int i = 0; i < iovcnt; i++) {
                if (iov[i].iov_len > left)
                        return false;
                left -= iov[i].iov_len;
        }
        return left == 0;
}

int rmmap_writev_range(struct rmmap_file *file, struct rmmap_range range, const struct iovec *iov,
                       int iovcnt, struct rmmap_receipt *receipt)
{
        uint64_t offset, end;
        int err;

        if (!pieces_are_there(iov, iovcnt))
                return -EINVAL;
        err = check_write(file, &range, iov, 0);
        if (err != 0)
                return err;
        if (!pieces_fill(iov, iovcnt, range_length(&range)))
                return -EMSGSIZE;
        offset = range.opaque[WORD_START];
        end = range.opaque[WORD_END];
        for (int i = 0; i < iovcnt && err == 0; i++) {
                size_t length = iov[i].iov_len;

                /* Read again: a thread that changes the array can't widen the copy. */
                if (length > end - offset)
                        return -EMSGSIZE;
                err = io_write(file, offset, iov[i].iov_base, length);
                offset += length;
        }
        if (err == 0)
                err = sync_after_write(file, range_start(&range), range_length(&range));
        if (err == 0)
                checkpoint_give_receipt(file, receipt, &range);
        return err;
}

int rmmap_write_within(struct rmmap_file *file, struct rmmap_range range, uint64_t offset,
                       const void *data, size_t length)
{
        int err = check_write(file, &range, data, length);

        if (unlikely(err != 0))
                return err;
        if (unlikely(!within(offset, length, range_length(&range))))
                return -ERANGE;
        err = io_write(file, range_start(&range) + offset, data, length);
        if (likely(err == 0))
                err = sync_after_write(file, range_start(&range) + offset, length);
        return err;
}

int rmmap_mark_written(struct rmmap_file *file, struct rmmap_range range,
                       struct rmmap_receipt *receipt)
{
        int err = check_write(file, &range, receipt, 1);

        if (err == 0)
                checkpoint_give_receipt(file, receipt, &range);
        return err;
}
