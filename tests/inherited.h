/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For tests of fork: a handle and a range that a child inherits, and what the child may do. */
#ifndef TEST_INHERITED_H
#define TEST_INHERITED_H

#include "child.h"

#define INHERITED_SIZE ((size_t)(64 * 4096))

struct inherited {
        struct rmmap_file *file;
        struct rmmap_range range;
};

/* The data that children write. */
static const unsigned char inherited_data[4096] = "of the child";

static struct inherited inherited_make(const char *name)
{
        struct inherited made;

        ck_ok(rmmap_create(test_path(name), INHERITED_SIZE, NULL, &made.file));
        ck_ok(rmmap_allocate(made.file, 4096, &made.range));
        return made;
}

/* RMMAP_FACT_FORKED of rmmap_describe. */
static bool is_forked(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        return rmmap_describe(file, &info) == 0 && (info.facts & RMMAP_FACT_FORKED) != 0;
}

/* A body of a child; 0 on success. A handle of the child's own can do everything. */
static int own_handle_works(const char *name)
{
        const char *path = test_path(name);
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        struct rmmap_file *file;

        child_is(rmmap_create(path, INHERITED_SIZE, NULL, &file), 0);
        child_expect(!is_forked(file));
        for (int i = 0; i < 3; i++) {
                child_is(rmmap_allocate(file, 4096, &range), 0);
                child_is(rmmap_write_range(file, range, inherited_data, 4096, &receipt), 0);
                child_is(rmmap_sync_range(file, receipt), 0);
        }
        child_is(rmmap_allocate_exact(file, INHERITED_SIZE, &range), -ENOSPC);
        child_expect(rmmap_allocated(file) == 3 * 4096);
        rmmap_release(file);
        child_expect(test_file_holds(path, 8192, inherited_data, 4096));
        return 0;
}

/* A body, too: an inherited handle can't allocate, give back or restore. */
static int inherited_allocates_nothing(void *arg)
{
        struct inherited *inherited = arg;
        struct rmmap_file *file = inherited->file;
        struct rmmap_range range;
        char state[256];
        size_t length = sizeof(state);

        child_is(rmmap_allocate(file, 4096, &range), -EPERM);
        child_is(rmmap_give_back_range(file, inherited->range), -EPERM);
        child_is(rmmap_allocator_save(file, state, &length), 0);
        child_is(rmmap_allocator_restore(file, state, length), -EPERM);
        child_expect(rmmap_allocated(file) == 4096);
        child_expect(rmmap_remaining(file) == INHERITED_SIZE - 4096);
        return 0;
}

static int inherited_release(void *arg)
{
        rmmap_release(((struct inherited *)arg)->file);
        return 0;
}

#endif
