/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For tests of fork: a handle and a range that a child inherits, and what the child may do. */
#ifndef TEST_INHERITED_H
#define TEST_INHERITED_H

#include "child.h"

#define INHERITED_SIZE ((size_t)(64 * 4096))

struct inherited {
        struct rmmap_file *file;
        struct rmmap_range range;
};

/* The data that children write. */
extern const unsigned char inherited_data[4096];

struct inherited inherited_make(const char *name);

/* RMMAP_FACT_FORKED of rmmap_describe. */
bool is_forked(struct rmmap_file *file);

/* Bodies of children; 0 on success. A handle of the child's own can do everything. */
int own_handle_works(const char *name);

/* An inherited handle (a struct inherited *) can't allocate, give back or restore. */
int inherited_allocates_nothing(void *arg);

/* An inherited handle can be released. */
int inherited_release(void *arg);

#endif
