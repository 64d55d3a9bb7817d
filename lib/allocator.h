/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * An allocator inside a handle: the checked copy of somebody's ops, and what comes back from them
 * checked too. Layer 2.
 */
#ifndef RMMAP_ALLOCATOR_H
#define RMMAP_ALLOCATOR_H

#include <stdint.h>

#include "rmmap.h"

struct allocator {
        struct rmmap_allocator_ops ops;
        void *state;
        char *name;
        uint64_t total;
};

/* Recognised by its address, so that the handle can call what it does directly. */
int allocator_concurrent_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                                  uint64_t *end);

/* ops NULL: the concurrent one. first is rounded up; past the end nothing is left. flags: those of
 * rmmap_allocator_args. */
int allocator_create(struct allocator *allocator, const struct rmmap_allocator_ops *ops,
                     const void *config, uint64_t first, uint64_t total, uint64_t flags);
void allocator_destroy(struct allocator *allocator);

int allocator_allocate(const struct allocator *allocator, uint64_t size, uint32_t flags,
                       uint64_t *start, uint64_t *end);
uint64_t allocator_remaining(const struct allocator *allocator);

/* Only where there is the op. */
int allocator_give_back(const struct allocator *allocator, uint64_t start, uint64_t end);

/* May a range have these? -EINVAL: it runs backwards, or not whole units; -ERANGE: past the end. */
int allocator_check_bounds(const struct allocator *allocator, uint64_t start, uint64_t end);

/* What the op says of good bounds, not empty: see rmmap.h. */
int allocator_claim(const struct allocator *allocator, uint64_t start, uint64_t end);
int allocator_save(const struct allocator *allocator, void *buffer, size_t *length);
int allocator_restore(const struct allocator *allocator, const void *buffer, size_t length);

#endif
