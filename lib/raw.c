/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Access by offset: the library checks bounds; the caller is responsible for overlap. */
#include <string.h>

#include "api-check.h"
#include "io-path.h"
#include "sync-exec.h"

/* The source buffer of a fill: small enough for the cache and for a small thread's stack. */
#define FILL_PATTERN ((size_t)16 << 10)

/* How much is filled before its write-back starts, with RMMAP_WRITE_BEHIND. */
#define FILL_PART ((uint64_t)2 << 20)

int rmmap_raw_write(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        int err;

        if (unlikely(file == NULL || (data == NULL && length != 0)))
                return -EINVAL;
        if (unlikely(file->config.read_only))
                return -EROFS;
        if (unlikely(!within(offset, length, file_size(file))))
                return -ERANGE;
        err = io_write(file, offset, data, length);
        if (likely(err == 0))
                err = sync_after_write(file, offset, length);
        return err;
}

int rmmap_raw_read(struct rmmap_file *file, uint64_t offset, void *buffer, size_t capacity,
                   size_t *length)
{
        size_t there;
        int err;

        if (unlikely(file == NULL || (buffer == NULL && capacity != 0)))
                return -EINVAL;
        there = offset < file_size(file) ? (size_t)min_u64(file_size(file) - offset, capacity) : 0;
        err = io_read(file, offset, buffer, there);
        if (likely(err == 0) && length != NULL)
                *length = there;
        return err;
}

static int fill_part(struct rmmap_file *file, uint64_t start, uint64_t end,
                     const unsigned char *pattern)
{
        for (uint64_t at = start; at < end; at += FILL_PATTERN) {
                int err = io_write(file, at, pattern, (size_t)min_u64(FILL_PATTERN, end - at));

                if (err != 0)
                        return err;
        }
        return sync_after_write(file, start, end - start);
}

int rmmap_raw_fill(struct rmmap_file *file, unsigned char byte)
{
        unsigned char pattern[FILL_PATTERN];
        uint64_t size;
        int err = 0;

        if (file == NULL)
                return -EINVAL;
        if (file->config.read_only)
                return -EROFS;
        size = file_size(file);
        memset(pattern, byte, sizeof(pattern));
        for (uint64_t at = 0; err == 0 && at < size; at += FILL_PART)
                err = fill_part(file, at, min_u64(at + FILL_PART, size), pattern);
        return err;
}

int rmmap_raw_zero(struct rmmap_file *file)
{
        return rmmap_raw_fill(file, 0);
}

int rmmap_raw_data(struct rmmap_file *file, void **data)
{
        if (file == NULL || data == NULL)
                return -EINVAL;
        if (file->config.read_only)
                return -EROFS;
        if (file->os.mapping.base == NULL)
                return -EOPNOTSUPP;
        *data = file->os.mapping.base;
        return 0;
}

int rmmap_raw_view(struct rmmap_file *file, const void **data)
{
        if (file == NULL || data == NULL)
                return -EINVAL;
        if (file->os.mapping.base == NULL)
                return -EOPNOTSUPP;
        *data = file->os.mapping.base;
        return 0;
}
