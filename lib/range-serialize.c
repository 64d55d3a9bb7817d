/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ranges and receipts as bytes, for storing in a file or sending to another process. */
#include <errno.h>

#include "api-check.h"
#include "serialize.h"

/* start, end, owner. The owner is for people who look at the bytes; decoding ignores it. */
#define ENCODED_WORDS 3
_Static_assert(SERIALIZED_SIZE(ENCODED_WORDS) == RMMAP_RANGE_ENCODED_SIZE, "fixed for good");
_Static_assert(SERIALIZED_SIZE(ENCODED_WORDS) == RMMAP_RECEIPT_ENCODED_SIZE, "fixed for good");

#define RANGE_MAGIC "RMMRANG1"
#define RECEIPT_MAGIC "RMMRCPT1"

static int encode(const uint64_t *words, enum seal_kind kind, const char *magic, void *buffer,
                  size_t capacity)
{
        if (buffer == NULL || !seal_is_right(words, kind))
                return -EINVAL;
        if (capacity < SERIALIZED_SIZE(ENCODED_WORDS))
                return -ENOBUFS;
        serialize_words(buffer, magic, words, ENCODED_WORDS);
        return 0;
}

int rmmap_range_encode(struct rmmap_range range, void *buffer, size_t capacity)
{
        return encode(range.opaque, SEAL_RANGE, RANGE_MAGIC, buffer, capacity);
}

int rmmap_receipt_encode(struct rmmap_receipt receipt, void *buffer, size_t capacity)
{
        return encode(receipt.opaque, SEAL_RECEIPT, RECEIPT_MAGIC, buffer, capacity);
}

/* Checks the bytes and their bounds. */
static int decode(struct rmmap_file *file, const void *buffer, size_t length, const char *magic,
                  uint64_t *words)
{
        int err = deserialize_words(buffer, length, magic, words, ENCODED_WORDS);

        if (err == 0)
                err = file_follow(file, words[WORD_END]);
        if (err != 0)
                return err;
        return allocator_check_bounds(&file->allocator, words[WORD_START], words[WORD_END]);
}

int rmmap_range_decode(struct rmmap_file *file, const void *buffer, size_t length,
                       struct rmmap_range *range)
{
        uint64_t words[ENCODED_WORDS];
        int err;

        if (buffer == NULL || range == NULL)
                return -EINVAL;
        err = check_handle(file);
        if (err != 0)
                return err;
        err = decode(file, buffer, length, RANGE_MAGIC, words);
        if (err == 0 && words[WORD_START] != words[WORD_END])
                err = claims_take(&file->claims, words[WORD_START], words[WORD_END]);
        if (err == 0)
                range_seal(range, words[WORD_START], words[WORD_END], file->config.owner);
        return err;
}

/* Claims nothing: the bytes must be handed out, to any owner. */
int rmmap_receipt_decode(struct rmmap_file *file, const void *buffer, size_t length,
                         struct rmmap_receipt *receipt)
{
        uint64_t words[ENCODED_WORDS];
        int err;

        if (file == NULL || buffer == NULL || receipt == NULL)
                return -EINVAL;
        err = decode(file, buffer, length, RECEIPT_MAGIC, words);
        if (err == 0 && words[WORD_START] != words[WORD_END])
                err = allocator_claim(&file->allocator, words[WORD_START], words[WORD_END]);
        if (err == 0 || err == -EBUSY) {
                receipt_seal(receipt, words[WORD_START], words[WORD_END], file->config.owner);
                err = 0;
        }
        return err;
}
