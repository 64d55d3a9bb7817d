/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For tests of fork: a handle and a range that a child inherits, and what it may do with them. */
#ifndef TEST_INHERITED_H
#define TEST_INHERITED_H

#include "child.h"

#define INHERITED_SIZE ((size_t)(64 * 4096))

struct inherited {
        struct rmmap_file *file;
        struct rmmap_range range;
};

/* What children write. */
extern const unsigned char inherited_data[4096];

struct inherited inherited_make(const char *name);

/* As describe tells it. */
bool is_forked(struct rmmap_file *file);

/* Bodies of children, 0 when all is well: a handle of its own can do everything; */
int own_handle_works(const char *name);

/* one that was inherited (a struct inherited *) can't allocate, give back, restore; */
int inherited_allocates_nothing(void *arg);

/* and can be released. */
int inherited_release(void *arg);

#endif
