/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The members of ranges and receipts: bounds, owner, seal. Layer 2. */
#ifndef RMMAP_RANGE_H
#define RMMAP_RANGE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/compiler.h"
#include "rmmap.h"
#include "seal-key.h"

/* Indices into rmmap_range.opaque and rmmap_receipt.opaque. */
enum { WORD_START, WORD_END, WORD_OWNER, WORD_SEAL };

/* Part of the sealed data, so that a range can't be used as a receipt. */
enum seal_kind { SEAL_RANGE = 0x52, SEAL_RECEIPT = 0x57 };

/*
 * A keyed checksum of the other words. It guards against mistakes, but not against an attacker
 * inside the process. It takes two dependent multiplications where the machine has 64 x 64 -> 128
 * bits (the folded multiply of wyhash), and a sum of 32-bit products (as in UMAC's NH) elsewhere.
 * Bit 0 is always set, so all zeros is never valid.
 */
#ifdef __SIZEOF_INT128__
static inline uint64_t seal_fold(uint64_t a, uint64_t b)
{
        __extension__ typedef unsigned __int128 wide;
        wide product = (wide)a * b;

        return (uint64_t)product ^ (uint64_t)(product >> 64);
}

static inline uint64_t seal_of(const uint64_t *words, enum seal_kind kind)
{
        uint64_t low =
                seal_fold(words[WORD_START] ^ seal_key_word(0), words[WORD_END] ^ seal_key_word(1));

        return seal_fold(low ^ seal_key_word(2),
                         (words[WORD_OWNER] + (uint64_t)kind) ^ seal_key_word(3)) |
               1;
}
#else
static inline uint64_t seal_product(uint64_t word, uint64_t key)
{
        return (uint64_t)((uint32_t)word + (uint32_t)key) *
               ((uint32_t)(word >> 32) + (uint32_t)(key >> 32));
}

static inline uint64_t seal_of(const uint64_t *words, enum seal_kind kind)
{
        uint64_t sum = seal_product(words[WORD_START], seal_key_word(0)) +
                       seal_product(words[WORD_END], seal_key_word(1)) +
                       seal_product(words[WORD_OWNER], seal_key_word(2));

        return ((sum ^ (sum >> 29)) * (seal_key_word(3) + 2 * (uint64_t)kind)) | 1;
}
#endif

static inline bool seal_is_right(const uint64_t *words, enum seal_kind kind)
{
        return likely(seal_of(words, kind) == words[WORD_SEAL]);
}

static inline int seal_check(const uint64_t *words, enum seal_kind kind, uint64_t owner)
{
        if (unlikely(!seal_is_right(words, kind)))
                return -EINVAL;
        return likely(words[WORD_OWNER] == owner) ? 0 : -EXDEV;
}

/*
 * 0, -EINVAL (seal) or -EXDEV (owner). The bounds of a range that passes lie within its owner's
 * file, because only the library seals ranges.
 */
static inline int range_check(const struct rmmap_range *range, uint64_t owner)
{
        return seal_check(range->opaque, SEAL_RANGE, owner);
}

static inline int receipt_check(const struct rmmap_receipt *receipt, uint64_t owner)
{
        return seal_check(receipt->opaque, SEAL_RECEIPT, owner);
}

/* The range must have passed range_check. */
static inline uint64_t range_start(const struct rmmap_range *range)
{
        return range->opaque[WORD_START];
}

static inline uint64_t range_length(const struct rmmap_range *range)
{
        return range->opaque[WORD_END] - range->opaque[WORD_START];
}

static inline void words_seal(uint64_t *words, uint64_t start, uint64_t end, uint64_t owner,
                              enum seal_kind kind)
{
        words[WORD_START] = start;
        words[WORD_END] = end;
        words[WORD_OWNER] = owner;
        words[WORD_SEAL] = seal_of(words, kind);
}

static inline void range_seal(struct rmmap_range *range, uint64_t start, uint64_t end,
                              uint64_t owner)
{
        words_seal(range->opaque, start, end, owner, SEAL_RANGE);
}

static inline void receipt_seal(struct rmmap_receipt *receipt, uint64_t start, uint64_t end,
                                uint64_t owner)
{
        words_seal(receipt->opaque, start, end, owner, SEAL_RECEIPT);
}

/* Stores the receipt of a checked range; receipt NULL: the caller doesn't want it. */
static inline void receipt_give(struct rmmap_receipt *receipt, const struct rmmap_range *range)
{
        if (receipt != NULL)
                receipt_seal(receipt, range->opaque[WORD_START], range->opaque[WORD_END],
                             range->opaque[WORD_OWNER]);
}

#endif
