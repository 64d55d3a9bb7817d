/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Unwritten extents are converted around records that are synced one after the other. */
#include <errno.h>

#include "child.h"
#include "fault/inject.h"
#include "os/os.h"
#include "unwritten-extents.h"

#define PIECE UNWRITTEN_PIECE
#define SIZE (4 * PIECE)
#define PAGE 4096

/* ---- without a file */

/* 0: nothing is due; otherwise 10 times the first piece plus the count. */
static size_t learned(struct unwritten *unwritten, uint64_t start, uint64_t end, bool met)
{
        size_t first = 99, count;

        if (!unwritten_visit(unwritten, start, end))
                return 0;
        count = unwritten_learn(unwritten, start, end, met, false, &first);
        return count == 0 ? 0 : 10 * first + count;
}

START_TEST(two_pieces_at_once)
{
        struct unwritten unwritten;
        size_t first = 99;

        ck_ok(unwritten_create(&unwritten, SIZE));
        ck_assert(unwritten_visit(&unwritten, PIECE - 1, PIECE + 1));
        ck_assert_uint_eq(unwritten_learn(&unwritten, PIECE - 1, PIECE + 1, true, true, &first), 2);
        ck_assert_uint_eq(first, 0);
        unwritten_destroy(&unwritten);
}
END_TEST

/* Only the first small record of a page meets unwritten space; the others need no query. */
START_TEST(records_of_one_page)
{
        struct unwritten unwritten;
        uint64_t at = PIECE;
        int asked = 0;

        ck_ok(unwritten_create(&unwritten, SIZE));
        while (at < PIECE + 7 * PAGE) {
                bool visited = unwritten_visit(&unwritten, at, at + 64);

                ck_assert_int_eq(visited, at % PAGE == 0);
                asked += visited;
                if (visited) {
                        size_t first;

                        ck_assert_uint_eq(
                                unwritten_learn(&unwritten, at, at + 64, true, false, &first), 0);
                }
                at += 64;
        }
        ck_assert_int_eq(asked, 7);
        ck_assert_uint_eq(learned(&unwritten, at, at + 64, true), 11);
        unwritten_destroy(&unwritten);
}
END_TEST

/* ---- in a file */

static const unsigned char *record(void)
{
        static unsigned char data[PAGE];

        memset(data, 'r', sizeof(data));
        return data;
}

static bool is_unwritten(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        return extents_find_unwritten(rmmap_fd(file), &start, &end) == 1;
}

/* NULL: nothing is unwritten here, or the system can't report it. */
static struct rmmap_file *created(uint32_t pattern)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_range all;
        struct rmmap_file *file;

        options.pattern = pattern;
        options.flags = RMMAP_SHARED_CLAIMS;
        ck_ok(rmmap_create(test_path("log"), SIZE, &options, &file));
        ck_ok(rmmap_allocate(file, SIZE, &all));
        ck_ok(rmmap_unclaim_range(file, all)); /* for write_record to claim */
        ck_ok(rmmap_sync_all(file));           /* the name; nothing is written */
        ck_ok(rmmap_describe(file, &info));
        if ((info.facts & RMMAP_FACT_RESERVED) && is_unwritten(file, 0, SIZE))
                return file;
        skip_part("a new file's space is not unwritten here");
        return rmmap_release(file);
}

enum { BY_DURABLE_WRITE, BY_SYNC_WITHIN, BY_SYNC_RANGE, BY_RAW_SYNC, WAYS };

static int write_record(struct rmmap_file *file, int way, uint64_t at)
{
        struct rmmap_receipt receipt;
        struct rmmap_range range;

        ck_ok(rmmap_claim_range(file, at, at + PAGE, &range));
        switch (way) {
        case BY_DURABLE_WRITE:
                return rmmap_write_range_durable(file, range, record(), PAGE, &receipt);
        case BY_SYNC_WITHIN:
                ck_ok(rmmap_write_within(file, range, 0, record(), PAGE));
                return rmmap_sync_within(file, range, 0, PAGE);
        case BY_SYNC_RANGE:
                ck_ok(rmmap_write_range(file, range, record(), PAGE, &receipt));
                return rmmap_sync_range(file, receipt);
        default:
                ck_ok(rmmap_raw_write(file, at, record(), PAGE));
                return rmmap_raw_sync(file, at, PAGE);
        }
}

/* What other threads store into the piece meanwhile stays, synced or not. */
START_TEST(the_eighth_record_converts_its_piece)
{
        struct rmmap_file *file = created(RMMAP_PATTERN_UNKNOWN);
        unsigned char *stored;

        if (file == NULL)
                return;
        ck_ok(rmmap_raw_data(file, (void **)&stored));
        stored[PIECE + 20 * PAGE + 7] = 's';
        /* Only now is it known whether one call can write and sync. */
        ck_ok(write_record(file, BY_DURABLE_WRITE, SIZE - PAGE));
        for (uint64_t i = 0; i < 7; i++)
                ck_ok(write_record(file, _i, PIECE + i * PAGE));
        ck_assert(is_unwritten(file, PIECE + 8 * PAGE, PIECE + 9 * PAGE));
        ck_ok(write_record(file, _i, PIECE + 7 * PAGE));
        ck_assert(!is_unwritten(file, PIECE, 2 * PIECE));
        ck_assert(is_unwritten(file, PIECE - PAGE, PIECE));
        ck_assert(is_unwritten(file, 2 * PIECE, 2 * PIECE + PAGE));
        ck_ok(write_record(file, _i, 2 * PIECE - PAGE)); /* a log that goes on */
        ck_ok(write_record(file, _i, 2 * PIECE));
        ck_assert(!is_unwritten(file, 2 * PIECE, 3 * PIECE));
        ck_assert(is_unwritten(file, 3 * PIECE, SIZE - PAGE));
        ck_assert_uint_eq(stored[PIECE + 20 * PAGE + 7], 's');
        ck_assert(test_file_holds(test_path("log"), PIECE + 20 * PAGE + 7, "s", 1));
        for (uint64_t i = 0; i < 8; i++)
                ck_assert(test_file_holds(test_path("log"), PIECE + i * PAGE, record(), PAGE));
        for (uint64_t at = 0; at < PIECE; at++)
                ck_assert_uint_eq(stored[at], 0);
        rmmap_release(file);
}
END_TEST

START_TEST(as_the_caller_said)
{
        struct rmmap_file *file = created(RMMAP_PATTERN_SEQUENTIAL);

        if (file == NULL)
                return;
        ck_ok(write_record(file, BY_DURABLE_WRITE, 5 * PAGE));
        ck_assert(!is_unwritten(file, 0, PIECE));
        ck_assert(is_unwritten(file, PIECE, 2 * PIECE));
        rmmap_release(file);
        file = created(RMMAP_PATTERN_SCATTERED);
        ck_assert_ptr_nonnull(file);
        for (uint64_t i = 0; i < 12; i++)
                ck_ok(write_record(file, (int)i % WAYS, i * PAGE));
        ck_assert(is_unwritten(file, 12 * PAGE, 13 * PAGE));
        rmmap_release(file);
        file = created(RMMAP_PATTERN_RANDOM);
        ck_assert_ptr_nonnull(file);
        for (uint64_t i = 0; i < 8; i++)
                ck_ok(write_record(file, BY_DURABLE_WRITE, 2 * i * PAGE));
        ck_assert(!is_unwritten(file, 0, PIECE));
        rmmap_release(file);
}
END_TEST

/* Only the unwritten parts of the piece are made dirty. */
START_TEST(a_piece_that_was_written_in_part)
{
        struct rmmap_file *file = created(RMMAP_PATTERN_UNKNOWN);
        const unsigned char *view;

        if (file == NULL)
                return;
        for (uint64_t i = 0; i < 12; i++)
                ck_ok(rmmap_raw_write(file, PIECE + 2 * i * PAGE, record(), PAGE));
        ck_ok(rmmap_sync_all(file));
        ck_assert(!is_unwritten(file, PIECE, PIECE + PAGE));
        ck_assert(is_unwritten(file, PIECE + PAGE, PIECE + 2 * PAGE));
        for (uint64_t i = 0; i < 7; i++)
                ck_ok(write_record(file, BY_DURABLE_WRITE, PIECE + (2 * i + 1) * PAGE));
        inject_start();
        ck_ok(write_record(file, BY_DURABLE_WRITE, PIECE + 15 * PAGE));
        /* Four single pages and the end: each is advised, made dirty, advised. */
        ck_assert_int_ge(inject_count(INJECT_MADVISE), 3 * 5);
        ck_assert(!is_unwritten(file, PIECE, 2 * PIECE));
        ck_assert(is_unwritten(file, 2 * PIECE, SIZE));
        ck_ok(rmmap_raw_view(file, (const void **)&view));
        for (uint64_t i = 0; i < 60; i++) {
                bool written = i < (i % 2 == 0 ? 24 : 16);

                ck_assert_uint_eq(view[PIECE + i * PAGE], written ? 'r' : 0);
        }
        rmmap_release(file);
}
END_TEST

/* A file that was already written: queried a few times, and then no more. */
START_TEST(nothing_to_convert_in_a_written_file)
{
        static const unsigned char data[PIECE] = "older";
        struct rmmap_file *file = created(RMMAP_PATTERN_UNKNOWN);

        if (file == NULL)
                return;
        for (uint64_t at = 0; at < SIZE; at += PIECE)
                ck_ok(rmmap_raw_write(file, at, data, sizeof(data)));
        ck_ok(rmmap_sync_all(file));
        inject_start();
        for (uint64_t i = 0; i < 40; i++)
                ck_ok(write_record(file, BY_DURABLE_WRITE, i * PAGE));
        ck_assert_int_eq(inject_count(INJECT_IOCTL), UNWRITTEN_DUE);
        ck_assert_int_eq(inject_count(INJECT_MADVISE), 0);
        rmmap_release(file);
}
END_TEST

/* Where the kernel can't report or dirty pages, records are synced as they are. */
START_TEST(without_the_kernels_help)
{
        const bool asking = _i == 0;
        struct rmmap_file *file = created(RMMAP_PATTERN_UNKNOWN);

        if (file == NULL)
                return;
        inject_start();
        inject_fail(asking ? INJECT_IOCTL : INJECT_MADVISE, 1, asking ? ENOTTY : EINVAL, 1000);
        for (uint64_t i = 0; i < 12; i++)
                ck_ok(write_record(file, (int)i % WAYS, i * PAGE));
        ck_assert_int_ge(inject_failed(), 1);
        if (asking)
                ck_assert_int_eq(inject_count(INJECT_IOCTL), 1);
        inject_start();
        ck_assert(is_unwritten(file, 12 * PAGE, 13 * PAGE));
        for (uint64_t i = 0; i < 12; i++)
                ck_assert(test_file_holds(test_path("log"), i * PAGE, record(), PAGE));
        rmmap_release(file);
}
END_TEST

/* The sync of the piece failed: other data may be lost, so the error is sticky. */
START_TEST(an_error_of_the_piece_is_everybodys)
{
        struct rmmap_file *file = created(RMMAP_PATTERN_UNKNOWN);

        if (file == NULL)
                return;
        for (uint64_t i = 0; i < 7; i++)
                ck_ok(write_record(file, BY_DURABLE_WRITE, i * PAGE));
        inject_start();
        inject_fail(INJECT_MSYNC, 1, EIO, 1);
        inject_fail(INJECT_FDATASYNC, 1, EIO, 1); /* for tools to which msync is a read */
        ck_is(write_record(file, _i, 7 * PAGE), -EIO);
        ck_assert_int_eq(inject_failed(), 1);
        inject_start();
        ck_is(rmmap_sync_all(file), -EIO);
        ck_assert_int_eq(inject_sync_count(), 0);
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("unwritten");
        TCase *core = tcase_create("core");

        inject_start();
        tcase_add_test(core, two_pieces_at_once);
        tcase_add_test(core, records_of_one_page);
        tcase_add_loop_test(core, the_eighth_record_converts_its_piece, 0, WAYS);
        tcase_add_test(core, as_the_caller_said);
        tcase_add_test(core, a_piece_that_was_written_in_part);
        tcase_add_test(core, nothing_to_convert_in_a_written_file);
        tcase_add_loop_test(core, without_the_kernels_help, 0, 2);
        tcase_add_loop_test(core, an_error_of_the_piece_is_everybodys, 0, 2);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
