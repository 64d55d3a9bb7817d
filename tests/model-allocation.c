/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Steps that allocate, claim, split, encode and decode ranges, and keep the allocator's state. */
#include "model.h"

typedef unsigned long long number; /* for printf */

/* size in whole blocks, without a sum that wraps. */
static uint64_t rounded(uint64_t size)
{
        uint64_t blocks = size / MODEL_BLOCK + (size % MODEL_BLOCK != 0);

        return blocks > UINT64_MAX / MODEL_BLOCK ? UINT64_MAX : blocks * MODEL_BLOCK;
}

static void step_allocate(struct model *model)
{
        uint64_t size = model_below(model, 3) ? model_below(model, 2 * MODEL_BLOCK)
                                              : model_size(model, model->setup.size);
        uint64_t left = model->setup.size - model->next;
        uint64_t end = model->next + (rounded(size) < left ? rounded(size) : left);
        int want = size == 0 ? -EINVAL : left == 0 ? -ENOSPC : 0;
        struct rmmap_range range;

        model_note(model, "allocate %llu", (number)size);
        model_expect(model, rmmap_allocate(model->file, size, &range), want);
        if (want != 0)
                return;
        model_keep(model, range, model->next, end);
        model_own(model, model->next, end, true);
        model->next = end;
        model->fresh = false;
}

static void step_allocate_exact(struct model *model)
{
        uint64_t size = model_below(model, 3) ? model_below(model, 2 * MODEL_BLOCK)
                                              : model_size(model, model->setup.size);
        uint64_t left = model->setup.size - model->next;
        int want = size == 0 ? -EINVAL : rounded(size) > left ? -ENOSPC : 0;
        struct rmmap_range range;

        model_note(model, "allocate_exact %llu", (number)size);
        model_expect(model, rmmap_allocate_exact(model->file, size, &range), want);
        if (want != 0)
                return;
        model_keep(model, range, model->next, model->next + rounded(size));
        model_own(model, model->next, model->next + rounded(size), true);
        model->next += rounded(size);
        model->fresh = false;
}

static void step_books(struct model *model)
{
        model_note(model, "remaining, allocated and size");
        model_check(model, rmmap_remaining(model->file) == model->setup.size - model->next,
                    "remaining");
        model_check(model, rmmap_allocated(model->file) == model->next, "allocated");
        model_check(model, rmmap_size(model->file) == model->setup.size, "size");
}

static bool is_bound(const struct model *model, uint64_t offset)
{
        return offset % MODEL_BLOCK == 0 || offset == model->setup.size;
}

static int count_owned(const struct model *model, uint64_t start, uint64_t end)
{
        int count = 0;

        for (uint64_t at = start; at < end; at += MODEL_BLOCK)
                count += model->owned[at / MODEL_BLOCK];
        return count;
}

static int claim_answer(const struct model *model, uint64_t start, uint64_t end)
{
        if (start >= end)
                return -EINVAL;
        if (end > model->setup.size)
                return -ERANGE;
        if (start % MODEL_BLOCK != 0 || !is_bound(model, end))
                return -EINVAL;
        if (count_owned(model, start, end) > 0)
                return -EBUSY;
        return end <= model->next ? 0 : -ERANGE;
}

static void note_claim(struct model *model, uint64_t start, uint64_t end)
{
        model_own(model, start, end, true);
        model->claimed = model->claimed || start < end;
}

static void step_claim(struct model *model)
{
        uint64_t start = model_size(model, model->setup.size);
        uint64_t end = model_size(model, model->setup.size);
        struct rmmap_range range;
        int want;

        if (model_below(model, 2) == 0) /* otherwise nearly all are refused */
                start = start / MODEL_BLOCK * MODEL_BLOCK;
        if (model_below(model, 2) == 0)
                end = end / MODEL_BLOCK * MODEL_BLOCK;
        want = claim_answer(model, start, end);
        model_note(model, "claim [%llu, %llu)", (number)start, (number)end);
        model_expect(model, rmmap_claim_range(model->file, start, end, &range), want);
        if (want != 0)
                return;
        model_keep(model, range, start, end);
        note_claim(model, start, end);
}

/* Ends the ownership of the range, if all of it is owned; the owner isn't checked. */
static void step_unclaim(struct model *model)
{
        const struct model_range *range = model_pick(model);
        int want = 0;

        if (range == NULL)
                return;
        if (count_owned(model, range->start, range->end) !=
            (int)(rounded(range->end - range->start) / MODEL_BLOCK))
                want = -EINVAL;
        model_note(model, "unclaim [%llu, %llu)", (number)range->start, (number)range->end);
        model_expect(model, rmmap_unclaim_range(model->file, range->range), want);
        if (want == 0)
                model_own(model, range->start, range->end, false);
}

static void check_split(struct model *model, const struct model_range *whole, uint64_t point,
                        int answer, struct rmmap_range low, struct rmmap_range high)
{
        static const struct rmmap_range zeros;

        if (answer == RMMAP_SPLIT_LOW) {
                model_check(model, rmmap_range_equal(low, whole->range), "low isn't the whole");
                model_check(model, memcmp(&high, &zeros, sizeof(zeros)) == 0, "high isn't zeros");
        } else if (answer == RMMAP_SPLIT_HIGH) {
                model_check(model, rmmap_range_equal(high, whole->range), "high isn't the whole");
                model_check(model, memcmp(&low, &zeros, sizeof(zeros)) == 0, "low isn't zeros");
        } else {
                uint64_t start = whole->start, end = whole->end;

                model_keep(model, low, start, point);
                model_keep(model, high, point, end);
        }
}

static void step_split(struct model *model)
{
        const struct model_range *picked = model_pick(model);
        bool down = model_below(model, 2) == 0;
        struct model_range whole;
        struct rmmap_range low, high;
        uint64_t position, point;
        int want;

        if (picked == NULL)
                return;
        whole = *picked;
        position = model_size(model, whole.end - whole.start);
        point = whole.start + position;
        point = down ? point / MODEL_BLOCK * MODEL_BLOCK : rounded(point);
        want = position > whole.end - whole.start ? -ERANGE
               : !down && point >= whole.end      ? RMMAP_SPLIT_LOW
               : down && point <= whole.start     ? RMMAP_SPLIT_HIGH
                                                  : RMMAP_SPLIT_BOTH;
        model_note(model, "split %s [%llu, %llu) at %llu", down ? "down" : "up",
                   (number)whole.start, (number)whole.end, (number)position);
        model_expect(model,
                     down ? rmmap_range_split_down(whole.range, position, &low, &high)
                          : rmmap_range_split_up(whole.range, position, &low, &high),
                     want);
        if (want >= 0)
                check_split(model, &whole, point, want, low, high);
}

static void step_encode(struct model *model)
{
        const struct model_range *range = model_pick(model);
        struct model_encoded *encoded = &model->encoded;

        if (range == NULL)
                return;
        encoded->is_receipt = range->written && model_below(model, 2) == 0;
        model_note(model, "encode the %s of [%llu, %llu)",
                   encoded->is_receipt ? "receipt" : "range", (number)range->start,
                   (number)range->end);
        model_expect(model,
                     encoded->is_receipt ? rmmap_receipt_encode(range->receipt, encoded->bytes,
                                                                sizeof(encoded->bytes))
                                         : rmmap_range_encode(range->range, encoded->bytes,
                                                              sizeof(encoded->bytes)),
                     0);
        encoded->start = range->start;
        encoded->end = range->end;
        encoded->is_there = true;
}

static void step_decode(struct model *model)
{
        struct model_encoded encoded = model->encoded;
        struct rmmap_range range = {{0}};
        struct rmmap_receipt receipt = {{0}};
        bool damage = model_below(model, 4) == 0;
        int want, got;

        if (!encoded.is_there)
                return;
        if (damage)
                encoded.bytes[model_below(model, sizeof(encoded.bytes))] ^=
                        (unsigned char)(1u << model_below(model, 8));
        want = damage                         ? -EBADMSG
               : encoded.start == encoded.end ? 0
                                              : claim_answer(model, encoded.start, encoded.end);
        if (want == -EBUSY && encoded.is_receipt) /* decoding a receipt claims nothing */
                want = encoded.end <= model->next ? 0 : -ERANGE;
        model_note(model, "decode a %s of [%llu, %llu)%s", encoded.is_receipt ? "receipt" : "range",
                   (number)encoded.start, (number)encoded.end, damage ? ", damaged" : "");
        got = encoded.is_receipt ? rmmap_receipt_decode(model->file, encoded.bytes,
                                                        sizeof(encoded.bytes), &receipt)
                                 : rmmap_range_decode(model->file, encoded.bytes,
                                                      sizeof(encoded.bytes), &range);
        model_expect(model, got, want);
        if (want != 0)
                return;
        if (!encoded.is_receipt)
                note_claim(model, encoded.start, encoded.end);
        model_keep(model, encoded.is_receipt ? rmmap_receipt_range(receipt) : range, encoded.start,
                   encoded.end);
}

static void step_save(struct model *model)
{
        bool small = model_below(model, 4) == 0;

        model->state_length = small ? 7 : sizeof(model->state);
        model_note(model, "save into %zu bytes", model->state_length);
        model_expect(model, rmmap_allocator_save(model->file, model->state, &model->state_length),
                     small ? -ENOBUFS : 0);
        if (small)
                model->state_length = 0; /* no valid state */
        model->state_position = model->next;
}

static void step_restore(struct model *model)
{
        bool damage = model_below(model, 4) == 0;
        unsigned char state[sizeof(model->state)];
        int want = model->claimed ? -EBUSY : damage ? -EBADMSG : model->fresh ? 0 : -EBUSY;

        if (model->state_length == 0)
                return;
        memcpy(state, model->state, sizeof(state));
        if (damage)
                state[model_below(model, model->state_length)] ^= 0x20;
        model_note(model, "restore to %llu%s", (number)model->state_position,
                   damage ? ", damaged" : "");
        model_expect(model, rmmap_allocator_restore(model->file, state, model->state_length), want);
        if (want != 0)
                return;
        if (model->first < model->state_position)
                model->first = model->state_position;
        model->next = model->first;
}

static void step_give_back(struct model *model)
{
        const struct model_range *range = model_pick(model);

        if (range == NULL)
                return;
        model_note(model, "give back [%llu, %llu)", (number)range->start, (number)range->end);
        model_expect(model, rmmap_give_back_range(model->file, range->range),
                     range->start == range->end ? 0 : -EOPNOTSUPP);
}

const model_step model_allocation_steps[] = {
        step_allocate, step_allocate, step_allocate_exact, step_books,   step_claim,   step_claim,
        step_split,    step_split,    step_encode,         step_decode,  step_decode,  step_save,
        step_restore,  step_restore,  step_give_back,      step_unclaim, step_unclaim, step_unclaim,
};
const size_t model_allocation_step_count =
        sizeof(model_allocation_steps) / sizeof(model_allocation_steps[0]);
