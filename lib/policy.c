/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <stddef.h>

#include "policy.h"
#include "rmmap.h"
#include "windows.h"

/* Three-valued: a row may leave a fact open. */
enum need { NO, YES, ANY };

struct row {
        uint32_t asked;
        enum need reserved, guarded, coherent, has_file_io, writable;
        int answer; /* an engine, or a negative errno */
        const char *reason;
};

/* ---- the engine of a handle */

/* The first row that fits decides. */
/* clang-format off */
static const struct row rows[] = {
        /* asked              reserved guarded coherent file I/O writable */
        {RMMAP_ENGINE_PWRITE, ANY,     ANY,    ANY,     NO,      ANY, -EOPNOTSUPP, NULL},
        {RMMAP_ENGINE_PWRITE, ANY,     ANY,    ANY,     YES,     ANY, RMMAP_ENGINE_PWRITE,
         "asked for"},
        {RMMAP_ENGINE_MAP,    YES,     ANY,    ANY,     ANY,     ANY, RMMAP_ENGINE_MAP,
         "asked for"},
        {RMMAP_ENGINE_MAP,    ANY,     YES,    ANY,     ANY,     ANY, RMMAP_ENGINE_MAP,
         "asked for; faults are caught"},
        {RMMAP_ENGINE_MAP,    NO,      NO,     ANY,     ANY,     ANY, -EOPNOTSUPP, NULL},
        {RMMAP_ENGINE_AUTO,   YES,     ANY,    YES,     YES,     YES, RMMAP_ENGINE_AUTO,
         "space is reserved: each write takes the faster way"},
        {RMMAP_ENGINE_AUTO,   YES,     ANY,    YES,     ANY,     ANY, RMMAP_ENGINE_MAP,
         "space is reserved"},
        {RMMAP_ENGINE_AUTO,   ANY,     YES,    ANY,     ANY,     ANY, RMMAP_ENGINE_MAP,
         "faults are caught"},
        {RMMAP_ENGINE_AUTO,   ANY,     NO,     NO,      YES,     ANY, RMMAP_ENGINE_PWRITE,
         "mapping and file I/O may differ on this file system"},
        {RMMAP_ENGINE_AUTO,   NO,      NO,     YES,     YES,     ANY, RMMAP_ENGINE_PWRITE,
         "space is not reserved: a full disk must be an error, not a signal"},
};
/* clang-format on */

static bool fits(enum need need, bool fact)
{
        return need == ANY || (need == YES) == fact;
}

static const struct row *find(const struct policy_facts *facts)
{
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
                const struct row *row = &rows[i];

                if (row->asked == facts->asked && fits(row->reserved, facts->reserved) &&
                    fits(row->guarded, facts->guarded) && fits(row->coherent, facts->coherent) &&
                    fits(row->has_file_io, facts->has_file_io) &&
                    fits(row->writable, facts->writable))
                        return row;
        }
        return NULL;
}

int policy_decide(const struct policy_facts *facts, struct policy *policy)
{
        const struct row *row = find(facts);

        if (row == NULL || row->answer < 0)
                return row == NULL ? -EOPNOTSUPP : row->answer;
        policy->engine = (uint32_t)row->answer;
        /* Never both ways where they aren't one. */
        policy->mapped = facts->coherent || policy->engine != RMMAP_ENGINE_PWRITE;
        policy->never_calls = facts->asked == RMMAP_ENGINE_MAP;
        policy->reads_both_ways = facts->asked == RMMAP_ENGINE_AUTO && facts->coherent &&
                                  facts->has_file_io && facts->reads_agree &&
                                  policy->engine != RMMAP_ENGINE_PWRITE;
        policy->reason = row->reason;
        return 0;
}

/* ---- the way of each write, where the engine is AUTO */

/*
 * Why so: a call need not zero or read a page that it overwrites whole, but takes the inode's lock
 * and 1 to 6 us for each page; a fault takes as long for each page, or for the whole of a large
 * folio; preparing 2 MiB at once takes about 0.3 ms, and dirties all of it. So few small writes go
 * by calls, many go to a window prepared for them; large ones by calls while the pages are fresh or
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
        [RMMAP_PATTERN_UNKNOWN]    = {{ WAY_CALL,    WAY_PREPARE, WAY_MAP },   /* small */
                                      { WAY_CALL,    WAY_PREPARE, WAY_MAP }},  /* large */
        [RMMAP_PATTERN_DENSE]      = {{ WAY_PREPARE, WAY_PREPARE, WAY_MAP },
                                      { WAY_CALL,    WAY_PREPARE, WAY_MAP }},
        [RMMAP_PATTERN_SCATTERED]  = {{ WAY_CALL,    WAY_CALL,    WAY_MAP },
                                      { WAY_CALL,    WAY_PREPARE, WAY_MAP }},
        [RMMAP_PATTERN_SEQUENTIAL] = {{ WAY_PREPARE, WAY_PREPARE, WAY_MAP },
                                      { WAY_CALL,    WAY_PREPARE, WAY_MAP }},
        [RMMAP_PATTERN_RANDOM]     = {{ WAY_CALL,    WAY_PREPARE, WAY_MAP },
                                      { WAY_CALL,    WAY_PREPARE, WAY_MAP }},
};
/* clang-format on */

enum way policy_way(uint32_t pattern, bool large, unsigned int state)
{
        unsigned int column = state == WINDOW_WARM ? 2 : state == WINDOW_FILLED ? 1 : 0;

        return (enum way)ways[pattern][large][column];
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
enum way policy_read_way(unsigned int read_state)
{
        return read_state < WINDOW_FILLED ? WAY_CALL : WAY_MAP;
}
