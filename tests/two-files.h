/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For tests of ranges and receipts as values: two files, one of them to be the wrong owner. */
#ifndef TEST_TWO_FILES_H
#define TEST_TWO_FILES_H

#include "support.h"

#define UNITS UINT64_C(5)
#define SIZE (UNITS * RMMAP_ALIGNMENT + 100)

static struct rmmap_file *file, *other;
static const struct rmmap_range no_range;
static const struct rmmap_receipt no_receipt;

static struct rmmap_file *create(const char *name)
{
        struct rmmap_file *made = NULL;

        ck_ok(rmmap_create(test_path(name), SIZE, NULL, &made));
        return made;
}

static void setup(void)
{
        file = create("one");
        other = create("other");
}

static void teardown(void)
{
        file = rmmap_release(file);
        other = rmmap_release(other);
}

static struct rmmap_range take(struct rmmap_file *from, uint64_t size)
{
        struct rmmap_range range = no_range;

        ck_ok(rmmap_allocate(from, size, &range));
        return range;
}

static struct rmmap_receipt receipt_of(struct rmmap_file *of, struct rmmap_range range)
{
        struct rmmap_receipt receipt = no_receipt;

        ck_ok(rmmap_mark_written(of, range, &receipt));
        return receipt;
}

#endif
