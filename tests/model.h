/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A file as it should be, in plain memory, beside the real one. Each step does one thing at random
 * to both and compares; where they part, the last steps are printed.
 */
#ifndef TEST_MODEL_H
#define TEST_MODEL_H

#include "support.h"

#define MODEL_BLOCK UINT64_C(4096)
#define MODEL_RANGES 16
#define MODEL_TRACE 12

struct model_setup {
        uint64_t size, allocate_from;
        const struct rmmap_allocator_ops *allocator;
        uint32_t flags, engine;
};

struct model_range {
        struct rmmap_range range;
        struct rmmap_receipt receipt; /* of range, when there is one */
        uint64_t start, end;
        bool written;
};

struct model_encoded {
        unsigned char bytes[RMMAP_RANGE_ENCODED_SIZE];
        uint64_t start, end;
        bool is_there, is_receipt;
};

struct model {
        struct model_setup setup;
        const char *path;
        struct rmmap_file *file;
        bool read_only;

        /* What should be. */
        unsigned char *bytes;
        uint64_t next;  /* the position of the allocator */
        uint64_t first; /* where it began, and goes no lower by a restore */
        bool fresh;     /* nothing was allocated since the open */
        bool claimed;   /* something was claimed or decoded since */
        bool *owned;    /* each block: allocated or claimed, and not unclaimed */

        /* What was given out, and what outlives a handle. */
        struct model_range ranges[MODEL_RANGES];
        size_t count;
        struct rmmap_range stale;
        struct model_encoded encoded;
        unsigned char state[64];
        size_t state_length;
        uint64_t state_position;

        unsigned char *buffer; /* as large as the file and a block */
        uint64_t random, steps;
        char trace[MODEL_TRACE][160];
};

typedef void (*model_step)(struct model *model);

/* false: this file system can't do what the setup asks. */
bool model_start(struct model *model, const struct model_setup *setup, uint64_t seed);
void model_end(struct model *model);

/* Releases the handle, compares the file with the model by plain reads, opens it again. */
void model_reopen(struct model *model);

uint64_t model_below(struct model *model, uint64_t limit);

/* Most often a sensible size or place up to limit, now and then nonsense. */
uint64_t model_size(struct model *model, uint64_t limit);

/* One that was given out; NULL when there's none. */
struct model_range *model_pick(struct model *model);
void model_keep(struct model *model, struct rmmap_range range, uint64_t start, uint64_t end);

/* Fills length bytes of buffer with what wasn't there before. */
void model_scribble(struct model *model, size_t length);

/* What will be done next, for the trace. */
void model_note(struct model *model, const char *format, ...)
        __attribute__((__format__(__printf__, 2, 3)));
void model_expect(struct model *model, int got, int want);
void model_check(struct model *model, bool holds, const char *what);

/* A number of blocks have an owner now, or none. */
void model_own(struct model *model, uint64_t start, uint64_t end, bool owned);

/* The steps, and how many there are. */
extern const model_step model_allocation_steps[], model_transfer_steps[];
extern const size_t model_allocation_step_count, model_transfer_step_count;

#endif
