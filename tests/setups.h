/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The ways in which a handle can move bytes; tests of moving bytes run with each. */
#ifndef TEST_SETUPS_H
#define TEST_SETUPS_H

#include <stdbool.h>

#include "support.h"

struct setup {
        const char *name;
        uint32_t flags, engine, pattern;
        bool opened; /* an older file, by rmmap_open; else made by rmmap_create */
};
extern const struct setup setups[];
extern const int setup_count;

/*
 * A handle on a file of size bytes at a fresh path, in which byte i is test_byte(i). NULL where
 * the setup can't be had: the map alone where the file system reserves nothing.
 */
struct rmmap_file *setup_file(int setup, const char *name, size_t size);

/* The path of the last one. */
const char *setup_path(void);

/* Does the file hold test_byte(i) everywhere but in [start, end), and there these bytes? */
bool setup_holds(size_t size, uint64_t start, uint64_t end, const void *bytes);

/* Bytes that differ from test_byte everywhere, to be written at offset. To be freed. */
unsigned char *setup_data(uint64_t offset, size_t length);

#endif
