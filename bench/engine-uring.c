/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Buffered io_uring: one ring per thread, large writes in slices, small ones in batches. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include <liburing.h>

#include "descriptor.h"
#include "engines.h"

#define DEPTH 16
#define BATCH 8
#define SLICE MIB(1)

struct uring_file {
        int fd;
};

struct uring_context {
        struct io_uring ring;
        int fd;
        unsigned int queued;   /* not submitted yet */
        unsigned int inflight; /* submitted, completion not read yet */
        int error;             /* the first one */
};

static int wrap(int fd, void **file)
{
        struct uring_file *uring;

        if (fd < 0)
                return fd;
        uring = malloc(sizeof(*uring));
        if (uring == NULL)
                return close(fd), -ENOMEM;
        uring->fd = fd;
        *file = uring;
        return 0;
}

static int uring_create(const struct engine *engine, const struct job *job, void **file)
{
        int fd = descriptor_create(job->path, 0);
        int err = fd < 0 ? fd : descriptor_resize(fd, job->size);

        (void)engine;
        if (err != 0 && fd >= 0)
                close(fd);
        return err != 0 ? err : wrap(fd, file);
}

static int uring_open(const struct engine *engine, const struct job *job, void **file)
{
        (void)engine;
        return wrap(descriptor_open(job->path, 0), file);
}

static int uring_attach(void *file, void **context)
{
        struct uring_context *uring = calloc(1, sizeof(*uring));
        int err;

        if (uring == NULL)
                return -ENOMEM;
        uring->fd = ((struct uring_file *)file)->fd;
        err = io_uring_queue_init(DEPTH, &uring->ring, 0);
        if (err != 0)
                return free(uring), err;
        *context = uring;
        return 0;
}

static void uring_detach(void *context)
{
        struct uring_context *uring = context;

        io_uring_queue_exit(&uring->ring);
        free(uring);
}

static int submit(struct uring_context *uring)
{
        while (uring->queued > 0) {
                int done = io_uring_submit(&uring->ring);

                if (done < 0 && done != -EINTR)
                        return done;
                if (done > 0) {
                        uring->queued -= (unsigned int)done;
                        uring->inflight += (unsigned int)done;
                }
        }
        return 0;
}

/* Submits what is queued; then waits until at most that many requests are in flight. */
static int settle(struct uring_context *uring, unsigned int most)
{
        struct io_uring_cqe *cqe;
        int err = submit(uring);

        if (err != 0)
                return err;
        while (uring->inflight > most) {
                err = io_uring_wait_cqe(&uring->ring, &cqe);
                if (err == -EINTR)
                        continue;
                if (err < 0)
                        return err;
                /* user_data is the length that the request must have moved. */
                if (cqe->res < 0 && uring->error == 0)
                        uring->error = cqe->res;
                else if ((uint64_t)cqe->res != cqe->user_data && uring->error == 0)
                        uring->error = -EIO;
                io_uring_cqe_seen(&uring->ring, cqe);
                uring->inflight--;
        }
        return uring->error;
}

/* A free entry. The ring has room for all requests in flight, so no completion is lost. */
static struct io_uring_sqe *entry(struct uring_context *uring, int *err)
{
        struct io_uring_sqe *sqe;

        *err = 0;
        if (uring->queued + uring->inflight == DEPTH)
                *err = settle(uring, DEPTH / 2);
        sqe = *err != 0 ? NULL : io_uring_get_sqe(&uring->ring);
        if (sqe == NULL)
                return *err = *err != 0 ? *err : -EBUSY, NULL;
        uring->queued++;
        return sqe;
}

static int queue(struct uring_context *uring, const struct spot *spot, unsigned char *data,
                 bool reading)
{
        for (size_t done = 0; done < spot->length;) {
                unsigned int slice = (unsigned int)smaller(spot->length - done, SLICE);
                int err;
                struct io_uring_sqe *sqe = entry(uring, &err);

                if (sqe == NULL)
                        return err;
                if (reading)
                        io_uring_prep_read(sqe, uring->fd, data + done, slice, spot->offset + done);
                else
                        io_uring_prep_write(sqe, uring->fd, data + done, slice,
                                            spot->offset + done);
                sqe->user_data = slice;
                done += slice;
        }
        return 0;
}

static int uring_write(void *context, const struct spot *spot, void *data)
{
        struct uring_context *uring = context;
        int err = queue(uring, spot, data, false);

        if (err != 0)
                return err;
        return spot->length < LARGE && uring->queued < BATCH ? 0 : settle(uring, DEPTH);
}

static int uring_drain(void *context)
{
        return settle(context, 0);
}

static int uring_write_durable(void *context, const struct spot *spot, void *data)
{
        struct uring_context *uring = context;
        struct io_uring_sqe *sqe;
        int err;

        sqe = entry(uring, &err);
        if (sqe == NULL)
                return err;
        io_uring_prep_write(sqe, uring->fd, data, (unsigned int)spot->length, spot->offset);
        sqe->user_data = spot->length;
        sqe->flags |= IOSQE_IO_LINK;
        sqe = entry(uring, &err);
        if (sqe == NULL)
                return err;
        io_uring_prep_fsync(sqe, uring->fd, IORING_FSYNC_DATASYNC);
        sqe->user_data = 0;
        return settle(uring, 0);
}

static int uring_read(void *context, const struct spot *spot, void *data)
{
        int err = queue(context, spot, data, true);

        return err != 0 ? err : settle(context, 0);
}

static int uring_sync(void *file)
{
        return descriptor_sync(((struct uring_file *)file)->fd);
}

static void uring_close(void *file)
{
        close(((struct uring_file *)file)->fd);
        free(file);
}

const struct engine engine_uring = {
        .name = "io_uring",
        .title = "ftruncate, buffered io_uring writes up to 16 deep, fdatasync",
        .flags = ENGINE_PEER,
        .create = uring_create,
        .open = uring_open,
        .attach = uring_attach,
        .detach = uring_detach,
        .write = uring_write,
        .write_durable = uring_write_durable,
        .read = uring_read,
        .drain = uring_drain,
        .sync = uring_sync,
        .close = uring_close,
};
