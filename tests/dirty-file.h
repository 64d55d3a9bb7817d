/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For tests of the dirty budget: a file that is written without syncing. */
#ifndef TEST_DIRTY_FILE_H
#define TEST_DIRTY_FILE_H

#include <string.h>

#include "file.h"
#include "support.h"

#define MIB ((uint64_t)1 << 20)
#define SIZE (96 * MIB)
#define LIMIT (8 * MIB)

static unsigned char data[MIB];

/* Synced once, so that its name is on the disk. */
static struct rmmap_file *create(uint32_t flags, uint64_t limit)
{
        struct rmmap_options options = test_options(flags, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file;

        options.dirty_limit = limit;
        ck_ok(rmmap_create(test_path("file"), SIZE, &options, &file));
        ck_ok(rmmap_sync_all(file));
        memset(data, 'd', sizeof(data));
        return file;
}

/* Writes [start, end) in pieces, in order. */
static int write_all(struct rmmap_file *file, uint64_t start, uint64_t end, size_t piece)
{
        for (uint64_t at = start; at < end; at += piece) {
                int err = rmmap_raw_write(file, at, data, piece);

                if (err != 0)
                        return err;
        }
        return 0;
}

#endif
