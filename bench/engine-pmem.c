/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* libpmem: pmem_map_file reserves and maps, pmem_memcpy copies, pmem_msync or persist. */
#include <errno.h>
#include <stdlib.h>

#include <libpmem.h>

#include "engines.h"

/* From this length on libpmem itself uses non-temporal stores. */
#define STREAMED 256

struct pmem {
        unsigned char *base;
        size_t size;
        int is_pmem;
};

static int map_file(const struct job *job, size_t size, int flags, void **file)
{
        struct pmem *pmem = calloc(1, sizeof(*pmem));

        if (pmem == NULL)
                return -ENOMEM;
        pmem->base = pmem_map_file(job->path, size, flags, 0600, &pmem->size, &pmem->is_pmem);
        if (pmem->base == NULL) {
                int err = -errno;

                free(pmem);
                return err;
        }
        *file = pmem;
        return 0;
}

static int pmem_create(const struct engine *engine, const struct job *job, void **file)
{
        int flags = PMEM_FILE_CREATE | PMEM_FILE_EXCL;

        (void)engine;
        if (job->scenario->sparse)
                flags |= PMEM_FILE_SPARSE;
        return map_file(job, (size_t)job->size, flags, file);
}

static int pmem_open(const struct engine *engine, const struct job *job, void **file)
{
        (void)engine;
        return map_file(job, 0, 0, file);
}

static int pmem_write(void *context, const struct spot *spot, void *data)
{
        struct pmem *pmem = context;
        /* Flushing the processor's caches after small writes helps only persistent memory. */
        bool cached = !pmem->is_pmem && spot->length < STREAMED;

        pmem_memcpy(pmem->base + spot->offset, data, spot->length,
                    cached ? PMEM_F_MEM_NOFLUSH : PMEM_F_MEM_NODRAIN);
        return 0;
}

static int make_durable(struct pmem *pmem, uint64_t offset, size_t length)
{
        if (pmem->is_pmem)
                return pmem_persist(pmem->base + offset, length), 0;
        return pmem_msync(pmem->base + offset, length) == 0 ? 0 : -errno;
}

static int pmem_write_durable(void *context, const struct spot *spot, void *data)
{
        pmem_write(context, spot, data);
        return make_durable(context, spot->offset, spot->length);
}

static int pmem_read(void *context, const struct spot *spot, void *data)
{
        struct pmem *pmem = context;

        /* The destination is ordinary memory, which needs no flush. */
        pmem_memcpy(data, pmem->base + spot->offset, spot->length, PMEM_F_MEM_NOFLUSH);
        return 0;
}

/* Orders a thread's streaming stores before other threads see that it has finished. */
static int pmem_drain_context(void *context)
{
        (void)context;
        pmem_drain();
        return 0;
}

static int pmem_sync(void *file)
{
        struct pmem *pmem = file;

        return make_durable(pmem, 0, pmem->size);
}

static void pmem_close(void *file)
{
        struct pmem *pmem = file;

        pmem_unmap(pmem->base, pmem->size);
        free(pmem);
}

const struct engine engine_pmem = {
        .name = "libpmem",
        .title = "pmem_map_file, pmem_memcpy, pmem_msync",
        .flags = ENGINE_PEER,
        .create = pmem_create,
        .open = pmem_open,
        .write = pmem_write,
        .write_durable = pmem_write_durable,
        .read = pmem_read,
        .drain = pmem_drain_context,
        .sync = pmem_sync,
        .close = pmem_close,
};
