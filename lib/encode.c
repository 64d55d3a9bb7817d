/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ranges and receipts as bytes, to be kept in a file or sent to another process. */
#include <errno.h>

#include "checked.h"
#include "codec.h"
#include "private.h"

/* The owner goes along for people who look; it means nothing to whoever decodes. */
#define ENCODED_WORDS 3
_Static_assert(CODEC_SIZE(ENCODED_WORDS) == RMMAP_RANGE_ENCODED_SIZE, "fixed for good");
_Static_assert(CODEC_SIZE(ENCODED_WORDS) == RMMAP_RECEIPT_ENCODED_SIZE, "fixed for good");

#define RANGE_MAGIC "RMMRANG1"
#define RECEIPT_MAGIC "RMMRCPT1"

static int encode(const uint64_t *words, enum seal_kind kind, const char *magic, void *buffer,
                  size_t capacity)
{
        if (buffer == NULL || !seal_is_right(words, kind))
                return -EINVAL;
        if (capacity < CODEC_SIZE(ENCODED_WORDS))
                return -ENOBUFS;
        codec_encode(buffer, magic, words, ENCODED_WORDS);
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

/* The rules of claim; an empty range needs nothing but a place in the file. */
static int check_bounds(const struct rmmap_file *file, uint64_t start, uint64_t end)
{
        if (start != end)
                return allocator_claim(&file->allocator, start, end);
        if (start > file->size)
                return -ERANGE;
        return is_aligned_to(start, RMMAP_ALIGNMENT) || start == file->size ? 0 : -EINVAL;
}

static int decode(const struct rmmap_file *file, const void *buffer, size_t length,
                  enum seal_kind kind, const char *magic, uint64_t *words)
{
        uint64_t decoded[ENCODED_WORDS];
        int err;

        if (file == NULL || buffer == NULL || words == NULL)
                return -EINVAL;
        err = codec_decode(buffer, length, magic, decoded, ENCODED_WORDS);
        if (err == 0)
                err = check_bounds(file, decoded[WORD_START], decoded[WORD_END]);
        if (err == 0)
                words_seal(words, decoded[WORD_START], decoded[WORD_END], file->owner, kind);
        return err;
}

int rmmap_range_decode(struct rmmap_file *file, const void *buffer, size_t length,
                       struct rmmap_range *range)
{
        return decode(file, buffer, length, SEAL_RANGE, RANGE_MAGIC,
                      range != NULL ? range->opaque : NULL);
}

int rmmap_receipt_decode(struct rmmap_file *file, const void *buffer, size_t length,
                         struct rmmap_receipt *receipt)
{
        return decode(file, buffer, length, SEAL_RECEIPT, RECEIPT_MAGIC,
                      receipt != NULL ? receipt->opaque : NULL);
}
