/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A model of a file in plain memory, beside the real file. Each step does one random operation on
 * both and compares them. When they differ, the last steps are printed.
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
        struct rmmap_receipt receipt; /* of range, if there is one */
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

        /* The expected content. */
        unsigned char *bytes;
        uint64_t next;  /* the position of the allocator */
        uint64_t first; /* where it began; a restore goes no lower */
        bool fresh;     /* nothing was allocated since the open */
        bool claimed;   /* something was claimed or decoded since the open */
        bool *owned;    /* for each block: allocated or claimed, and not unclaimed */

        /* Ranges that were handed out; they survive a handle. */
        struct model_range ranges[MODEL_RANGES];
        size_t count;
        struct rmmap_range stale;
        struct model_encoded encoded;
        unsigned char state[64];
        size_t state_length;
        uint64_t state_position;

        unsigned char *buffer; /* room for the file and one block */
        uint64_t random, steps;
        char trace[MODEL_TRACE][160];
};

typedef void (*model_step)(struct model *model);

/* false: this file system doesn't support the setup. */
bool model_start(struct model *model, const struct model_setup *setup, uint64_t seed);
void model_end(struct model *model);

/* Releases the handle, compares the file with the model by plain reads, and reopens it. */
void model_reopen(struct model *model);

uint64_t model_below(struct model *model, uint64_t limit);

/* A random size or place up to limit; now and then one that is out of bounds. */
uint64_t model_size(struct model *model, uint64_t limit);

/* A random range that was handed out; NULL: there is none. */
struct model_range *model_pick(struct model *model);
void model_keep(struct model *model, struct rmmap_range range, uint64_t start, uint64_t end);

/* Fills length bytes of buffer with new content. */
void model_scribble(struct model *model, size_t length);

/* Describes the next operation, for the trace. */
void model_note(struct model *model, const char *format, ...)
        __attribute__((__format__(__printf__, 2, 3)));
void model_expect(struct model *model, int got, int want);
void model_check(struct model *model, bool holds, const char *what);

/* Sets whether the blocks of [start, end) have an owner. */
void model_own(struct model *model, uint64_t start, uint64_t end, bool owned);

/* The lists of steps, and their lengths. */
extern const model_step model_allocation_steps[], model_transfer_steps[];
extern const size_t model_allocation_step_count, model_transfer_step_count;

#endif
