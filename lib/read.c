/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The public calls that read ranges, or return their address in the mapping: checks only. */
#include "api-check.h"
#include "io-path.h"

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
        if (file->os.mapping.base == NULL)
                return -EOPNOTSUPP;
        *data = file->os.mapping.base + range_start(&range);
        return 0;
}

int rmmap_range_view(struct rmmap_file *file, struct rmmap_range range, const void **data)
{
        int err = check_read(file, &range, data, 1);

        if (err != 0)
                return err;
        if (file->os.mapping.base == NULL)
                return -EOPNOTSUPP;
        *data = file->os.mapping.base + range_start(&range);
        return 0;
}
