/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "serialize.h"

void serialize_frame(void *to, const char *magic, size_t count)
{
        unsigned char *at = to;
        size_t summed = SERIALIZED_SIZE(count) - 8;

        memcpy(at, magic, SERIALIZED_MAGIC_SIZE);
        store_le64(at + summed, checksum_bytes(at, summed));
}

void serialize_words(void *to, const char *magic, const uint64_t *words, size_t count)
{
        for (size_t i = 0; i < count; i++)
                serialize_word(to, i, words[i]);
        serialize_frame(to, magic, count);
}

int deserialize_frame(const void *from, size_t length, const char *magic, size_t count)
{
        const unsigned char *at = from;
        size_t summed = SERIALIZED_SIZE(count) - 8;

        if (length != SERIALIZED_SIZE(count) || memcmp(at, magic, SERIALIZED_MAGIC_SIZE) != 0)
                return -EBADMSG;
        return load_le64(at + summed) == checksum_bytes(at, summed) ? 0 : -EBADMSG;
}

int deserialize_words(const void *from, size_t length, const char *magic, uint64_t *words,
                      size_t count)
{
        int err = deserialize_frame(from, length, magic, count);

        for (size_t i = 0; err == 0 && i < count; i++)
                words[i] = deserialize_word(from, i);
        return err;
}
