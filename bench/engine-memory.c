/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* memcpy into anonymous memory, without a file: the limit of the memory. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engines.h"

struct memory {
        unsigned char *base;
        size_t size;
};

static bool memory_suits(const struct engine *engine, const struct job *job)
{
        const struct scenario *scenario = job->scenario;

        (void)engine;
        return scenario->operation == OP_WRITE && !job->durable && !scenario->sparse &&
               (scenario->start == START_NEW || scenario->start == START_WARM);
}

static int memory_create(const struct engine *engine, const struct job *job, void **file)
{
        struct memory *memory = malloc(sizeof(*memory));
        void *base;

        (void)engine;
        if (memory == NULL)
                return -ENOMEM;
        memory->size = (size_t)job->size;
        base = mmap(NULL, memory->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (base == MAP_FAILED) {
                int err = -errno;

                free(memory);
                return err;
        }
        /* Huge pages where possible: a limit should be the best that the memory can do. */
        (void)madvise(base, memory->size, MADV_HUGEPAGE);
        memory->base = base;
        *file = memory;
        return 0;
}

static int memory_write(void *context, const struct spot *spot, void *data)
{
        struct memory *memory = context;

        memcpy(memory->base + spot->offset, data, spot->length);
        return 0;
}

static int memory_read(void *context, const struct spot *spot, void *data)
{
        struct memory *memory = context;

        memcpy(data, memory->base + spot->offset, spot->length);
        return 0;
}

static void memory_close(void *file)
{
        struct memory *memory = file;

        munmap(memory->base, memory->size);
        free(memory);
}

const struct engine engine_memory = {
        .name = "memory",
        .title = "memcpy into anonymous memory: the memory's limit",
        .flags = ENGINE_NO_FILE,
        .suits = memory_suits,
        .create = memory_create,
        .write = memory_write,
        .read = memory_read,
        .close = memory_close,
};
