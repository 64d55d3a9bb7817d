/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <string.h>

#include "base/checked.h"
#include "range.h"

_Static_assert(sizeof(struct rmmap_range) == 32, "32 bytes for good");
_Static_assert(sizeof(struct rmmap_receipt) == 32, "32 bytes for good");

static uint64_t words_start(const uint64_t *words, enum seal_kind kind)
{
        return seal_is_right(words, kind) ? words[WORD_START] : 0;
}

static uint64_t words_end(const uint64_t *words, enum seal_kind kind)
{
        return seal_is_right(words, kind) ? words[WORD_END] : 0;
}

static uint64_t words_length(const uint64_t *words, enum seal_kind kind)
{
        return words_end(words, kind) - words_start(words, kind);
}

static bool words_are_empty(const uint64_t *words, enum seal_kind kind)
{
        return seal_is_right(words, kind) && words[WORD_START] == words[WORD_END];
}

static bool words_equal(const uint64_t *a, const uint64_t *b, enum seal_kind kind)
{
        return seal_is_right(a, kind) && memcmp(a, b, sizeof(struct rmmap_range)) == 0;
}

uint64_t rmmap_range_start(struct rmmap_range range)
{
        return words_start(range.opaque, SEAL_RANGE);
}

uint64_t rmmap_range_end(struct rmmap_range range)
{
        return words_end(range.opaque, SEAL_RANGE);
}

uint64_t rmmap_range_length(struct rmmap_range range)
{
        return words_length(range.opaque, SEAL_RANGE);
}

bool rmmap_range_is_empty(struct rmmap_range range)
{
        return words_are_empty(range.opaque, SEAL_RANGE);
}

bool rmmap_range_equal(struct rmmap_range a, struct rmmap_range b)
{
        return words_equal(a.opaque, b.opaque, SEAL_RANGE);
}

uint64_t rmmap_receipt_start(struct rmmap_receipt receipt)
{
        return words_start(receipt.opaque, SEAL_RECEIPT);
}

uint64_t rmmap_receipt_end(struct rmmap_receipt receipt)
{
        return words_end(receipt.opaque, SEAL_RECEIPT);
}

uint64_t rmmap_receipt_length(struct rmmap_receipt receipt)
{
        return words_length(receipt.opaque, SEAL_RECEIPT);
}

bool rmmap_receipt_is_empty(struct rmmap_receipt receipt)
{
        return words_are_empty(receipt.opaque, SEAL_RECEIPT);
}

bool rmmap_receipt_equal(struct rmmap_receipt a, struct rmmap_receipt b)
{
        return words_equal(a.opaque, b.opaque, SEAL_RECEIPT);
}

struct rmmap_range rmmap_receipt_range(struct rmmap_receipt receipt)
{
        struct rmmap_range range = {{0, 0, 0, 0}};

        /* Only for a valid receipt: sealing the bounds of an invalid one would make them valid. */
        if (seal_is_right(receipt.opaque, SEAL_RECEIPT))
                range_seal(&range, receipt.opaque[WORD_START], receipt.opaque[WORD_END],
                           receipt.opaque[WORD_OWNER]);
        return range;
}

uint64_t rmmap_align_up(uint64_t offset)
{
        return align_up_to(offset, RMMAP_ALIGNMENT);
}

uint64_t rmmap_align_down(uint64_t offset)
{
        return align_down_to(offset, RMMAP_ALIGNMENT);
}

static int split_check(const struct rmmap_range *range, uint64_t position,
                       const struct rmmap_range *low, const struct rmmap_range *high)
{
        if (low == NULL || high == NULL || low == high)
                return -EINVAL;
        if (!seal_is_right(range->opaque, SEAL_RANGE))
                return -EINVAL;
        return position <= range_length(range) ? 0 : -ERANGE;
}

/* By value: the caller's out-parameters may be the variable that held the range. */
static int split_give_whole(struct rmmap_range range, struct rmmap_range *whole,
                            struct rmmap_range *nothing, enum rmmap_split part)
{
        memset(nothing, 0, sizeof(*nothing));
        *whole = range;
        return (int)part;
}

static int split_at(struct rmmap_range range, uint64_t point, struct rmmap_range *low,
                    struct rmmap_range *high)
{
        uint64_t owner = range.opaque[WORD_OWNER];

        range_seal(low, range.opaque[WORD_START], point, owner);
        range_seal(high, point, range.opaque[WORD_END], owner);
        return RMMAP_SPLIT_BOTH;
}

int rmmap_range_split_up(struct rmmap_range range, uint64_t position, struct rmmap_range *low,
                         struct rmmap_range *high)
{
        int err = split_check(&range, position, low, high);
        uint64_t point;

        if (err != 0)
                return err;
        point = rmmap_align_up(range_start(&range) + position);
        if (point >= range.opaque[WORD_END])
                return split_give_whole(range, low, high, RMMAP_SPLIT_LOW);
        return split_at(range, point, low, high);
}

int rmmap_range_split_down(struct rmmap_range range, uint64_t position, struct rmmap_range *low,
                           struct rmmap_range *high)
{
        int err = split_check(&range, position, low, high);
        uint64_t point;

        if (err != 0)
                return err;
        point = rmmap_align_down(range_start(&range) + position);
        if (point <= range_start(&range))
                return split_give_whole(range, high, low, RMMAP_SPLIT_HIGH);
        return split_at(range, point, low, high);
}
