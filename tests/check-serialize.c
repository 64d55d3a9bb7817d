/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ranges and receipts as bytes: layout and damage. See check-decode.c for decoding in other
 * handles.
 */
#include "serialize.h"
#include "support.h"

#define A UINT64_C(4096)
#define SIZE (6 * A + 100)
#define BYTES RMMAP_RANGE_ENCODED_SIZE
#define RANGE_MAGIC "RMMRANG1"
#define RECEIPT_MAGIC "RMMRCPT1"

static struct rmmap_file *file;

static void setup(void)
{
        ck_ok(rmmap_create(test_path("encode"), SIZE, NULL, &file));
}

static void teardown(void)
{
        file = rmmap_release(file);
}

static struct rmmap_range take(uint64_t size)
{
        struct rmmap_range range = {{0}};

        ck_ok(rmmap_allocate(file, size, &range));
        return range;
}

static struct rmmap_receipt receipt_of(struct rmmap_range range)
{
        struct rmmap_receipt receipt = {{0}};

        ck_ok(rmmap_mark_written(file, range, &receipt));
        return receipt;
}

/* Bytes with a valid checksum that the library may never have encoded. */
static void make(unsigned char *bytes, const char *magic, uint64_t start, uint64_t end)
{
        const uint64_t words[] = {start, end, 1};

        serialize_words(bytes, magic, words, 3);
}

static int decode(const void *bytes, size_t length)
{
        struct rmmap_range range;

        return rmmap_range_decode(file, bytes, length, &range);
}

static int decode_receipt(const void *bytes, size_t length)
{
        struct rmmap_receipt receipt;

        return rmmap_receipt_decode(file, bytes, length, &receipt);
}

/* [4096, 12288), owner 0x0123456789abcdef; checksums by another program. */
static const unsigned char literal_range[BYTES] = {
        'R',  'M',  'M',  'R',  'A',  'N',  'G',  '1',  0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x30, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xef, 0xcd, 0xab, 0x89,
        0x67, 0x45, 0x23, 0x01, 0xd8, 0x32, 0x17, 0xf9, 0x5a, 0x28, 0xd5, 0xdf};
static const unsigned char literal_receipt[BYTES] = {
        'R',  'M',  'M',  'R',  'C',  'P',  'T',  '1',  0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x30, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xef, 0xcd, 0xab, 0x89,
        0x67, 0x45, 0x23, 0x01, 0x33, 0x69, 0x74, 0x40, 0x79, 0x77, 0x05, 0xd8};

START_TEST(layout_is_fixed)
{
        const uint64_t words[] = {4096, 12288, UINT64_C(0x0123456789abcdef)};
        unsigned char bytes[BYTES];

        ck_assert_uint_eq(RMMAP_RANGE_ENCODED_SIZE, 40);
        ck_assert_uint_eq(RMMAP_RECEIPT_ENCODED_SIZE, 40);
        serialize_words(bytes, RANGE_MAGIC, words, 3);
        ck_assert_mem_eq(bytes, literal_range, BYTES);
        serialize_words(bytes, RECEIPT_MAGIC, words, 3);
        ck_assert_mem_eq(bytes, literal_receipt, BYTES);
}
END_TEST

/* Bytes that another program wrote earlier on another machine. */
START_TEST(literal_bytes_are_taken)
{
        struct rmmap_range range;
        struct rmmap_receipt receipt;

        ck_ok(rmmap_unclaim_range(file, take(12288)));
        ck_ok(rmmap_range_decode(file, literal_range, BYTES, &range));
        ck_assert_uint_eq(rmmap_range_start(range), 4096);
        ck_assert_uint_eq(rmmap_range_end(range), 12288);
        ck_ok(rmmap_receipt_decode(file, literal_receipt, BYTES, &receipt));
        ck_assert(rmmap_range_equal(range, rmmap_receipt_range(receipt)));
}
END_TEST

static uint64_t little_endian(const unsigned char *bytes)
{
        uint64_t value = 0;

        for (int i = 7; i >= 0; i--)
                value = value << 8 | bytes[i];
        return value;
}

static uint64_t sum_of(const unsigned char *bytes, size_t length)
{
        uint64_t sum = UINT64_C(14695981039346656037);

        for (size_t i = 0; i < length; i++)
                sum = (sum ^ bytes[i]) * UINT64_C(1099511628211);
        return sum;
}

static void check_layout(const unsigned char *bytes, const char *magic, uint64_t start,
                         uint64_t end)
{
        ck_assert_mem_eq(bytes, magic, 8);
        ck_assert_uint_eq(little_endian(bytes + 8), start);
        ck_assert_uint_eq(little_endian(bytes + 16), end);
        ck_assert_uint_eq(little_endian(bytes + 32), sum_of(bytes, 32));
}

START_TEST(encode_tells_the_bounds)
{
        unsigned char bytes[BYTES], again[BYTES];
        struct rmmap_range range;

        take(4096);
        range = take(8192);
        ck_ok(rmmap_range_encode(range, bytes, sizeof(bytes)));
        check_layout(bytes, RANGE_MAGIC, 4096, 12288);
        ck_ok(rmmap_range_encode(range, again, sizeof(again)));
        ck_assert_mem_eq(bytes, again, BYTES);
        ck_ok(rmmap_receipt_encode(receipt_of(range), bytes, sizeof(bytes)));
        check_layout(bytes, RECEIPT_MAGIC, 4096, 12288);
}
END_TEST

/* Exactly 40 bytes, at any address; with less room nothing. */
START_TEST(encode_keeps_to_the_buffer)
{
        struct rmmap_range range = take(4096);
        struct rmmap_receipt receipt = receipt_of(range);

        for (size_t capacity = 0; capacity <= BYTES + 8; capacity++) {
                unsigned char bytes[64], untouched[64];
                size_t used = capacity < BYTES ? 0 : BYTES;

                memset(bytes, 0xa5, sizeof(bytes));
                memset(untouched, 0xa5, sizeof(untouched));
                ck_is(rmmap_range_encode(range, bytes + 1, capacity), used ? 0 : -ENOBUFS);
                ck_assert(bytes[0] == 0xa5);
                ck_assert_mem_eq(bytes + 1 + used, untouched, sizeof(bytes) - 1 - used);
                memset(bytes, 0xa5, sizeof(bytes));
                ck_is(rmmap_receipt_encode(receipt, bytes + 1, capacity), used ? 0 : -ENOBUFS);
                ck_assert(bytes[0] == 0xa5);
                ck_assert_mem_eq(bytes + 1 + used, untouched, sizeof(bytes) - 1 - used);
        }
}
END_TEST

START_TEST(round_trips)
{
        unsigned char bytes[BYTES + 1];
        struct rmmap_range range = take(5000), back;
        struct rmmap_receipt receipt = receipt_of(range), receipt_back;

        ck_ok(rmmap_range_encode(range, bytes + 1, BYTES));
        ck_ok(rmmap_unclaim_range(file, range));
        ck_ok(rmmap_range_decode(file, bytes + 1, BYTES, &back));
        ck_assert(rmmap_range_equal(range, back));
        ck_ok(rmmap_receipt_encode(receipt, bytes + 1, BYTES));
        ck_ok(rmmap_receipt_decode(file, bytes + 1, BYTES, &receipt_back));
        ck_assert(rmmap_receipt_equal(receipt, receipt_back));
        ck_ok(rmmap_sync_range(file, receipt_back));
}
END_TEST

/* All 40 bytes, all 255 other values of each. */
START_TEST(any_damaged_byte_is_seen)
{
        unsigned char bytes[BYTES], receipt_bytes[BYTES];
        struct rmmap_range range = take(8192);

        ck_ok(rmmap_range_encode(range, bytes, sizeof(bytes)));
        ck_ok(rmmap_receipt_encode(receipt_of(range), receipt_bytes, sizeof(receipt_bytes)));
        for (int at = 0; at < BYTES; at++) {
                for (unsigned int change = 1; change < 256; change++) {
                        bytes[at] ^= (unsigned char)change;
                        receipt_bytes[at] ^= (unsigned char)change;
                        ck_is(decode(bytes, BYTES), -EBADMSG);
                        ck_is(decode_receipt(receipt_bytes, BYTES), -EBADMSG);
                        bytes[at] ^= (unsigned char)change;
                        receipt_bytes[at] ^= (unsigned char)change;
                }
        }
        ck_ok(rmmap_unclaim_range(file, range));
        ck_ok(decode(bytes, BYTES));
        ck_ok(decode_receipt(receipt_bytes, BYTES));
}
END_TEST

START_TEST(another_length_is_damage)
{
        unsigned char bytes[2 * BYTES] = {0};

        ck_ok(rmmap_range_encode(take(4096), bytes, BYTES));
        for (size_t length = 0; length <= sizeof(bytes); length++)
                ck_is(decode(bytes, length), length == BYTES ? -EBUSY : -EBADMSG);
        ck_ok(rmmap_receipt_encode(receipt_of(take(4096)), bytes, BYTES));
        for (size_t length = 0; length <= sizeof(bytes); length++)
                ck_is(decode_receipt(bytes, length), length == BYTES ? 0 : -EBADMSG);
}
END_TEST

START_TEST(one_kind_is_not_the_other)
{
        unsigned char bytes[BYTES];
        struct rmmap_range range = take(4096);

        ck_ok(rmmap_range_encode(range, bytes, BYTES));
        ck_is(decode_receipt(bytes, BYTES), -EBADMSG);
        ck_ok(rmmap_receipt_encode(receipt_of(range), bytes, BYTES));
        ck_is(decode(bytes, BYTES), -EBADMSG);
        make(bytes, "RMMRANG2", 0, 4096); /* a future format */
        ck_is(decode(bytes, BYTES), -EBADMSG);
}
END_TEST

START_TEST(wrong_arguments)
{
        unsigned char bytes[BYTES];
        struct rmmap_range range = take(4096), out, marked;
        struct rmmap_receipt receipt_out;
        void *volatile none = NULL;

        ck_ok(rmmap_range_encode(range, bytes, BYTES));
        memset(&marked, 0xa5, sizeof(marked));
        out = marked;
        ck_is(rmmap_range_encode(range, none, BYTES), -EINVAL);
        ck_is(rmmap_receipt_encode(receipt_of(range), none, BYTES), -EINVAL);
        ck_is(rmmap_range_decode(NULL, bytes, BYTES, &out), -EINVAL);
        ck_is(rmmap_range_decode(file, none, BYTES, &out), -EINVAL);
        ck_is(rmmap_range_decode(file, none, 0, &out), -EINVAL);
        ck_is(rmmap_range_decode(file, bytes, BYTES, NULL), -EINVAL);
        ck_is(rmmap_range_decode(file, bytes, BYTES - 1, &out), -EBADMSG);
        make(bytes, RANGE_MAGIC, 4096, 8192);
        ck_is(rmmap_range_decode(file, bytes, BYTES, &out), -ERANGE);
        ck_assert(memcmp(&out, &marked, sizeof(out)) == 0);
        ck_is(rmmap_receipt_decode(NULL, bytes, BYTES, &receipt_out), -EINVAL);
        ck_is(rmmap_receipt_decode(file, none, BYTES, &receipt_out), -EINVAL);
        ck_is(rmmap_receipt_decode(file, bytes, BYTES, NULL), -EINVAL);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("encode");
        TCase *cases = tcase_create("encode");

        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, layout_is_fixed);
        tcase_add_test(cases, literal_bytes_are_taken);
        tcase_add_test(cases, encode_tells_the_bounds);
        tcase_add_test(cases, encode_keeps_to_the_buffer);
        tcase_add_test(cases, round_trips);
        tcase_add_test(cases, any_damaged_byte_is_seen);
        tcase_add_test(cases, another_length_is_damage);
        tcase_add_test(cases, one_kind_is_not_the_other);
        tcase_add_test(cases, wrong_arguments);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
