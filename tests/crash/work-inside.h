/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Between the files of work.c. */
#ifndef CRASH_WORK_INSIDE_H
#define CRASH_WORK_INSIDE_H

#include "crash/work.h"
#include "rmmap.h"

struct hand {
        struct record *record;
        struct rmmap_file *file;
        struct rmmap_range ranges[ORACLE_SLOTS];
};

struct worker {
        struct oracle *oracle;
        struct hand *hands, *hand; /* hand: the one it works on */
        unsigned int number;
        uint64_t random;
        unsigned char *buffer;
        int source; /* a memfd to write from */
};

/* An error before the cut is nothing that may happen. */
void work_note(struct oracle *oracle, int err, const char *what);

/* A new generation of one slot of the worker's own, in a random way; some ways are durable. */
void work_write_something(struct worker *worker);

/* Writes one slot of its own, number i; 0 with its receipt. */
int work_write(struct worker *worker, unsigned int i, struct rmmap_receipt *receipt);

/* Number of a random slot of its own. */
unsigned int work_own_slot(struct worker *worker);

void work_sync_something(struct worker *worker);

#endif
