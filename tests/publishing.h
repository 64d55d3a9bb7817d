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

#endif
