/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the tests of rmmap_publish share: files of known content, and what is in a directory. */
#ifndef TEST_PUBLISHING_H
#define TEST_PUBLISHING_H

#include "support.h"

/* Every file in the making is this large; it is published with this many bytes or fewer. */
#define PUBLISHING_SIZE ((uint64_t)3 * 4096 + 100)

/* A new file with test_byte in all of it. name: NULL with RMMAP_UNNAMED. */
struct rmmap_file *publishing_begin(const char *name, uint32_t flags);

/* Is it test_byte from end to end, and this long? */
bool publishing_whole(const char *path, uint64_t size);

/* Names in a directory but . and ..; and those of hidden files. */
int publishing_names(const char *directory);
int publishing_hidden(const char *directory);

/* The path of one of those; false: there is none. */
bool publishing_first_hidden(const char *directory, char *path, size_t size);

/*
 * Publishes a version, from 1, as the file "current" of a directory; odd ones from the name
 * "current.part", even ones unnamed. 0 or a negative errno: it asserts nothing.
 */
int publishing_version(const char *directory, uint64_t version);

/* Which one is there; 0: none that is whole. */
uint64_t publishing_read_version(const char *path);

#endif
