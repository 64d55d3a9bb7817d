/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "engine-select.h"
#include "page-state.h"
#include "rmmap.h"

/* ---- the engine of a handle */

static const char *reason_of(const struct engine_facts *facts, uint32_t engine)
{
        if (facts->asked != RMMAP_ENGINE_AUTO)
                return "asked for";
        switch (engine) {
        case RMMAP_ENGINE_AUTO:
                return "space is reserved: each write takes the faster way";
        case RMMAP_ENGINE_MAP:
                return facts->reserved ? "space is reserved" : "faults are caught";
        default:
                return facts->coherent
                               ? "space is not reserved: a full disk must be an error, not a signal"
                               : "mapping and file I/O may differ on this file system";
        }
}

int engine_select(const struct engine_facts *facts, struct engine *selected)
{
        /* Clients that map one file lose each other's pieces of a page where it isn't coherent. */
        bool may_map = facts->coherent && (facts->reserved || facts->guarded);
        bool both = may_map && facts->has_file_io && facts->asked == RMMAP_ENGINE_AUTO;
        uint32_t engine;

        if (facts->asked == RMMAP_ENGINE_PWRITE || (facts->asked == RMMAP_ENGINE_AUTO && !may_map))
                engine = RMMAP_ENGINE_PWRITE;
        else
                engine = both && facts->reserved && facts->writable ? RMMAP_ENGINE_AUTO
                                                                    : RMMAP_ENGINE_MAP;
        if (engine == RMMAP_ENGINE_PWRITE ? !facts->has_file_io : !may_map)
                return -EOPNOTSUPP;
        selected->chosen = engine;
        selected->mapped = facts->coherent;
        selected->never_calls = facts->asked == RMMAP_ENGINE_MAP;
        selected->never_maps = facts->asked == RMMAP_ENGINE_PWRITE;
        selected->reads_both_ways = both && facts->reads_agree;
        selected->reason = reason_of(facts, engine);
        return 0;
}

/* ---- the way of each write, where the engine is AUTO */

/*
 * Why so: a call need not zero or read a page that it overwrites whole, but takes the inode's lock
 * and 1 to 6 us for each page; a fault takes as long for each page, or for the whole of a large
 * folio; preparing 2 MiB at once takes about 0.3 ms, and dirties all of it. So few small writes go
 * by calls, many go to a region prepared for them; large ones by calls while the pages are fresh or
 * clean, then by the mapping, which no lock serialises. Measured with 2 threads on ext4, GiB/s:
 *
 *                         by pwrite  plain mapping  prepared
 *     fresh   4 KiB in order   1.1        3.6          5.8
 *             4 KiB at random  1.0        0.8          5.4
 *            16 KiB in order   3.0        3.3          5.3
 *            64 KiB at random  3.5        0.8          2.8
 *     synced  4 KiB in order   0.9        2.6          6.4   (1 thread)
 *             1 MiB            9.5        2.7          7.6   (1 thread)
 */
/* clang-format off */
static const unsigned char ways[5][2][3] = {
        /*                              cold         filled       warm */
        [RMMAP_PATTERN_UNKNOWN]    = {{ PATH_PWRITE,    PATH_POPULATE, PATH_MAP },   /* small */
                                      { PATH_PWRITE,    PATH_POPULATE, PATH_MAP }},  /* large */
        [RMMAP_PATTERN_DENSE]      = {{ PATH_POPULATE, PATH_POPULATE, PATH_MAP },
                                      { PATH_PWRITE,    PATH_POPULATE, PATH_MAP }},
        [RMMAP_PATTERN_SCATTERED]  = {{ PATH_PWRITE,    PATH_PWRITE,    PATH_MAP },
                                      { PATH_PWRITE,    PATH_POPULATE, PATH_MAP }},
        [RMMAP_PATTERN_SEQUENTIAL] = {{ PATH_POPULATE, PATH_POPULATE, PATH_MAP },
                                      { PATH_PWRITE,    PATH_POPULATE, PATH_MAP }},
        [RMMAP_PATTERN_RANDOM]     = {{ PATH_PWRITE,    PATH_POPULATE, PATH_MAP },
                                      { PATH_PWRITE,    PATH_POPULATE, PATH_MAP }},
};
/* clang-format on */

enum write_path write_path_of(uint32_t pattern, bool large, unsigned int state)
{
        unsigned int column = state == REGION_MAPPED ? 2 : state == REGION_FILLED ? 1 : 0;

        return (enum write_path)ways[pattern][large][column];
}

/*
 * The first time a call reads, which asks the disk for all it wants at once and needs no page table
 * entries; again by the mapping. Small reads go by the mapping always. 128 MiB that aren't cached,
 * in order, by 1 MiB, ms:
 *
 *                               by pread  by the mapping
 *     read-ahead of 128 KiB        48          81
 *     read-ahead of 8 MiB          43          48
 */
enum write_path read_path_of(unsigned int read_state)
{
        return read_state < REGION_FILLED ? PATH_PWRITE : PATH_MAP;
}
