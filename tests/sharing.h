/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the tests of the shared allocator have in common: a file "data" with its state "state". */
#ifndef TEST_SHARING_H
#define TEST_SHARING_H

#include <unistd.h>

#include "support.h"

#define UNIT ((uint64_t)RMMAP_ALIGNMENT)
#define SIZE (64 * UNIT)

static struct rmmap_shared_config config = RMMAP_SHARED_CONFIG_INIT;

static inline struct rmmap_options shared_options(uint32_t flags)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        config.path = test_path("state");
        options.flags = flags;
        options.allocator = rmmap_shared_allocator();
        options.allocator_config = &config;
        return options;
}

static inline int make(const char *name, uint64_t size, uint32_t flags, struct rmmap_file **file)
{
        struct rmmap_options options = shared_options(flags);

        return rmmap_create(test_path(name), size, &options, file);
}

static inline int keep(uint64_t size, uint64_t max_size, uint64_t step, struct rmmap_file **file)
{
        struct rmmap_options options = shared_options(RMMAP_KEEP);

        options.max_size = max_size;
        options.grow_step = step;
        return rmmap_create(test_path("data"), size, &options, file);
}

static inline int open_data(uint32_t flags, struct rmmap_file **file)
{
        struct rmmap_options options = shared_options(flags);

        return rmmap_open(test_path("data"), &options, file);
}

static inline struct rmmap_range take(struct rmmap_file *file, uint64_t size, uint64_t start)
{
        struct rmmap_range range;

        ck_ok(rmmap_allocate(file, size, &range));
        ck_assert_uint_eq(rmmap_range_start(range), start);
        ck_assert_uint_eq(rmmap_range_length(range), rmmap_align_up(size));
        return range;
}

static inline bool exists(const char *name)
{
        return access(test_path(name), F_OK) == 0;
}

/* A test that runs in a process of its own uses the directory of the others. */
static inline void start_empty(void)
{
        unlink(test_path("data"));
        unlink(test_path("other"));
        unlink(test_path("state"));
}

#endif
