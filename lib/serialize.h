/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Words as bytes: little-endian, preceded by a magic word and followed by a checksum. For ranges,
 * receipts and the state of the built-in allocators. Layer 2.
 */
#ifndef RMMAP_SERIALIZE_H
#define RMMAP_SERIALIZE_H

#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"

#define SERIALIZED_SIZE(words) (8 * ((size_t)(words) + 2))

/* Eight characters; the last one is a digit, the version of the format. */
#define SERIALIZED_MAGIC_SIZE 8

/* to has room for SERIALIZED_SIZE(count) bytes. */
void serialize_words(void *to, const char *magic, const uint64_t *words, size_t count);

/* -EBADMSG: a different length, a different magic, or damaged bytes. */
int deserialize_words(const void *from, size_t length, const char *magic, uint64_t *words,
                      size_t count);

/* The same in steps, where the number of words differs from case to case. */
static inline void serialize_word(void *to, size_t index, uint64_t word)
{
        store_le64((unsigned char *)to + SERIALIZED_MAGIC_SIZE + 8 * index, word);
}

static inline uint64_t deserialize_word(const void *from, size_t index)
{
        return load_le64((const unsigned char *)from + SERIALIZED_MAGIC_SIZE + 8 * index);
}

/* Puts magic and checksum around count words. */
void serialize_frame(void *to, const char *magic, size_t count);
int deserialize_frame(const void *from, size_t length, const char *magic, size_t count);

#endif
