/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "descriptor.h"
#include "verify.h"

#define PIECE MIB(1)

struct check {
        const struct job *job;
        const struct engine *engine;
        const struct pool *pool;
        const struct contents *contents;
        void *file;
        int fd;
        size_t grain;           /* bytes of the unit of the check: a page, or a smaller block */
        unsigned char *written; /* a bit per grain: the last pass wrote it */
        unsigned char *buffer;
        uint64_t found; /* grains that aren't zeros */
};

static bool is_written(const struct check *check, uint64_t grain)
{
        return check->written[grain / 8] >> (grain % 8) & 1;
}

static void mark(struct check *check, uint64_t offset, uint64_t length)
{
        uint64_t end = smaller(offset + length, check->job->size);

        for (uint64_t i = offset / check->grain; i * check->grain < end; i++)
                check->written[i / 8] |= (unsigned char)(1u << i % 8);
}

/* Marks the grains that the last pass wrote. Returns how many of the file must not be zeros. */
static uint64_t mark_all(struct check *check)
{
        const struct job *job = check->job;
        uint64_t grains = (job->size + check->grain - 1) / check->grain, marked = 0;

        for (uint64_t i = 0; i < job->length; i++)
                mark(check, (job->blocks != NULL ? job->blocks[i] : i) * job->block, job->block);
        if (check->contents->rest != 0)
                return grains;
        for (uint64_t i = 0; i < grains; i++)
                marked += is_written(check, i);
        return marked;
}

static int complain(const struct check *check, uint64_t offset)
{
        fprintf(stderr, "rmmap-bench: %s: %s: wrong data at offset %llu\n", check->job->label,
                check->engine->name, (unsigned long long)offset);
        return -EILSEQ;
}

static int check_grain(struct check *check, uint64_t offset, const unsigned char *bytes,
                       size_t length)
{
        static const unsigned char zeros[PAGE];
        unsigned int shift = is_written(check, offset / check->grain) ? check->contents->shift
                                                                      : check->contents->rest;
        const unsigned char *expected = shift == 0 ? zeros : pool_at(check->pool, offset, shift);

        check->found += shift != 0;
        return memcmp(bytes, expected, length) == 0 ? 0 : complain(check, offset);
}

static int check_piece(struct check *check, uint64_t offset, size_t length)
{
        struct spot spot = {offset, length, false, {0}};
        int err = check->fd >= 0 ? descriptor_read(check->fd, check->buffer, length, offset)
                                 : check->engine->read(check->file, &spot, check->buffer);

        for (size_t i = 0; i < length && err == 0; i += check->grain)
                err = check_grain(check, offset + i, check->buffer + i,
                                  (size_t)smaller(check->grain, length - i));
        return err;
}

/* Finds where the next data starts and ends; holes are zeros by definition. */
static void next_data(const struct check *check, uint64_t *start, uint64_t *end)
{
        off_t data = check->fd < 0 ? -1 : lseek(check->fd, (off_t)*start, SEEK_DATA);
        off_t hole = data < 0 ? -1 : lseek(check->fd, data, SEEK_HOLE);

        *end = check->job->size;
        if (data < 0 && check->fd >= 0 && errno == ENXIO)
                *start = *end;
        if (hole < 0)
                return;
        *start = (uint64_t)data / PAGE * PAGE;
        *end = smaller(((uint64_t)hole + PAGE - 1) / PAGE * PAGE, *end);
}

static int check_all(struct check *check)
{
        uint64_t expected = mark_all(check), offset = 0, end = 0;
        int err = 0;

        while (err == 0 && offset < check->job->size) {
                if (offset >= end)
                        next_data(check, &offset, &end);
                for (; err == 0 && offset < end; offset += PIECE)
                        err = check_piece(check, offset, (size_t)smaller(PIECE, end - offset));
                offset = end;
        }
        if (err == 0 && check->found != expected) {
                fprintf(stderr, "rmmap-bench: %s: %s: %llu blocks, not %llu, have data\n",
                        check->job->label, check->engine->name, (unsigned long long)check->found,
                        (unsigned long long)expected);
                err = -EILSEQ;
        }
        return err;
}

int verify(const struct job *job, const struct engine *engine, void *file, const struct pool *pool,
           const struct contents *contents)
{
        struct check check = {
                job,  engine, pool, contents, file, -1, (size_t)smaller(PAGE, job->block),
                NULL, NULL,   0};
        int err = 0;

        check.written = calloc(1, (size_t)(job->size / check.grain / 8 + 1));
        check.buffer = malloc(PIECE);
        if (check.written == NULL || check.buffer == NULL)
                err = -ENOMEM;
        if (err == 0 && !(engine->flags & ENGINE_NO_FILE)) {
                check.fd = descriptor_open(job->path, 0);
                err = check.fd < 0 ? check.fd : 0;
                if (err == 0 && job->durable)
                        posix_fadvise(check.fd, 0, 0, POSIX_FADV_DONTNEED);
        }
        if (err == 0)
                err = check_all(&check);
        if (check.fd >= 0)
                close(check.fd);
        free(check.written);
        free(check.buffer);
        return err;
}
