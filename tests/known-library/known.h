/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The test cases of the Rust crate ranged-mmap 0.4.0, by its modules and its names less "test_",
 * told again in terms of this library. A promise of that one is kept here, or its comment says
 * what became of it.
 */
#ifndef TEST_KNOWN_H
#define TEST_KNOWN_H

#include "../support.h"

#define A ((uint64_t)RMMAP_ALIGNMENT)

TCase *known_align(void);      /* allocator::tests */
TCase *known_concurrent(void); /* allocator::concurrent::tests */
TCase *known_sequential(void); /* allocator::sequential::tests */
TCase *known_split(void);      /* range::tests */
TCase *known_inner(void);      /* tests::mmap_file_inner_tests */
TCase *known_file(void);       /* tests::mmap_file_tests */
TCase *known_types(void);      /* tests::types_tests */
TCase *known_faults(void);     /* what it gets wrong, each confirmed by running it */

void known_crashes(TCase *cases); /* more of these */

/* A file of this size, empty but for zeros. */
struct rmmap_file *known_create(uint64_t size, const struct rmmap_allocator_ops *allocator);
struct rmmap_range known_take(struct rmmap_file *file, uint64_t size);
const char *known_path(void);

/* Runs body(index) in so many threads at once; worker threads assert nothing, they answer 0. */
void known_threads(size_t count, int (*body)(void *arg, size_t index), void *arg);

#endif
