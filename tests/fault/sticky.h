/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* For tests of errors that stay: a file to lose data of, and whether everybody is told. */
#ifndef TEST_STICKY_H
#define TEST_STICKY_H

#include "../child.h"
#include "inject.h"

#define STICKY_SIZE ((size_t)(64 * 4096))

/* What the first page of the file holds before an error, and what is written to it after. */
extern const unsigned char sticky_data[4096], sticky_other_data[4096];

/* A created file whose first page was written; saved: and synced. Injection starts anew. */
struct rmmap_file *sticky_created(struct rmmap_range *range);
struct rmmap_file *sticky_saved(struct rmmap_range *range);

/* As describe tells it, and rmmap_error. */
int sticky_error_of(struct rmmap_file *file);

/* All ways to sync a range of a page give that error: by clones and in threads. */
void sticky_everybody_hears(struct rmmap_file *file, struct rmmap_range range, int want);

/* The error is there for all ways to sync, clones, threads; and for nothing else. */
void sticky_is_latched(struct rmmap_file *file, struct rmmap_range range, int want);

#endif
