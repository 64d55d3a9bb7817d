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

static uint32_t flags(void)
{
        return RMMAP_MUST_CREATE | RMMAP_READ_ONLY | RMMAP_NO_PREALLOCATE | RMMAP_POPULATE |
               RMMAP_HUGE_PAGES | RMMAP_LOCK_FILE | RMMAP_CATCH_FAULTS | RMMAP_NO_FOLLOW;
}

static uint32_t facts(void)
{
        return RMMAP_FACT_READ_ONLY | RMMAP_FACT_RESERVED | RMMAP_FACT_COHERENT |
               RMMAP_FACT_MAPPED | RMMAP_FACT_HUGE_PAGES | RMMAP_FACT_CATCH_FAULTS |
               RMMAP_FACT_LOCKED | RMMAP_FACT_ERRORS_SHARED | RMMAP_FACT_ENTRY_UNSYNCED |
               RMMAP_FACT_FORKED | RMMAP_ALLOCATE_EXACT;
}

static uint32_t choices(void)
{
        return RMMAP_ENGINE_AUTO + RMMAP_ENGINE_MAP + RMMAP_ENGINE_PWRITE + RMMAP_PATTERN_UNKNOWN +
               RMMAP_PATTERN_DENSE + RMMAP_PATTERN_SCATTERED + RMMAP_PATTERN_SEQUENTIAL +
               RMMAP_PATTERN_RANDOM;
}

static uint64_t encoded(void)
{
        unsigned char bytes[RMMAP_RANGE_ENCODED_SIZE + RMMAP_RECEIPT_ENCODED_SIZE];

        return sizeof(bytes) + RMMAP_ALLOCATOR_THREAD_SAFE + RMMAP_ALIGNMENT;
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

        options.flags = flags() & facts();
        options.engine = choices();
        options.allocate_from = global_options.allocate_from + encoded();
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
