/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "bytes.h"
#include "codec.h"

void codec_encode(void *to, const char *magic, const uint64_t *words, size_t count)
{
        unsigned char *at = to;
        size_t summed = CODEC_SIZE(count) - 8;

        memcpy(at, magic, CODEC_MAGIC_SIZE);
        for (size_t i = 0; i < count; i++)
                store_le64(at + CODEC_MAGIC_SIZE + 8 * i, words[i]);
        store_le64(at + summed, checksum_bytes(at, summed));
}

int codec_decode(const void *from, size_t length, const char *magic, uint64_t *words, size_t count)
{
        const unsigned char *at = from;
        size_t summed = CODEC_SIZE(count) - 8;

        if (length != CODEC_SIZE(count) || memcmp(at, magic, CODEC_MAGIC_SIZE) != 0)
                return -EBADMSG;
        if (load_le64(at + summed) != checksum_bytes(at, summed))
                return -EBADMSG;
        for (size_t i = 0; i < count; i++)
                words[i] = load_le64(at + CODEC_MAGIC_SIZE + 8 * i);
        return 0;
}
