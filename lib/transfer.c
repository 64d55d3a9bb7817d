/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Writing and reading by ranges: thin checkers on top of move.c. */
#include <errno.h>

#include "base/checked.h"
#include "file.h"

/* NULL, seal, owner, EROFS, in this order; memory may be NULL where there is nothing to move. */
static inline int check_write(const struct rmmap_file *file, const struct rmmap_range *range,
                              const void *data, size_t length)
{
        int err;

        if (unlikely(file == NULL || (data == NULL && length != 0)))
                return -EINVAL;
        err = range_check(range, file->owner);
        if (unlikely(err != 0))
                return err;
        return unlikely(file->read_only) ? -EROFS : 0;
}

static inline int check_read(const struct rmmap_file *file, const struct rmmap_range *range,
                             void *buffer, size_t length)
{
        if (unlikely(file == NULL || (buffer == NULL && length != 0)))
                return -EINVAL;
        return range_check(range, file->owner);
}

int rmmap_write_range(struct rmmap_file *file, struct rmmap_range range, const void *data,
                      size_t length, struct rmmap_receipt *receipt)
{
        int err = check_write(file, &range, data, length);

        if (unlikely(err != 0))
                return err;
        if (unlikely(length != range_length(&range)))
                return -EMSGSIZE;
        err = io_write(file, range_start(&range), data, length);
        if (unlikely(err != 0))
                return err;
        receipt_give(receipt, &range);
        return 0;
}

int rmmap_write_range_durable(struct rmmap_file *file, struct rmmap_range range, const void *data,
                              size_t length, struct rmmap_receipt *receipt)
{
        int err = check_write(file, &range, data, length);
        struct sync_set work = {.everything = false};

        if (err != 0)
                return err;
        if (file_forked(file))
                return -EPERM;
        if (length != range_length(&range))
                return -EMSGSIZE;
        err = durability_error(file);
        if (err != 0)
                return err;
        err = durability_write(file, range_start(&range), data, length);
        if (err == -EOPNOTSUPP) {
                err = io_write(file, range_start(&range), data, length);
                sync_set_add(&work, range.opaque[WORD_START], range.opaque[WORD_END]);
                if (err == 0)
                        err = durability_sync(file, &work);
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

/* The pieces must fill the range exactly. Their sum is formed so that it can't wrap. */
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

                /* Read once more: who changes the array meanwhile still can't leave the range. */
                if (length > end - offset)
                        return -EMSGSIZE;
                err = io_write(file, offset, iov[i].iov_base, length);
                offset += length;
        }
        if (err == 0)
                err = io_finish(file, range_start(&range), range_length(&range));
        if (err == 0)
                receipt_give(receipt, &range);
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
        return io_write(file, range_start(&range) + offset, data, length);
}

int rmmap_mark_written(struct rmmap_file *file, struct rmmap_range range,
                       struct rmmap_receipt *receipt)
{
        int err = check_write(file, &range, receipt, 1);

        if (err == 0)
                receipt_give(receipt, &range);
        return err;
}

int rmmap_read_range(struct rmmap_file *file, struct rmmap_range range, void *buffer,
                     size_t capacity, size_t *length)
{
        int err = check_read(file, &range, buffer, capacity);

        if (unlikely(err != 0))
                return err;
        if (unlikely(capacity < range_length(&range)))
                return -ENOBUFS;
        err = io_read(file, range_start(&range), buffer, (size_t)range_length(&range));
        if (likely(err == 0) && length != NULL)
                *length = (size_t)range_length(&range);
        return err;
}

int rmmap_read_within(struct rmmap_file *file, struct rmmap_range range, uint64_t offset,
                      void *buffer, size_t length)
{
        int err = check_read(file, &range, buffer, length);

        if (unlikely(err != 0))
                return err;
        if (unlikely(!within(offset, length, range_length(&range))))
                return -ERANGE;
        return io_read(file, range_start(&range) + offset, buffer, length);
}

int rmmap_range_data(struct rmmap_file *file, struct rmmap_range range, void **data)
{
        int err = check_write(file, &range, data, 1);

        if (err != 0)
                return err;
        if (file->base == NULL)
                return -EOPNOTSUPP;
        *data = file->base + range_start(&range);
        return 0;
}

int rmmap_range_view(struct rmmap_file *file, struct rmmap_range range, const void **data)
{
        int err = check_read(file, &range, data, 1);

        if (err != 0)
                return err;
        if (file->base == NULL)
                return -EOPNOTSUPP;
        *data = file->base + range_start(&range);
        return 0;
}
