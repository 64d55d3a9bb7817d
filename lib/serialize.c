/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/bytes.h"
#include "serialize.h"

void serialize_words(void *to, const char *magic, const uint64_t *words, size_t count)
{
        unsigned char *at = to;
        size_t summed = SERIALIZED_SIZE(count) - 8;

        memcpy(at, magic, SERIALIZED_MAGIC_SIZE);
        for (size_t i = 0; i < count; i++)
                store_le64(at + SERIALIZED_MAGIC_SIZE + 8 * i, words[i]);
        store_le64(at + summed, checksum_bytes(at, summed));
}

int deserialize_words(const void *from, size_t length, const char *magic, uint64_t *words,
                      size_t count)
{
        const unsigned char *at = from;
        size_t summed = SERIALIZED_SIZE(count) - 8;

        if (length != SERIALIZED_SIZE(count) || memcmp(at, magic, SERIALIZED_MAGIC_SIZE) != 0)
                return -EBADMSG;
        if (load_le64(at + summed) != checksum_bytes(at, summed))
                return -EBADMSG;
        for (size_t i = 0; i < count; i++)
                words[i] = load_le64(at + SERIALIZED_MAGIC_SIZE + 8 * i);
        return 0;
}
