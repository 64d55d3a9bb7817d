/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Combinations of engine and open by which a handle moves bytes; copying tests run with each. */
#ifndef TEST_SETUPS_H
#define TEST_SETUPS_H

#include <stdbool.h>

#include "support.h"

struct setup {
        const char *name;
        uint32_t flags, engine, pattern;
        bool opened; /* an older file, by rmmap_open; otherwise rmmap_create */
};
extern const struct setup setups[];
extern const int setup_count;

/*
 * A handle of a file of size bytes at a new path, in which byte i is test_byte(i). NULL where the
 * setup is impossible: the mapping alone where the file system reserves no space.
 */
struct rmmap_file *setup_file(int setup, const char *name, size_t size);

/* The path of the last setup_file. */
const char *setup_path(void);

/* Is each byte test_byte(i), except in [start, end), which must hold bytes? */
bool setup_holds(size_t size, uint64_t start, uint64_t end, const void *bytes);

/* Bytes that differ from test_byte everywhere, to write at offset. The caller frees them. */
unsigned char *setup_data(uint64_t offset, size_t length);

#endif
