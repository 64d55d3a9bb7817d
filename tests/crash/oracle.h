/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What a writer was promised, in memory shared with a process that outlives it and outside of the
 * file system that is cut off. Every 8 bytes of content tell their generation and belong to one
 * place only, so whatever is found on the disk later tells when it was written.
 *
 *  A slot is written by one thread at a time: started goes up before a write, written after it.
 *  A sync that returned 0 raises synced to what was written when it began.
 *  After a loss of power each word of a slot is of a generation in [synced, started]; after the
 *  death of a process only in [written, started].
 */
#ifndef CRASH_ORACLE_H
#define CRASH_ORACLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rmmap.h"

#define ORACLE_FILES 3
#define ORACLE_SLOTS 48
#define ORACLE_SLOT_SIZE ((size_t)4 << 20) /* the longest */
#define ORACLE_PATTERNS (RMMAP_PATTERN_RANDOM + 1)
#define ORACLE_BEHIND_FROM ((uint64_t)256 << 10) /* RMMAP_WRITE_BEHIND is about these */

struct slot {
        uint64_t start, end;
        atomic_uint started, written, synced;
        unsigned int promised; /* see oracle_freeze */
};

enum origin { CREATED, CREATED_OVER, OPENED_WITH_HOLES, OPENED_WRITTEN, ORIGINS };
extern const char *const origin_names[ORIGINS];

struct record {
        char name[16];
        uint64_t size, salt;
        enum origin origin;
        uint32_t engine, pattern, flags;
        unsigned int slot_count;
        struct slot slots[ORACLE_SLOTS];
        atomic_bool returned; /* the open did: the process may rely on the file's size */
        atomic_bool entry;    /* a sync did: a created file's name and size are durable */
        bool entry_promised;
};

struct oracle {
        atomic_bool ready;   /* all files are open */
        atomic_bool cut;     /* errors are expected from here on */
        atomic_int surprise; /* an error before that; what: the call that gave it */
        const char *_Atomic what;
        atomic_ulong writes, syncs;
        unsigned int threads;
        uint64_t seed;
        struct record records[ORACLE_FILES];
};

/* Zeros, shared with children; NULL on failure. */
struct oracle *oracle_new(void);

/* Before each round: new names, kinds, sizes and slots, by the random state; small: no MiB each. */
void oracle_plan(struct oracle *oracle, unsigned int round, bool small, uint64_t *random);

/* Content of a generation, for [offset, offset + length); both multiples of 8. */
void oracle_fill(const struct record *record, uint64_t offset, unsigned int generation,
                 void *buffer, size_t length);

/* What was looked at and found wanting. */
struct findings {
        /* synced: ranges that the writer itself was promised; newer: that are of a later write. */
        unsigned long ranges, synced, bytes, newer, files, entries, lost;
        unsigned long by_origin[ORIGINS], by_engine[3], by_pattern[ORACLE_PATTERNS];
        unsigned long behind; /* of the synced ones: large, with RMMAP_WRITE_BEHIND */
        bool quiet;           /* of a mutant that is meant to be caught */
};

/*
 * What was said up to now is what will be looked for: what was synced, or (by_death) what was
 * written. Not all of it is read in one moment, but each word was true when it was said.
 */
void oracle_freeze(struct oracle *oracle, bool by_death);

/* The file at path against what was promised, read by pread. */
void oracle_check(const struct record *record, const char *path, struct findings *findings);

/* Raise to at least value. */
void oracle_raise(atomic_uint *generation, unsigned int value);

#endif
