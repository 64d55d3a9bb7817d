/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ranges and receipts as values: what they report. Which calls refuse them is in errors/rows.c,
 * splits in check-split.c.
 */
#include "seal-key.h"
#include "support.h"

#define SIZE (UINT64_C(5) * RMMAP_ALIGNMENT + 100)

static struct rmmap_file *file;
static const struct rmmap_range no_range;
static const struct rmmap_receipt no_receipt;

static void setup(void)
{
        ck_ok(rmmap_create(test_path("file"), SIZE, NULL, &file));
}

static void teardown(void)
{
        file = rmmap_release(file);
}

static struct rmmap_range take(struct rmmap_file *from, uint64_t size)
{
        struct rmmap_range range = no_range;

        ck_ok(rmmap_allocate(from, size, &range));
        return range;
}

static struct rmmap_receipt receipt_of(struct rmmap_range range)
{
        struct rmmap_receipt receipt = no_receipt;

        ck_ok(rmmap_mark_written(file, range, &receipt));
        return receipt;
}

/* An empty range: the low part of a split at 0. */
static struct rmmap_range take_empty(void)
{
        struct rmmap_range low, high;

        ck_is(rmmap_range_split_up(take(file, 1), 0, &low, &high), RMMAP_SPLIT_BOTH);
        return low;
}

static void check_bounds(struct rmmap_range range, uint64_t start, uint64_t end)
{
        ck_assert_uint_eq(rmmap_range_start(range), start);
        ck_assert_uint_eq(rmmap_range_end(range), end);
        ck_assert_uint_eq(rmmap_range_length(range), end - start);
        ck_assert(rmmap_range_is_empty(range) == (start == end));
        ck_assert(rmmap_range_equal(range, range));
}

static void check_receipt_bounds(struct rmmap_receipt receipt, uint64_t start, uint64_t end)
{
        ck_assert_uint_eq(rmmap_receipt_start(receipt), start);
        ck_assert_uint_eq(rmmap_receipt_end(receipt), end);
        ck_assert_uint_eq(rmmap_receipt_length(receipt), end - start);
        ck_assert(rmmap_receipt_is_empty(receipt) == (start == end));
        ck_assert(rmmap_receipt_equal(receipt, receipt));
}

static void check_range_and_receipt(struct rmmap_range range, uint64_t start, uint64_t end)
{
        check_bounds(range, start, end);
        check_receipt_bounds(receipt_of(range), start, end);
}

START_TEST(accessors_tell_the_bounds)
{
        check_range_and_receipt(take(file, 1), 0, 4096);
        check_range_and_receipt(take(file, 4097), 4096, 3 * 4096);
        check_range_and_receipt(take_empty(), 3 * 4096, 3 * 4096);
        check_range_and_receipt(take(file, 8192), 4 * 4096, SIZE); /* the short end */
}
END_TEST

/* The result of each accessor for a value that was never handed out. */
static void check_tells_nothing(struct rmmap_range range, const char *what, int which)
{
        ck_assert_msg(rmmap_range_start(range) == 0 && rmmap_range_end(range) == 0 &&
                              rmmap_range_length(range) == 0 && !rmmap_range_is_empty(range) &&
                              !rmmap_range_equal(range, range),
                      "%s %d is believed", what, which);
}

static void check_receipt_tells_nothing(struct rmmap_receipt receipt, const char *what, int which)
{
        struct rmmap_range washed = rmmap_receipt_range(receipt);

        ck_assert_msg(rmmap_receipt_start(receipt) == 0 && rmmap_receipt_end(receipt) == 0 &&
                              rmmap_receipt_length(receipt) == 0 &&
                              !rmmap_receipt_is_empty(receipt) &&
                              !rmmap_receipt_equal(receipt, receipt),
                      "%s %d is believed", what, which);
        ck_assert_msg(memcmp(&washed, &no_range, sizeof(washed)) == 0, "%s %d is laundered", what,
                      which);
}

/* Not even with a key that makes the seal of zeros zero, which one key in 2^64 might. */
START_TEST(zeros_are_never_valid)
{
        uint64_t kept[SEAL_KEY_WORDS];

        check_tells_nothing(no_range, "zeros", 0);
        check_receipt_tells_nothing(no_receipt, "zeros", 0);
        ck_assert(!rmmap_range_equal(no_range, take(file, 1)));
        ck_assert(!rmmap_range_equal(take(file, 1), no_range));
        for (unsigned int i = 0; i < SEAL_KEY_WORDS; i++)
                kept[i] = atomic_exchange(&seal_key[i], 0);
        check_tells_nothing(no_range, "zeros", 0);
        check_receipt_tells_nothing(no_receipt, "zeros", 0);
        for (unsigned int i = 0; i < SEAL_KEY_WORDS; i++)
                atomic_store(&seal_key[i], kept[i]);
}
END_TEST

static void flip(void *words, int bit)
{
        ((unsigned char *)words)[bit / 8] ^= (unsigned char)(1u << (bit % 8));
}

static void check_flips(struct rmmap_range range)
{
        struct rmmap_receipt receipt = receipt_of(range);

        for (int bit = 0; bit < 256; bit++) {
                struct rmmap_range bad = range;
                struct rmmap_receipt bad_receipt = receipt;

                flip(&bad, bit);
                check_tells_nothing(bad, "range with a flip of bit", bit);
                ck_assert(!rmmap_range_equal(bad, range) && !rmmap_range_equal(range, bad));
                flip(&bad_receipt, bit);
                check_receipt_tells_nothing(bad_receipt, "receipt with a flip of bit", bit);
                ck_assert(!rmmap_receipt_equal(bad_receipt, receipt) &&
                          !rmmap_receipt_equal(receipt, bad_receipt));
        }
}

START_TEST(every_flipped_bit_is_refused)
{
        check_flips(take(file, 1));
        check_flips(take(file, 8192));
        check_flips(take_empty());
        check_flips(take(file, 8192));
}
END_TEST

START_TEST(two_flipped_bits_are_refused)
{
        struct rmmap_range good = take(file, 8192);

        for (int bit = 0; bit < 256; bit++) {
                for (int second = 0; second < bit; second++) {
                        struct rmmap_range bad = good;

                        flip(&bad, bit);
                        flip(&bad, second);
                        check_tells_nothing(bad, "two flips, the first", bit);
                }
        }
}
END_TEST

/* Values that a program makes up or combines from valid ranges. Holds F.1. */
START_TEST(forged_ones_are_refused)
{
        struct rmmap_range a = take(file, 1), b = take(file, 1), forged;
        uint64_t state = test_seed();

        for (int i = 0; i < 100000; i++) {
                for (int word = 0; word < 4; word++)
                        forged.opaque[word] = test_random(&state) >> (test_random(&state) % 64);
                check_tells_nothing(forged, "made up", i);
        }
        for (int choice = 1; choice < 15; choice++) {
                for (int word = 0; word < 4; word++)
                        forged.opaque[word] =
                                (choice >> word & 1) ? b.opaque[word] : a.opaque[word];
                /* Both have the same owner: a copy of that word alone leaves the range as it is. */
                if (memcmp(&forged, &a, sizeof(a)) != 0 && memcmp(&forged, &b, sizeof(b)) != 0)
                        check_tells_nothing(forged, "a mixture", choice);
        }
}
END_TEST

/* Holds F.1. */
START_TEST(one_kind_is_not_the_other)
{
        struct rmmap_range range = take(file, 1), from_receipt;
        struct rmmap_receipt receipt = receipt_of(range), from_range;

        memcpy(&from_range, &range, sizeof(from_range));
        memcpy(&from_receipt, &receipt, sizeof(from_receipt));
        check_tells_nothing(from_receipt, "a receipt's bytes", 0);
        check_receipt_tells_nothing(from_range, "a range's bytes", 0);
}
END_TEST

/* A clone is the same owner, another handle of the file is not. */
START_TEST(an_owner_is_a_handle)
{
        struct rmmap_file *clone = rmmap_clone(file), *again;
        struct rmmap_options options = test_options(RMMAP_REWRITE, 0);
        struct rmmap_range range = take(clone, 1), same;
        struct rmmap_receipt receipt = receipt_of(range);

        ck_ok(rmmap_sync_range(clone, receipt));
        rmmap_release(clone);
        ck_ok(rmmap_open(test_path("file"), &options, &again));
        same = take(again, 1);
        ck_assert_uint_eq(rmmap_range_start(same), rmmap_range_start(range));
        ck_assert(!rmmap_range_equal(same, range));
        rmmap_release(again);
        check_bounds(same, 0, 4096); /* still a value of this process */
}
END_TEST

START_TEST(equal_when_the_same)
{
        struct rmmap_range a = take(file, 4096), b = take(file, 4096), copy = a, claimed;
        struct rmmap_receipt first = receipt_of(a), second = receipt_of(a);

        ck_ok(rmmap_unclaim_range(file, a));
        ck_assert(rmmap_range_equal(a, copy));
        ck_assert(!rmmap_range_equal(a, b));
        ck_ok(rmmap_claim_range(file, 0, 4096, &claimed));
        ck_assert(rmmap_range_equal(a, claimed));
        ck_assert(rmmap_receipt_equal(first, second));
        ck_assert(!rmmap_receipt_equal(first, receipt_of(b)));
        ck_assert(rmmap_range_equal(a, rmmap_receipt_range(first)));
        ck_ok(rmmap_sync_within(file, rmmap_receipt_range(first), 0, 4096));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("range");
        TCase *values = tcase_create("values");

        tcase_add_checked_fixture(values, setup, teardown);
        tcase_set_timeout(values, 60);
        tcase_add_test(values, accessors_tell_the_bounds);
        tcase_add_test(values, zeros_are_never_valid);
        tcase_add_test(values, every_flipped_bit_is_refused);
        tcase_add_test(values, two_flipped_bits_are_refused);
        tcase_add_test(values, forged_ones_are_refused);
        tcase_add_test(values, one_kind_is_not_the_other);
        tcase_add_test(values, an_owner_is_a_handle);
        tcase_add_test(values, equal_when_the_same);
        suite_add_tcase(suite, values);
        return test_run(suite);
}
