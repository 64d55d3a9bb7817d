/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Ranges and receipts as values: accessors, splits, claims, bytes of them. */
#include "frozen.h"

static struct rmmap_file *file;

static void use_accessors(void)
{
        static const struct rmmap_range none;
        static const struct rmmap_receipt no_receipt;
        struct padded_range padded;
        struct padded_receipt receipt;

        CLEAR(&padded);
        EXPECT(rmmap_allocate(file, 5000, &padded.range) == 0 && KEPT(&padded));
        EXPECT(rmmap_range_start(padded.range) == 0 && rmmap_range_end(padded.range) == 8192);
        EXPECT(rmmap_range_length(padded.range) == 8192 && !rmmap_range_is_empty(padded.range));
        EXPECT(rmmap_range_equal(padded.range, padded.range));
        EXPECT(!rmmap_range_equal(padded.range, none) && rmmap_range_length(none) == 0);
        EXPECT(rmmap_allocated(file) == 8192 && rmmap_remaining(file) == FILE_SIZE - 8192);

        CLEAR(&receipt);
        EXPECT(rmmap_mark_written(file, padded.range, &receipt.receipt) == 0 && KEPT(&receipt));
        EXPECT(rmmap_receipt_start(receipt.receipt) == 0);
        EXPECT(rmmap_receipt_end(receipt.receipt) == 8192);
        EXPECT(rmmap_receipt_length(receipt.receipt) == 8192);
        EXPECT(!rmmap_receipt_is_empty(receipt.receipt));
        EXPECT(rmmap_receipt_equal(receipt.receipt, receipt.receipt));
        EXPECT(!rmmap_receipt_equal(receipt.receipt, no_receipt));
        EXPECT(rmmap_range_equal(rmmap_receipt_range(receipt.receipt), padded.range));
}

static void use_splits(void)
{
        struct padded_range low, high;
        struct rmmap_range whole;

        CLEAR(&low);
        CLEAR(&high);
        EXPECT(rmmap_allocate_exact(file, 12288, &whole) == 0);
        EXPECT(rmmap_range_split_up(whole, 1, &low.range, &high.range) == RMMAP_SPLIT_BOTH);
        EXPECT(rmmap_range_length(low.range) == 4096 && rmmap_range_length(high.range) == 8192);
        EXPECT(rmmap_range_split_up(whole, 12288, &low.range, &high.range) == RMMAP_SPLIT_LOW);
        EXPECT(rmmap_range_equal(low.range, whole) && all_are(&high.range, sizeof(high.range), 0));
        EXPECT(rmmap_range_split_down(whole, 4095, &low.range, &high.range) == RMMAP_SPLIT_HIGH);
        EXPECT(rmmap_range_equal(high.range, whole) && all_are(&low.range, sizeof(low.range), 0));
        EXPECT(rmmap_range_split_down(whole, 12289, &low.range, &high.range) == -ERANGE);
        EXPECT(KEPT(&low) && KEPT(&high));
        EXPECT(rmmap_align_up(1) == RMMAP_ALIGNMENT && rmmap_align_down(4097) == RMMAP_ALIGNMENT);
}

static void use_encodings(void)
{
        unsigned char bytes[RMMAP_RANGE_ENCODED_SIZE + RMMAP_RECEIPT_ENCODED_SIZE + 8];
        unsigned char *second = bytes + RMMAP_RANGE_ENCODED_SIZE;
        struct rmmap_range range, back;
        struct rmmap_receipt receipt, receipt_back;

        memset(bytes, BEHIND, sizeof(bytes));
        EXPECT(rmmap_claim_range(file, 4096, 8192, &range) == -EBUSY); /* allocated above */
        EXPECT(rmmap_allocate(file, 4096, &range) == 0);
        EXPECT(rmmap_mark_written(file, range, &receipt) == 0);
        EXPECT(rmmap_range_encode(range, bytes, RMMAP_RANGE_ENCODED_SIZE) == 0);
        EXPECT(all_are(second, sizeof(bytes) - RMMAP_RANGE_ENCODED_SIZE, BEHIND));
        EXPECT(rmmap_range_encode(range, bytes, RMMAP_RANGE_ENCODED_SIZE - 1) == -ENOBUFS);
        EXPECT(rmmap_receipt_encode(receipt, second, RMMAP_RECEIPT_ENCODED_SIZE) == 0);
        EXPECT(all_are(bytes + sizeof(bytes) - 8, 8, BEHIND));
        EXPECT(rmmap_range_decode(file, bytes, RMMAP_RANGE_ENCODED_SIZE, &back) == -EBUSY);
        EXPECT(rmmap_receipt_decode(file, second, RMMAP_RECEIPT_ENCODED_SIZE, &receipt_back) == 0);
        EXPECT(rmmap_receipt_equal(receipt, receipt_back));
        EXPECT(rmmap_range_decode(file, second, RMMAP_RANGE_ENCODED_SIZE, &back) == -EBADMSG);
}

static void use_positions(void)
{
        struct padded_options *padded = defaults(0);
        struct rmmap_file *next = NULL;
        unsigned char state[256], bytes[RMMAP_RANGE_ENCODED_SIZE];
        struct rmmap_range claimed;
        size_t length = 0;
        uint64_t before = rmmap_allocated(file);

        padded->options.allocate_from = 1;
        EXPECT(rmmap_allocator_save(file, NULL, &length) == 0 && length <= sizeof(state));
        length = sizeof(state);
        EXPECT(rmmap_allocator_save(file, state, &length) == 0);
        EXPECT(rmmap_open(path_of("ranges"), &padded->options, &next) == 0);
        EXPECT(rmmap_allocated(next) == RMMAP_ALIGNMENT);
        EXPECT(rmmap_allocator_restore(next, state, length) == 0);
        EXPECT(rmmap_allocated(next) == before);
        EXPECT(rmmap_claim_range(next, 4096, 8192, &claimed) == 0);
        EXPECT(rmmap_range_encode(claimed, bytes, sizeof(bytes)) == 0);
        rmmap_release(next);
        EXPECT(rmmap_open(path_of("ranges"), NULL, &next) == 0);
        EXPECT(rmmap_range_decode(next, bytes, sizeof(bytes), &claimed) == 0);
        EXPECT(rmmap_range_start(claimed) == 4096);
        rmmap_release(next);
}

static void use_refusals(void)
{
        struct rmmap_file *other = NULL;
        struct rmmap_range range, forged;

        EXPECT(rmmap_create(path_of("other"), FILE_SIZE, NULL, &other) == 0);
        EXPECT(rmmap_allocate(other, 4096, &range) == 0);
        EXPECT(rmmap_give_back_range(file, range) == -EXDEV);
        EXPECT(rmmap_give_back_range(other, range) == -EOPNOTSUPP);
        forged = range;
        forged.opaque[1] ^= 4096;
        EXPECT(rmmap_give_back_range(other, forged) == -EINVAL);
        EXPECT(rmmap_write_range(other, range, "", 1, NULL) == -EMSGSIZE);
        EXPECT(rmmap_claim_range(other, 4096, 8192, &range) == -ERANGE);
        rmmap_release(other);
}

void use_ranges(void)
{
        EXPECT(rmmap_create(path_of("ranges"), FILE_SIZE, NULL, &file) == 0);
        use_accessors();
        use_splits();
        use_encodings();
        use_positions();
        use_refusals();
        rmmap_release(file);
}
