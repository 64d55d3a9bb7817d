/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * An allocator inside a handle: a checked copy of the caller's ops, and functions that call an op
 * and check its result. Layer 2.
 */
#ifndef RMMAP_ALLOCATOR_H
#define RMMAP_ALLOCATOR_H

#include <stdatomic.h>
#include <stdint.h>

#include "rmmap.h"

struct allocator {
        struct rmmap_allocator_ops ops;
        void *state;
        char *name;
        _Atomic uint64_t total;   /* the file's size, bytes; no range ends behind it */
        _Atomic uint64_t settled; /* as total, once the grow op has returned */
        uint64_t max_total;       /* the highest total */
};

/*
 * For the create of a built-in allocator: its arguments, checked. largest: the highest total and
 * max_total that it can have. -EFBIG.
 */
int allocator_read_args(struct rmmap_allocator_args *args, const struct rmmap_allocator_args *given,
                        uint64_t largest);

/* The handle recognises this op by its address, and then calls the allocator directly. */
int allocator_concurrent_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                  uint64_t *end);

/* A checkpoint needs just this allocator, which can leave out what is recorded. */
int allocator_reusing_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                               uint64_t *end);

/* Before the first allocation: the blocks whose bit is set were handed out by an earlier run. */
void allocator_reusing_keep_out(void *state, const _Atomic uint64_t *out);

/*
 * ops NULL: the concurrent allocator. first is rounded up; past the end nothing is left to hand
 * out. max_total, flags: those of rmmap_allocator_args.
 */
int allocator_create(struct allocator *allocator, const struct rmmap_allocator_ops *ops,
                     const void *config, uint64_t first, uint64_t total, uint64_t max_total,
                     uint64_t flags);
void allocator_destroy(struct allocator *allocator);

int allocator_allocate(const struct allocator *allocator, uint64_t size, uint32_t flags,
                       uint64_t *start, uint64_t *end);
uint64_t allocator_remaining(const struct allocator *allocator);

/* Acquire. Up to here the file's bytes can be handed out. */
static inline uint64_t allocator_total(const struct allocator *allocator)
{
        return atomic_load_explicit(&allocator->settled, memory_order_acquire);
}

/* The bytes that aren't left, and the total that goes with them. Waits for a grow op to return. */
uint64_t allocator_taken(const struct allocator *allocator, uint64_t *total);

/* One thread at a time. total: at least that of the last call, at most max_total. */
int allocator_grow(struct allocator *allocator, uint64_t total);

/* While no other op runs. *total: where the file ends now; allocator_grow takes it back. */
int allocator_trim(struct allocator *allocator, uint64_t *total);

/* For bounds that are checked and not empty. */
int allocator_allocate_at(const struct allocator *allocator, uint64_t start, uint64_t end);

/* The allocator must have the op. */
int allocator_give_back(const struct allocator *allocator, uint64_t start, uint64_t end);

/*
 * Can a range have these bounds? -EINVAL: start is after end, or they aren't whole units; -ERANGE:
 * past the end.
 */
int allocator_check_bounds(const struct allocator *allocator, uint64_t start, uint64_t end);

/* The result of the claim op for bounds that are checked and not empty; see rmmap.h. */
int allocator_claim(const struct allocator *allocator, uint64_t start, uint64_t end);
int allocator_save(const struct allocator *allocator, void *buffer, size_t *length);
int allocator_restore(const struct allocator *allocator, const void *buffer, size_t length);

#endif
