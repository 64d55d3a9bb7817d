/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * allocator-contract: the rules for allocators, as a suite that runs on any allocator. It uses only
 * the public library, so that authors of allocators can run it on theirs.
 */
#ifndef ALLOCATOR_CONTRACT_H
#define ALLOCATOR_CONTRACT_H

#include <rmmap.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BLOCK ((uint64_t)RMMAP_ALIGNMENT)

/* The size of most checks: whole blocks, and a short last one. */
#define BLOCKS UINT64_C(64)
#define TOTAL (BLOCKS * BLOCK + 100)

/* The state of one run of the suite. */
struct contract {
        const struct rmmap_allocator_ops *ops;
        unsigned int timeout; /* seconds a check may take; 0: no processes of their own */
        uint64_t random;
        bool failed; /* the check that runs now */
        char why[200];
};

/* What a check needs; without it the check is skipped. */
enum {
        NEEDS_CLAIM = 1,
        NEEDS_GIVE_BACK = 2,
        NEEDS_SAVE = 4,
        NEEDS_RESTORE = 8,
        NEEDS_THREADS = 16,
        NEEDS_GROW = 32,
        NEEDS_ALLOCATE_AT = 64,
        NEEDS_TRIM = 128,
};

struct check {
        const char *name;
        void (*run)(struct contract *contract);
        unsigned int needs;
};

/* The lists end with a check without a name; each file has its part. */
extern const struct check allocate_checks[], claim_checks[], grow_checks[], state_checks[],
        thread_checks[], file_checks[];

/* A promise is broken; the first reason is kept. */
void broken(struct contract *contract, const char *format, ...)
        __attribute__((__format__(__printf__, 2, 3)));

uint64_t random_below(struct contract *contract, uint64_t limit);
uint64_t rounded(uint64_t size);

/* "-28 (No space left on device)"; in one of a few static buffers, for messages. */
const char *answer_text(int answer);

/* May an op return this? also: an error that only this op may return, or 0. */
bool is_allowed(int answer, int also);

/* ---- one allocator, with each result checked against the rules ----------------------------- */

struct instance {
        struct contract *contract;
        void *state;
        uint64_t first, total;
        uint64_t given;             /* bytes */
        bool has_given[BLOCKS + 1]; /* for totals of TOTAL and less: which blocks were given */
};

/* false: create failed, and the check is marked as broken. */
bool instance_create(struct instance *instance, struct contract *contract, uint64_t first,
                     uint64_t total);
bool instance_create_with(struct instance *instance, struct contract *contract, uint64_t first,
                          uint64_t total, uint64_t max_total, uint64_t flags);
void instance_destroy(struct instance *instance);

/* 0 with a range that violates no rule, or the op's error; -EPROTO: the check is broken. */
int instance_allocate(struct instance *instance, uint64_t size, uint32_t flags, uint64_t *start,
                      uint64_t *end);

/* The first rule that a range violates, or NULL. */
const char *fault_of(const struct instance *instance, uint64_t size, uint32_t flags, uint64_t start,
                     uint64_t end);

/* Allocates everything, in pieces of up to most_blocks blocks; all behind first must be given. */
void instance_exhaust(struct instance *instance, uint64_t most_blocks);

void instance_expect_remaining(struct instance *instance, uint64_t want, const char *when);

/* A span was handed out; false: some of it was before. */
bool instance_note(struct instance *instance, uint64_t start, uint64_t end);

/* A span was given back: the allocator may hand it out again. */
void instance_forget(struct instance *instance, uint64_t start, uint64_t end);

/* In allocator-contract-run.c: runs all checks, prints a line for each; how many failed. */
unsigned int contract_run(const struct contract *contract);

#endif
