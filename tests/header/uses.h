/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rmmap.h as the first thing that a file includes, and again; and all in it that is text until it
 * is used: macros, initialisers, inline parts. In C of any standard, and in C++.
 */
#include <rmmap.h>

#ifdef __cplusplus
#define FUNCTION extern "C"
#else
#define FUNCTION
#endif

static struct rmmap_options global_options = RMMAP_OPTIONS_INIT;
static struct rmmap_info global_info = RMMAP_INFO_INIT;

static int of_version(void)
{
#if RMMAP_VERSION_MAJOR < 0 || RMMAP_VERSION_MINOR < 0 || RMMAP_VERSION_MICRO < 0
        return -1;
#endif
#if RMMAP_VERSION < RMMAP_VERSION_NUMBER(0, 1, 0)
        return -1;
#endif
        return RMMAP_VERSION_STRING[0] != 0 && rmmap_version() >= RMMAP_VERSION ? 0 : -1;
}

static uint64_t constants(void)
{
#define CONSTANT(name) +name
        return UINT64_C(0)
#include "../api.inc"
                ;
}

/* Values, on the stack and returned. */
static struct rmmap_range low_of(struct rmmap_range range)
{
        struct rmmap_range low, high;

        return rmmap_range_split_up(range, 0, &low, &high) == RMMAP_SPLIT_LOW ? low : range;
}

FUNCTION int use_rmmap(const char *path);
FUNCTION int use_rmmap(const char *path)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        struct rmmap_file *file;
        int err;

        options.allocate_from = global_options.allocate_from + constants();
        err = of_version();
        if (err == 0)
                err = rmmap_create(path, 1 << 20, &options, &file);
        if (err != 0)
                return err;
        err = rmmap_allocate(file, 4096, &range);
        if (err == 0)
                err = rmmap_mark_written(file, low_of(range), &receipt);
        if (err == 0)
                err = rmmap_sync_ranges(file, &receipt, 1);
        if (err == 0)
                err = rmmap_describe(file, &info) + global_info.error;
        rmmap_release(file);
        return err;
}
