/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Ranges and receipts as bytes: their layout, damage, and decoding by the rules of claim, in other
 * handles, later runs and other processes. To get a process with other seal keys, this program
 * starts itself again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "child.h"
#include "serialize.h"
#include "support.h"

#define A UINT64_C(4096)
#define SIZE (6 * A + 100)
#define BYTES RMMAP_RANGE_ENCODED_SIZE
#define WORK "hand over the second block"

static const char *path;
static struct rmmap_file *file;

/* What one process sends to another. */
struct message {
        unsigned char range[BYTES], receipt[BYTES], state[256];
        size_t state_length;
        struct rmmap_range raw_range;
        struct rmmap_receipt raw_receipt;
};

static void setup(void)
{
        path = test_path("process");
        ck_ok(rmmap_create(path, SIZE, NULL, &file));
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

/* [4096, 12288), owner 0x0123456789abcdef; checksums by another program. */
static const unsigned char literal_range[BYTES] = {
        'R',  'M',  'M',  'R',  'A',  'N',  'G',  '1',  0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x30, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xef, 0xcd, 0xab, 0x89,
        0x67, 0x45, 0x23, 0x01, 0xd8, 0x32, 0x17, 0xf9, 0x5a, 0x28, 0xd5, 0xdf};
static const unsigned char literal_receipt[BYTES] = {
        'R',  'M',  'M',  'R',  'C',  'P',  'T',  '1',  0x00, 0x10, 0x00, 0x00, 0x00, 0x00,
        0x00, 0x00, 0x00, 0x30, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xef, 0xcd, 0xab, 0x89,
        0x67, 0x45, 0x23, 0x01, 0x33, 0x69, 0x74, 0x40, 0x79, 0x77, 0x05, 0xd8};

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

/* Exactly 40 bytes, at any address. */
START_TEST(round_trips)
{
        unsigned char bytes[BYTES + 9], *at = bytes + 1;
        struct rmmap_range range = take(5000), back;
        struct rmmap_receipt receipt = receipt_of(range), receipt_back;

        memset(bytes, 0xa5, sizeof(bytes));
        ck_ok(rmmap_range_encode(range, at, sizeof(bytes) - 1));
        ck_ok(rmmap_unclaim_range(file, range));
        ck_ok(rmmap_range_decode(file, at, BYTES, &back));
        ck_assert(rmmap_range_equal(range, back));
        ck_ok(rmmap_receipt_encode(receipt, at, sizeof(bytes) - 1));
        ck_ok(rmmap_receipt_decode(file, at, BYTES, &receipt_back));
        ck_assert(rmmap_receipt_equal(receipt, receipt_back));
        ck_ok(rmmap_sync_range(file, receipt_back));
        ck_assert(bytes[0] == 0xa5 && at[BYTES] == 0xa5);
}
END_TEST

/* All 40 bytes, all 255 other values of each. */
START_TEST(any_damaged_byte_is_seen)
{
        unsigned char bytes[BYTES], receipt_bytes[BYTES];
        struct rmmap_range range = take(8192);
        struct rmmap_receipt receipt = receipt_of(range);

        ck_ok(rmmap_range_encode(range, bytes, sizeof(bytes)));
        ck_ok(rmmap_receipt_encode(receipt, receipt_bytes, sizeof(receipt_bytes)));
        for (int at = 0; at < BYTES; at++) {
                for (unsigned int change = 1; change < 256; change++) {
                        bytes[at] ^= (unsigned char)change;
                        receipt_bytes[at] ^= (unsigned char)change;
                        ck_is(rmmap_range_decode(file, bytes, BYTES, &range), -EBADMSG);
                        ck_is(rmmap_receipt_decode(file, receipt_bytes, BYTES, &receipt), -EBADMSG);
                        bytes[at] ^= (unsigned char)change;
                        receipt_bytes[at] ^= (unsigned char)change;
                }
        }
        ck_ok(rmmap_unclaim_range(file, range));
        ck_ok(rmmap_range_decode(file, bytes, BYTES, &range));
        ck_ok(rmmap_receipt_decode(file, receipt_bytes, BYTES, &receipt));
}
END_TEST

/* Allocates two blocks, writes the second, and describes both. */
static struct message prepare(void)
{
        struct message message;
        unsigned char block[A] = WORK;

        memset(&message, 0, sizeof(message));
        message.state_length = sizeof(message.state);
        take(A);
        message.raw_range = take(A);
        ck_ok(rmmap_write_range(file, message.raw_range, block, A, &message.raw_receipt));
        ck_ok(rmmap_range_encode(message.raw_range, message.range, BYTES));
        ck_ok(rmmap_receipt_encode(message.raw_receipt, message.receipt, BYTES));
        ck_ok(rmmap_allocator_save(file, message.state, &message.state_length));
        return message;
}

/*
 * Valid bytes, with their checksum, for bounds that no encode produced. A decoded range is
 * unclaimed.
 */
static void check_claim(uint64_t start, uint64_t end, int want)
{
        const uint64_t words[] = {start, end, 1};
        unsigned char bytes[BYTES];
        struct rmmap_range range;
        struct rmmap_receipt receipt;

        serialize_words(bytes, "RMMRANG1", words, 3);
        ck_is(rmmap_range_decode(file, bytes, BYTES, &range), want);
        serialize_words(bytes, "RMMRCPT1", words, 3);
        ck_is(rmmap_receipt_decode(file, bytes, BYTES, &receipt), want);
        if (want == 0) {
                ck_ok(rmmap_unclaim_range(file, range));
                ck_assert_uint_eq(rmmap_range_start(range), start);
                ck_assert_uint_eq(rmmap_receipt_end(receipt), end);
        }
}

/* With [0, 8192) handed out. */
static const struct {
        uint64_t start, end;
        int answer;
} claims[] = {
        {0, A, 0},
        {A, 2 * A, 0},
        {0, 2 * A, 0},
        {0, 3 * A, -ERANGE},
        {2 * A, 3 * A, -ERANGE},
        {5 * A, SIZE, -ERANGE}, /* not handed out yet */
        {0, 7 * A, -ERANGE},    /* past the end */
        {8 * A, 9 * A, -ERANGE},
        {0, UINT64_MAX - 4095, -ERANGE},
        {2 * A, A, -EINVAL},
        {SIZE, 0, -EINVAL},
        {UINT64_MAX, 0, -EINVAL},
        {1, A, -EINVAL},
        {0, A + 1, -EINVAL},
        {100, 200, -EINVAL},
        /* Empty ranges need only valid bounds. */
        {0, 0, 0},
        {2 * A, 2 * A, 0},
        {4 * A, 4 * A, 0},
        {SIZE, SIZE, 0},
        {1, 1, -EINVAL},
        {SIZE - 1, SIZE - 1, -EINVAL},
        {SIZE + 1, SIZE + 1, -ERANGE},
        {7 * A, 7 * A, -ERANGE},
        {UINT64_MAX, UINT64_MAX, -ERANGE},
};

START_TEST(decode_claims)
{
        ck_ok(rmmap_unclaim_range(file, take(2 * A)));
        check_claim(claims[_i].start, claims[_i].end, claims[_i].answer);
}
END_TEST

START_TEST(the_short_end)
{
        ck_ok(rmmap_unclaim_range(file, take(SIZE)));
        check_claim(5 * A, SIZE, 0);
        check_claim(0, SIZE, 0);
        check_claim(6 * A, SIZE - 1, -EINVAL);
        check_claim(SIZE, SIZE + 100, -ERANGE);
}
END_TEST

START_TEST(another_handle_seals_anew)
{
        struct rmmap_file *second = NULL;
        struct message message = prepare();
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_range range;
        char found[A];

        options.allocate_from = 2 * A;
        ck_ok(rmmap_open(path, &options, &second));
        ck_ok(rmmap_range_decode(second, message.range, BYTES, &range));
        ck_ok(rmmap_read_range(second, range, found, sizeof(found), NULL));
        ck_assert_str_eq(found, WORK);
        ck_is(rmmap_read_range(file, range, found, sizeof(found), NULL), -EXDEV);
        ck_is(rmmap_read_range(second, message.raw_range, found, sizeof(found), NULL), -EXDEV);
        ck_assert(!rmmap_range_equal(range, message.raw_range));
        rmmap_release(second);
}
END_TEST

/* A handle whose allocator still has these bytes to hand out refuses them. Holds D.6. */
START_TEST(not_handed_out_here)
{
        struct rmmap_file *second = NULL;
        struct message message = prepare();
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_range range;
        struct rmmap_receipt receipt;

        options.flags = RMMAP_REWRITE;
        ck_ok(rmmap_open(path, &options, &second));
        ck_is(rmmap_range_decode(second, message.range, BYTES, &range), -ERANGE);
        ck_is(rmmap_receipt_decode(second, message.receipt, BYTES, &receipt), -ERANGE);
        ck_ok(rmmap_allocator_restore(second, message.state, message.state_length));
        ck_ok(rmmap_range_decode(second, message.range, BYTES, &range));
        ck_ok(rmmap_receipt_decode(second, message.receipt, BYTES, &receipt));
        rmmap_release(second);
}
END_TEST

/* An allocator without claim accepts only empty ranges. */
START_TEST(without_claim)
{
        struct rmmap_allocator_ops ops = *rmmap_concurrent_allocator();
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *second = NULL;
        struct message message = prepare();
        struct rmmap_range range, low, high;

        ops.claim = NULL;
        options.allocator = &ops;
        options.allocate_from = SIZE;
        ck_ok(rmmap_open(path, &options, &second));
        ck_is(rmmap_range_decode(second, message.range, BYTES, &range), -EOPNOTSUPP);
        ck_is(rmmap_range_split_up(message.raw_range, 0, &low, &high), RMMAP_SPLIT_BOTH);
        ck_ok(rmmap_range_encode(low, message.range, BYTES));
        ck_ok(rmmap_range_decode(second, message.range, BYTES, &range));
        ck_assert(rmmap_range_is_empty(range));
        rmmap_release(second);
}
END_TEST

static int go_on(const struct message *message, const char *where)
{
        struct rmmap_range range, next;
        struct rmmap_receipt receipt;
        char found[A];

        child_is(rmmap_open(where, NULL, &file), 0);
        child_is(rmmap_allocator_restore(file, message->state, message->state_length), 0);
        child_is(rmmap_range_decode(file, message->range, BYTES, &range), 0);
        child_is(rmmap_range_decode(file, message->range, BYTES, &range), -EBUSY);
        child_is(rmmap_receipt_decode(file, message->receipt, BYTES, &receipt), 0);
        child_expect(rmmap_range_start(range) == A && rmmap_range_end(range) == 2 * A);
        child_is(rmmap_read_range(file, range, found, sizeof(found), NULL), 0);
        child_expect(strcmp(found, WORK) == 0);
        child_is(rmmap_sync_range(file, receipt), 0);
        child_is(rmmap_allocate(file, A, &next), 0);
        child_expect(rmmap_range_start(next) == 2 * A);
        /* The structs themselves are invalid in a process with another key. */
        child_expect(rmmap_range_length(message->raw_range) == 0);
        child_is(rmmap_read_range(file, message->raw_range, found, sizeof(found), NULL), -EINVAL);
        child_is(rmmap_sync_range(file, message->raw_receipt), -EINVAL);
        file = rmmap_release(file);
        return 0;
}

/* main of this program when it was started by itself. */
static int second_life(const char *message_path, const char *where)
{
        struct message message;
        FILE *in = fopen(message_path, "rb");

        child_expect(in != NULL);
        child_expect(fread(&message, sizeof(message), 1, in) == 1);
        fclose(in);
        return go_on(&message, where);
}

static int start_itself(void *message_path)
{
        char itself[4096];
        ssize_t length = readlink("/proc/self/exe", itself, sizeof(itself) - 1);

        child_expect(length > 0);
        itself[length] = '\0'; /* by its name: the link is another program's under valgrind */
        execl(itself, itself, (char *)message_path, path, (char *)NULL);
        perror(itself);
        return 99;
}

START_TEST(another_process)
{
        const char *emulator = getenv("RMMAP_EMULATOR");
        struct message message = prepare();
        const char *message_path = test_path("message");
        FILE *out = fopen(message_path, "wb");

        if (emulator != NULL && emulator[0] != '\0') {
                skip_part("a program of another processor can't start itself");
                fclose(out);
                return;
        }
        ck_assert_ptr_nonnull(out);
        ck_assert_uint_eq(fwrite(&message, sizeof(message), 1, out), 1);
        ck_assert_int_eq(fclose(out), 0);
        file = rmmap_release(file);
        ck_assert_int_eq(child_run(start_itself, (void *)(uintptr_t)message_path), 0);
}
END_TEST

/* Opens in a forked child, and sends the allocated range to the parent. */
static int open_and_send(void *pipe_end)
{
        struct rmmap_options options = test_options(RMMAP_REWRITE, 0);
        struct rmmap_file *own = NULL;
        struct rmmap_range range;

        child_is(rmmap_open(path, &options, &own), 0);
        child_is(rmmap_allocate(own, A, &range), 0);
        child_expect(write(*(int *)pipe_end, &range, sizeof(range)) == (ssize_t)sizeof(range));
        rmmap_release(own);
        return 0;
}

/* Forked processes share the key, so owners must be random, not counted. */
START_TEST(owners_differ_across_forks)
{
        struct rmmap_range ranges[8];
        int ends[2];
        char found[A];

        ck_assert_int_eq(pipe(ends), 0);
        for (int i = 0; i < 8; i++) {
                ck_assert_int_eq(child_run(open_and_send, &ends[1]), 0);
                ck_assert_int_eq(read(ends[0], &ranges[i], sizeof(ranges[i])), sizeof(ranges[i]));
                ck_assert_uint_eq(rmmap_range_length(ranges[i]), A); /* the same key */
                ck_is(rmmap_read_range(file, ranges[i], found, sizeof(found), NULL), -EXDEV);
                for (int j = 0; j < i; j++)
                        ck_assert(!rmmap_range_equal(ranges[i], ranges[j]));
        }
        close(ends[0]);
        close(ends[1]);
}
END_TEST

int main(int argc, char **argv)
{
        Suite *suite;
        TCase *cases;

        if (argc == 3)
                return second_life(argv[1], argv[2]);
        suite = suite_create("decode");
        cases = tcase_create("decode");
        tcase_set_timeout(cases, 60);
        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, literal_bytes_are_taken);
        tcase_add_test(cases, round_trips);
        tcase_add_test(cases, any_damaged_byte_is_seen);
        tcase_add_loop_test(cases, decode_claims, 0, sizeof(claims) / sizeof(claims[0]));
        tcase_add_test(cases, the_short_end);
        tcase_add_test(cases, another_handle_seals_anew);
        tcase_add_test(cases, not_handed_out_here);
        tcase_add_test(cases, without_claim);
        tcase_add_test(cases, another_process);
        tcase_add_test(cases, owners_differ_across_forks);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
