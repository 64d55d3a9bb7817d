/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The scenarios. Where a scenario creates the file, the time includes that, because some engines do
 * work there which others do later. The goals are ratios of medians of one run.
 */
#include "bench.h"

/* The numbers of threads of a row, unless an option sets others. The goal is for the first one. */
#define ONE .threads = {1, 2, 4, 12}
#define TWO .threads = {2, 1, 4, 12}
#define EIGHT .threads = {8, 1, 2, 4, 12}
#define TWELVE .threads = {12, 1, 2, 4}

/* Members that several rows share. A row sets the other members; none may be set twice. */
#define COLD .start = START_NEW, .size = MIB(512), .passes = 1, .pattern = PATTERN_DENSE
#define COLD_TIME .timed = TIME_CREATE | TIME_MOVE | TIME_SYNC
#define TINY COLD_TIME, .start = START_NEW, .order = ORDER_IN_ORDER, .size = MIB(16), .passes = 1
#define WARM .start = START_WARM, ONE, .size = MIB(256), .passes = 4, .timed = TIME_MOVE
#define REWRITE .start = START_SYNCED, ONE, .size = MIB(256), .passes = 1, .timed = TIME_MOVE
#define SCATTERED                                                                                  \
        .start = START_NEW, .order = ORDER_SCATTERED, .block = KIB(4), .count = 256, .passes = 1,  \
        ONE, .durable = true, .pattern = PATTERN_SCATTERED
#define RECORD .operation = OP_WRITE_DURABLE, .size = MIB(64), .block = KIB(4), .passes = 1
#define BATCHES .start = START_SYNCED, ONE, .size = MIB(64), .passes = 1, .timed = TIME_MOVE
#define SHORT_OF_MEMORY                                                                            \
        .start = START_NEW, .passes = 1, .threads = {4}, .durable = true, .uncached = true,        \
        .pattern = PATTERN_DENSE, COLD_TIME, .more = true
#define BEYOND_SMALL SHORT_OF_MEMORY, .memory = MIB(64), .size = MIB(128)
#define BEYOND SHORT_OF_MEMORY, .memory = MIB(256)
#define READ .operation = OP_READ, .size = MIB(128), .threads = {1, 2}
#define SEQUENTIAL .pattern = PATTERN_SEQUENTIAL
#define RANDOM .pattern = PATTERN_RANDOM
#define READ_CACHED READ, .start = START_CACHED, .passes = 4, .timed = TIME_MOVE
#define READ_COLD READ, .start = START_UNCACHED, .passes = 1, .timed = TIME_CREATE | TIME_MOVE

/* clang-format off */
const struct scenario scenarios[] = {
        {.name = "headline",
         .title = "create, 12 MiB chunks, durable, close, unlink",
         COLD, .block = MIB(12), TWELVE, .durable = true, .timed = TIME_WHOLE,
         .goal = {2.7, 1.3, 12, 12}},
        {.name = "headline-tmpfs",
         .title = "the same on tmpfs",
         COLD, .place = ON_TMPFS, .block = MIB(12), TWELVE, .durable = true,
         .timed = TIME_WHOLE, .goal = {1.0, 1.0, 12, 12}},

        {.name = "cold-1m",
         .title = "new file, 1 MiB chunks",
         COLD, COLD_TIME, .block = MIB(1), TWO, .goal = {2.4, 1.3, 1, 2}, .quick = true},
        {.name = "cold-12m",
         .title = "new file, 12 MiB chunks",
         COLD, COLD_TIME, .block = MIB(12), TWELVE, .goal = {4.0, 1.5, 12, 12}},
        {.name = "cold-64k",
         .title = "new file, 64 KiB chunks",
         COLD, COLD_TIME, .block = KIB(64), TWO},
        {.name = "cold-16k",
         .title = "new file, 16 KiB chunks",
         COLD, COLD_TIME, .block = KIB(16), TWO},
        {.name = "cold-4k",
         .title = "new file, 4 KiB in order",
         COLD, COLD_TIME, .block = KIB(4), TWO, .goal = {1.3, 4.0, 2, 2}, .quick = true},
        {.name = "cold-4k-random",
         .title = "new file, 4 KiB at random, all of it",
         COLD, COLD_TIME, .order = ORDER_RANDOM, .block = KIB(4), TWO,
         .goal = {1.8, 2.0, 2, 2}, .hint_goal = {5.0, 6.0, 2, 2}},

        {.name = "cold-64b",
         .title = "new file, 64 bytes in order",
         TINY, TWO, .block = 64},
        {.name = "cold-32b",
         .title = "new file, 32 bytes in order",
         TINY, TWO, .block = 32},

        {.name = "scattered",
         .title = "256 writes of 4 KiB far apart, durable",
         SCATTERED, .size = MIB(512), .timed = TIME_MOVE | TIME_SYNC, .goal = {20, 0.95, 1, 1},
         .most_written = 1.2, .quick = true},
        {.name = "scattered-whole",
         .title = "the same with create, close and unlink",
         SCATTERED, .size = MIB(512), .timed = TIME_WHOLE},
        {.name = "scattered-1t",
         .title = "the same in a sparse file",
         SCATTERED, .size = TIB(1), .sparse = true, .timed = TIME_WHOLE},

        {.name = "warm-4k",
         .title = "warm pages, 4 KiB in order",
         WARM, .order = ORDER_IN_ORDER, .block = KIB(4), .goal = {1.0, 15, 1, 1}, .quick = true},
        {.name = "warm-4k-random",
         .title = "warm pages, 4 KiB at random",
         WARM, .order = ORDER_RANDOM, .block = KIB(4), .goal = {1.5, 15, 1, 1}},
        {.name = "warm-64k",
         .title = "warm pages, 64 KiB",
         WARM, .order = ORDER_IN_ORDER, .block = KIB(64), .goal = {1.6, 2.5, 1, 1}},
        {.name = "warm-1m",
         .title = "warm pages, 1 MiB",
         WARM, .order = ORDER_IN_ORDER, .block = MIB(1), .goal = {1.6, 2.5, 1, 1}},
        {.name = "warm-64b",
         .title = "warm pages that the cache holds, 64 bytes",
         .start = START_WARM, .order = ORDER_IN_ORDER, .size = MIB(1), .block = 64, .passes = 64,
         ONE, .timed = TIME_MOVE},

        {.name = "rewrite-4k",
         .title = "rewrite after a sync, 4 KiB",
         REWRITE, .order = ORDER_IN_ORDER, .block = KIB(4), .goal = {3.0, 3.0, 1, 1},
         .quick = true},
        {.name = "rewrite-4k-random",
         .title = "rewrite after a sync, 4 KiB at random",
         REWRITE, .order = ORDER_RANDOM, .block = KIB(4)},
        {.name = "rewrite-1m",
         .title = "rewrite after a sync, 1 MiB",
         REWRITE, .order = ORDER_IN_ORDER, .block = MIB(1), .goal = {3.0, 0.95, 1, 1}},
        {.name = "overwrite-1m",
         .title = "open and overwrite a file that isn't cached, 1 MiB",
         .start = START_UNCACHED, .order = ORDER_IN_ORDER, .size = MIB(256), .block = MIB(1),
         .passes = 1, ONE, .pattern = PATTERN_DENSE, COLD_TIME,
         .goal = {3.0, 0.95, 1, 1}, .quick = true},

        {.name = "record",
         .title = "durable writes of 4 KiB, one at a time, in a written file",
         RECORD, .start = START_SYNCED, .order = ORDER_RANDOM, .count = 128, ONE,
         .timed = TIME_MOVE, .goal = {1.8, 0.95, 1, 1}, .quick = true},
        {.name = "record-dirty",
         .title = "one durable write of 4 KiB while all the rest is dirty",
         RECORD, .start = START_WARM, .order = ORDER_RANDOM, .count = 1, .threads = {1},
         .timed = TIME_MOVE},
        {.name = "records",
         .title = "durable records of 4 KiB, one after the other in a new file",
         RECORD, .start = START_NEW, .order = ORDER_ALLOCATED, .count = 512, EIGHT,
         .timed = TIME_MOVE, .goal = {3.0, 2.0, 8, 8}, .quick = true},
        {.name = "records-1m",
         .title = "durable pieces of 1 MiB, one after the other in a new file",
         .operation = OP_WRITE_DURABLE, .size = MIB(256), .block = MIB(1), .passes = 1,
         .start = START_NEW, .order = ORDER_ALLOCATED, .count = 256, EIGHT, .timed = TIME_MOVE},
        {.name = "hot-page",
         .title = "20 writes of 64 bytes to one page, a sync; 32 times in a written file",
         BATCHES, .order = ORDER_BURSTS, .block = 64, .count = 640, .sync_every = 20,
         .pattern = PATTERN_SCATTERED, .goal = {0.95, 0.95, 1, 1}, .most_written = 1.2},
        {.name = "log-batches-64b",
         .title = "100 records of 64 bytes in order, a sync; 32 times in a written file",
         BATCHES, .order = ORDER_IN_ORDER, .block = 64, .count = 3200, .sync_every = 100,
         .pattern = PATTERN_SEQUENTIAL, .goal = {0.95, 0.95, 1, 1}, .most_written = 1.2,
         .quick = true},
        {.name = "log-batches-4k",
         .title = "20 records of 4 KiB in order, a sync; 32 times in a written file",
         BATCHES, .order = ORDER_IN_ORDER, .block = KIB(4), .count = 640, .sync_every = 20,
         .pattern = PATTERN_SEQUENTIAL, .goal = {0.95, 0.95, 1, 1}, .most_written = 1.2},

        {.name = "neighbour",
         .title = "new file, 1 MiB chunks, while another program syncs 4 KiB every 10 ms",
         COLD_TIME, .start = START_NEW, .size = MIB(2048), .block = MIB(1), .passes = 1,
         .threads = {2}, .durable = true, .pattern = PATTERN_DENSE, .neighbour = NEIGHBOUR_SYNCS,
         .more = true},

        {.name = "download",
         .title = "new file, 16 KiB in pieces of 1 MiB, each read some MiB later",
         COLD_TIME, .start = START_NEW, .order = ORDER_PIECES, .size = MIB(1024), .block = KIB(16),
         .passes = 1, .threads = {4}, .durable = true, .pattern = PATTERN_DENSE, .more = true},

        {.name = "beyond-64b",
         .title = "new file of 128 MiB in 64 MiB of memory, 64 bytes in order",
         BEYOND_SMALL, .order = ORDER_IN_ORDER, .block = 64},
        {.name = "beyond-512b",
         .title = "new file of 128 MiB in 64 MiB of memory, 512 bytes in order",
         BEYOND_SMALL, .order = ORDER_IN_ORDER, .block = 512},
        {.name = "beyond-16k",
         .title = "new file of 1 GiB in 256 MiB of memory, 16 KiB in order",
         BEYOND, .order = ORDER_IN_ORDER, .size = MIB(1024), .block = KIB(16), .quick = true},
        {.name = "beyond-1m",
         .title = "new file of 1 GiB in 256 MiB of memory, 1 MiB at random",
         BEYOND, .order = ORDER_RANDOM, .size = MIB(1024), .block = MIB(1)},
        {.name = "beyond-12m",
         .title = "new file of 1 GiB in 256 MiB of memory, 12 MiB chunks",
         BEYOND, .order = ORDER_ALLOCATED, .size = MIB(1024), .block = MIB(12)},
        {.name = "beyond-4k-random",
         .title = "new file of 512 MiB in 256 MiB of memory, 4 KiB at random",
         BEYOND, .order = ORDER_RANDOM, .size = MIB(512), .block = KIB(4)},

        {.name = "pressure",
         .title = "new file, 16 KiB in order, in 1 GiB of memory: half-way others take 768 MiB",
         SHORT_OF_MEMORY, .memory = MIB(1024), .neighbour = NEIGHBOUR_GROWS,
         .order = ORDER_IN_ORDER, .size = MIB(1024), .block = KIB(16)},
        {.name = "large-1m",
         .title = "new file of 8 GiB, 1 MiB at random",
         COLD_TIME, .start = START_NEW, .order = ORDER_RANDOM, .size = MIB(8192), .block = MIB(1),
         .passes = 1, .threads = {2}, .durable = true, .uncached = true, .long_run = true,
         .more = true, .pattern = PATTERN_DENSE},

        {.name = "read-4k",
         .title = "read cached pages, 4 KiB in order",
         READ_CACHED, .order = ORDER_IN_ORDER, .block = KIB(4), SEQUENTIAL, .quick = true},
        {.name = "read-4k-random",
         .title = "read cached pages, 4 KiB at random",
         READ_CACHED, .order = ORDER_RANDOM, .block = KIB(4), RANDOM},
        {.name = "read-1m",
         .title = "read cached pages, 1 MiB",
         READ_CACHED, .order = ORDER_IN_ORDER, .block = MIB(1), SEQUENTIAL},
        {.name = "read-cold-4k",
         .title = "open and read a file that isn't cached, 4 KiB",
         READ_COLD, .order = ORDER_IN_ORDER, .block = KIB(4), SEQUENTIAL},
        {.name = "read-cold-4k-random",
         .title = "open a file that isn't cached, read 2048 times 4 KiB at random",
         READ_COLD, .order = ORDER_RANDOM, .block = KIB(4), .count = 2048, RANDOM, .quick = true},
        {.name = "read-cold-1m",
         .title = "open and read a file that isn't cached, 1 MiB",
         READ_COLD, .order = ORDER_IN_ORDER, .block = MIB(1), SEQUENTIAL},
};
/* clang-format on */

const size_t scenarios_count = sizeof(scenarios) / sizeof(scenarios[0]);
