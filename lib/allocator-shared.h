/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the handle does for the shared allocator, which needs the file. Layer 3. */
#ifndef RMMAP_ALLOCATOR_SHARED_H
#define RMMAP_ALLOCATOR_SHARED_H

#include "allocator.h"

/* The handle recognises the shared allocator by this op. */
int allocator_shared_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                              uint64_t *end);

static inline bool allocator_is_shared(const struct allocator *allocator)
{
        return allocator->ops.allocate == allocator_shared_allocate;
}

/* These do nothing for other allocators. */

struct shared_use {
        bool read_only;
        bool cuts;  /* the file: its content is handed out after allocator_shared_restart only */
        bool alone; /* no other handle has a lock of the file */
};

/* Opens the state file, or makes it. data: a descriptor of the data file, still as it was found. */
int allocator_shared_attach(const struct allocator *allocator, int data, struct shared_use use);

/* While the data file is empty, and alone: all of it is handed out from the beginning. */
int allocator_shared_restart(const struct allocator *allocator, int data);

/* The handle fails: the state file that it made goes, too, unless another handle has that. */
void allocator_shared_undo(const struct allocator *allocator);

/*
 * Before ranges up to end become durable: nothing below it will be handed out again, even after a
 * power cut. An error of it must be latched, because a sync that is made again can't report it.
 */
int allocator_shared_mark(const struct allocator *allocator, uint64_t end);

#endif
