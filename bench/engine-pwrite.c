/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* pwrite in four variants: plain, tuned by hand, and two that leave nothing in the page cache. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "descriptor.h"
#include "engines.h"

enum habit { PLAIN, TUNED, DIRECT, DONTCACHE };

struct descriptor {
        int fd;
        bool early; /* each large write starts its write-back */
        bool drops; /* by RWF_DONTCACHE */
};

static void habit_close(void *file)
{
        struct descriptor *descriptor = file;

        close(descriptor->fd);
        free(descriptor);
}

static int wrap(int fd, const struct engine *engine, const struct job *job, void **file)
{
        struct descriptor *descriptor;

        if (fd < 0)
                return fd;
        descriptor = malloc(sizeof(*descriptor));
        if (descriptor == NULL)
                return close(fd), -ENOMEM;
        descriptor->fd = fd;
        descriptor->early = engine->choice == TUNED && job->durable && job->block >= LARGE;
        descriptor->drops = engine->choice == DONTCACHE;
        *file = descriptor;
        return 0;
}

static int habit_create(const struct engine *engine, const struct job *job, void **file)
{
        int fd = descriptor_create(job->path, engine->choice == DIRECT ? O_DIRECT : 0);
        int err;

        if (fd < 0)
                return fd;
        if (engine->choice == PLAIN || job->scenario->sparse)
                err = descriptor_resize(fd, job->size);
        else
                err = descriptor_reserve(fd, job->size);
        if (err != 0)
                return close(fd), err;
        return wrap(fd, engine, job, file);
}

static int habit_open(const struct engine *engine, const struct job *job, void **file)
{
        int fd = descriptor_open(job->path, engine->choice == DIRECT ? O_DIRECT : 0);

        return wrap(fd, engine, job, file);
}

static int habit_write(void *context, const struct spot *spot, void *data)
{
        struct descriptor *descriptor = context;
        int err;

        if (descriptor->drops)
                return descriptor_write_uncached(descriptor->fd, data, spot->length, spot->offset);
        err = descriptor_write(descriptor->fd, data, spot->length, spot->offset);
        if (err != 0 || !descriptor->early)
                return err;
        return sync_file_range(descriptor->fd, (off_t)spot->offset, (off_t)spot->length,
                               SYNC_FILE_RANGE_WRITE) == 0
                       ? 0
                       : -errno;
}

static int plain_write_durable(void *context, const struct spot *spot, void *data)
{
        struct descriptor *descriptor = context;
        int err = descriptor_write(descriptor->fd, data, spot->length, spot->offset);

        return err != 0 ? err : descriptor_sync(descriptor->fd);
}

static int tuned_write_durable(void *context, const struct spot *spot, void *data)
{
        struct descriptor *descriptor = context;

        return descriptor_write_dsync(descriptor->fd, data, spot->length, spot->offset);
}

static int habit_read(void *context, const struct spot *spot, void *data)
{
        struct descriptor *descriptor = context;

        return descriptor_read(descriptor->fd, data, spot->length, spot->offset);
}

static int habit_sync(void *file)
{
        struct descriptor *descriptor = file;

        return descriptor_sync(descriptor->fd);
}

/* Only jobs that use the disk can show its limit; with small requests a run would take hours. */
static bool direct_suits(const struct engine *engine, const struct job *job)
{
        const struct scenario *scenario = job->scenario;

        (void)engine;
        if (job->tmpfs || job->block % PAGE != 0)
                return false;
        if (scenario->operation == OP_WRITE_DURABLE)
                return scenario->start != START_WARM;
        if (job->block < LARGE && scenario->order != ORDER_PIECES)
                return false;
        return scenario->operation == OP_READ ? scenario->start == START_UNCACHED : job->durable;
}

static bool dontcache_suits(const struct engine *engine, const struct job *job)
{
        (void)engine;
        return !job->tmpfs && job->scenario->operation == OP_WRITE && job->durable;
}

#define FUNCTIONS                                                                                  \
        .create = habit_create, .open = habit_open, .write = habit_write, .read = habit_read,      \
        .sync = habit_sync, .close = habit_close

const struct engine engine_pwrite = {
        .name = "pwrite",
        .title = "ftruncate, pwrite, fdatasync",
        .flags = ENGINE_CORE | ENGINE_PEER,
        .choice = PLAIN,
        .write_durable = plain_write_durable,
        FUNCTIONS,
};

const struct engine engine_tuned = {
        .name = "tuned",
        .title = "fallocate, pwrite, early sync_file_range, fdatasync; RWF_DSYNC for records",
        .flags = ENGINE_PEER,
        .choice = TUNED,
        .write_durable = tuned_write_durable,
        FUNCTIONS,
};

const struct engine engine_direct = {
        .name = "direct",
        .title = "fallocate, O_DIRECT pwrite, fdatasync: the disk's limit",
        .flags = ENGINE_PEER,
        .choice = DIRECT,
        .suits = direct_suits,
        .write_durable = tuned_write_durable,
        FUNCTIONS,
};

const struct engine engine_dontcache = {
        .name = "dontcache",
        .title = "fallocate, pwritev2 with RWF_DONTCACHE (Linux 6.14), fdatasync",
        .flags = ENGINE_PEER,
        .choice = DONTCACHE,
        .suits = dontcache_suits,
        .write_durable = tuned_write_durable,
        FUNCTIONS,
};
