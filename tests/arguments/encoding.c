/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arguments of the calls that turn ranges and receipts into bytes, and back. */
#include "stage.h"

#define SIZE RMMAP_RANGE_ENCODED_SIZE

START_TEST(encode_into_too_little)
{
        static const size_t enough[] = {SIZE, SIZE + 1, sizeof(out.buffer)};

        refused(rmmap_range_encode(stage.range, NULL, SIZE), EINVAL);
        refused(rmmap_receipt_encode(stage.receipt, NULL, SIZE), EINVAL);
        refused(rmmap_range_encode(stage.range, out.buffer, 0), ENOBUFS);
        refused(rmmap_receipt_encode(stage.receipt, out.buffer, 0), ENOBUFS);
        refused(rmmap_range_encode(stage.range, out.buffer, SIZE - 1), ENOBUFS);
        refused(rmmap_receipt_encode(stage.receipt, out.buffer, SIZE - 1), ENOBUFS);
        for (size_t i = 0; i < sizeof(enough) / sizeof(enough[0]); i++) {
                forget_results();
                ck_ok(rmmap_range_encode(stage.range, out.buffer, enough[i]));
                ck_assert_mem_eq(out.buffer, stage.bytes, SIZE);
                ck_assert_uint_eq(out.buffer[SIZE], 0xa5);
                ck_ok(rmmap_receipt_encode(stage.receipt, out.buffer, enough[i]));
                ck_assert_mem_eq(out.buffer, stage.receipt_bytes, SIZE);
                ck_assert_uint_eq(out.buffer[SIZE], 0xa5);
        }
}
END_TEST

START_TEST(encode_what_is_not_valid)
{
        refused(rmmap_range_encode(stage.zeros, out.buffer, SIZE), EINVAL);
        refused(rmmap_range_encode(stage.forged, out.buffer, SIZE), EINVAL);
        refused(rmmap_range_encode(as_range(stage.receipt), out.buffer, SIZE), EINVAL);
        refused(rmmap_receipt_encode(stage.zero_receipt, out.buffer, SIZE), EINVAL);
        refused(rmmap_receipt_encode(stage.forged_receipt, out.buffer, SIZE), EINVAL);
        refused(rmmap_receipt_encode(as_receipt(stage.range), out.buffer, SIZE), EINVAL);
}
END_TEST

START_TEST(decode_without_something)
{
        refused(rmmap_range_decode(NULL, stage.bytes, SIZE, &out.range), EINVAL);
        refused(rmmap_range_decode(stage.file, NULL, SIZE, &out.range), EINVAL);
        refused(rmmap_range_decode(stage.file, NULL, 0, &out.range), EINVAL);
        refused(rmmap_range_decode(stage.file, stage.bytes, SIZE, NULL), EINVAL);
        refused(rmmap_receipt_decode(NULL, stage.receipt_bytes, SIZE, &out.receipt), EINVAL);
        refused(rmmap_receipt_decode(stage.file, NULL, SIZE, &out.receipt), EINVAL);
        refused(rmmap_receipt_decode(stage.file, NULL, 0, &out.receipt), EINVAL);
        refused(rmmap_receipt_decode(stage.file, stage.receipt_bytes, SIZE, NULL), EINVAL);
}
END_TEST

START_TEST(decode_another_length)
{
        static const size_t lengths[] = {0, 1, SIZE - 1, SIZE + 1, SIZE_MAX};

        for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
                refused(rmmap_range_decode(stage.file, stage.bytes, lengths[i], &out.range),
                        EBADMSG);
                refused(rmmap_receipt_decode(stage.file, stage.receipt_bytes, lengths[i],
                                             &out.receipt),
                        EBADMSG);
        }
        refused(rmmap_range_decode(stage.file, stage.bytes, SIZE, &out.range), EBUSY);
        ck_ok(rmmap_unclaim_range(stage.file, stage.range));
        ck_ok(rmmap_range_decode(stage.file, stage.bytes, SIZE, &out.range));
        ck_assert(rmmap_range_equal(out.range, stage.range));
        ck_ok(rmmap_receipt_decode(stage.file, stage.receipt_bytes, SIZE, &out.receipt));
        ck_assert(rmmap_receipt_equal(out.receipt, stage.receipt));
}
END_TEST

/* Any bit; and the other kind. */
START_TEST(decode_other_bytes)
{
        refused(rmmap_range_decode(stage.file, stage.receipt_bytes, SIZE, &out.range), EBADMSG);
        refused(rmmap_receipt_decode(stage.file, stage.bytes, SIZE, &out.receipt), EBADMSG);
        for (int bit = 0; bit < 8 * SIZE; bit++) {
                unsigned char mask = (unsigned char)(1 << (bit % 8));

                stage.bytes[bit / 8] ^= mask;
                stage.receipt_bytes[bit / 8] ^= mask;
                ck_is(rmmap_range_decode(stage.file, stage.bytes, SIZE, &out.range), -EBADMSG);
                ck_is(rmmap_receipt_decode(stage.file, stage.receipt_bytes, SIZE, &out.receipt),
                      -EBADMSG);
                stage.bytes[bit / 8] ^= mask;
                stage.receipt_bytes[bit / 8] ^= mask;
        }
}
END_TEST

TCase *encoding_case(void)
{
        TCase *tests = stage_case("encoding");

        tcase_add_test(tests, encode_into_too_little);
        tcase_add_test(tests, encode_what_is_not_valid);
        tcase_add_test(tests, decode_without_something);
        tcase_add_test(tests, decode_another_length);
        tcase_add_test(tests, decode_other_bytes);
        return tests;
}
