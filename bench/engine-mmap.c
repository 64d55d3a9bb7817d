/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A mapping as other libraries use it: one memcpy for each write, msync at the end. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "descriptor.h"
#include "engines.h"

struct mapped {
        int fd;
        unsigned char *base;
        size_t size;
};

static void mapped_close(void *file)
{
        struct mapped *mapped = file;

        if (mapped->base != NULL)
                munmap(mapped->base, mapped->size);
        close(mapped->fd);
        free(mapped);
}

static int map_file(int fd, const struct job *job, void **file)
{
        struct mapped *mapped;
        void *base;

        if (fd < 0)
                return fd;
        mapped = calloc(1, sizeof(*mapped));
        if (mapped == NULL)
                return close(fd), -ENOMEM;
        mapped->fd = fd;
        mapped->size = (size_t)job->size;
        base = mmap(NULL, mapped->size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (base == MAP_FAILED) {
                int err = -errno;

                mapped_close(mapped);
                return err;
        }
        mapped->base = base;
        *file = mapped;
        return 0;
}

static int mapped_create(const struct engine *engine, const struct job *job, void **file)
{
        int fd = descriptor_create(job->path, 0);
        int err = fd < 0 ? fd : descriptor_resize(fd, job->size);

        (void)engine;
        if (err != 0 && fd >= 0)
                close(fd);
        return err != 0 ? err : map_file(fd, job, file);
}

static int mapped_open(const struct engine *engine, const struct job *job, void **file)
{
        (void)engine;
        return map_file(descriptor_open(job->path, 0), job, file);
}

static int mapped_write(void *context, const struct spot *spot, void *data)
{
        struct mapped *mapped = context;

        memcpy(mapped->base + spot->offset, data, spot->length);
        return 0;
}

static int mapped_write_durable(void *context, const struct spot *spot, void *data)
{
        struct mapped *mapped = context;

        memcpy(mapped->base + spot->offset, data, spot->length);
        return msync(mapped->base + spot->offset, spot->length, MS_SYNC) == 0 ? 0 : -errno;
}

static int mapped_read(void *context, const struct spot *spot, void *data)
{
        struct mapped *mapped = context;

        memcpy(data, mapped->base + spot->offset, spot->length);
        return 0;
}

static int mapped_sync(void *file)
{
        struct mapped *mapped = file;

        return msync(mapped->base, mapped->size, MS_SYNC) == 0 ? 0 : -errno;
}

const struct engine engine_mmap = {
        .name = "mmap",
        .title = "ftruncate, mmap, memcpy, msync: as libraries of this kind do it",
        .flags = ENGINE_CORE | ENGINE_PEER,
        .create = mapped_create,
        .open = mapped_open,
        .write = mapped_write,
        .write_durable = mapped_write_durable,
        .read = mapped_read,
        .sync = mapped_sync,
        .close = mapped_close,
};
