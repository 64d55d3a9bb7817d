/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For tests of files that become longer or shorter. */
#ifndef TEST_GROWING_H
#define TEST_GROWING_H

#include <sys/stat.h>

#include "support.h"

#define A ((uint64_t)RMMAP_ALIGNMENT)
#define MIB (UINT64_C(1) << 20)

/* Bytes that depend on seed, until the next call. */
static inline const unsigned char *data(unsigned int seed, uint64_t length)
{
        static unsigned char bytes[5 * MIB];

        for (uint64_t i = 0; i < length; i++)
                bytes[i] = (unsigned char)(seed + i * 7 + (i >> 12));
        return bytes;
}

static inline struct rmmap_options growing(uint64_t max_size, uint64_t step)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.max_size = max_size;
        options.grow_step = step;
        return options;
}

static inline uint64_t size_on_disk(const char *path)
{
        struct stat status;

        ck_assert_int_eq(stat(path, &status), 0);
        return (uint64_t)status.st_size;
}

static inline struct rmmap_info describe(const struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        return info;
}

#endif
