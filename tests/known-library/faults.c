/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Nine faults of that library, each seen by running it, and what happens here instead. The eighth,
 * its deaths, is in crashes.c.
 */
#include <sys/syscall.h>
#include <unistd.h>

#include "../child.h"
#include "../place.h"
#include "known.h"

#define HALF (UINT64_C(1) << 63)

/* Longer data overwrote the neighbour's first bytes; shorter data still gave a full receipt. */
START_TEST(fault_1_data_of_another_length)
{
        struct rmmap_file *file = known_create(2 * A, NULL);
        struct rmmap_range range = known_take(file, 2192), neighbour = known_take(file, A);
        unsigned char data[6000], found[4096];
        struct rmmap_receipt receipt = {{0}};

        memset(data, 7, sizeof(data));
        for (size_t length = 0; length <= sizeof(data); length += 4095)
                ck_is(rmmap_write_range(file, range, data, length, &receipt), -EMSGSIZE);
        ck_is(rmmap_write_range(file, range, data, sizeof(data), &receipt), -EMSGSIZE);
        ck_assert_uint_eq(rmmap_receipt_length(receipt), 0);
        ck_ok(rmmap_read_range(file, neighbour, found, sizeof(found), NULL));
        for (size_t i = 0; i < sizeof(found); i++)
                ck_assert_int_eq(found[i], 0);
        rmmap_release(file);
}
END_TEST

/* 2^63, 2^63, 4096: the third range overlapped the first. */
START_TEST(fault_2_requests_that_wrap)
{
        struct rmmap_file *file = known_create(8 * A, NULL);
        struct rmmap_range first = known_take(file, HALF), range;

        ck_assert_uint_eq(rmmap_range_length(first), 8 * A);
        ck_is(rmmap_allocate(file, HALF, &range), -ENOSPC);
        ck_is(rmmap_allocate(file, 4096, &range), -ENOSPC);
        ck_assert_uint_eq(rmmap_allocated(file), 8 * A);
        rmmap_release(file);
}
END_TEST

/* align_up(2^64 - 1) was 0, and then both allocators gave an empty range. */
START_TEST(fault_3_rounding_that_wraps)
{
        const struct rmmap_allocator_ops *allocators[] = {rmmap_concurrent_allocator(),
                                                          rmmap_sequential_allocator()};

        ck_assert_uint_eq(rmmap_align_up(UINT64_MAX), UINT64_MAX - 4095);
        for (size_t i = 0; i < 2; i++) {
                struct rmmap_file *file = known_create(8 * A, allocators[i]);
                struct rmmap_range range;

                ck_is(rmmap_allocate_exact(file, UINT64_MAX, &range), -ENOSPC);
                range = known_take(file, UINT64_MAX);
                ck_assert_uint_eq(rmmap_range_length(range), 8 * A);
                rmmap_release(file);
        }
}
END_TEST

struct pair {
        struct rmmap_file *file;
        struct rmmap_range ranges[2];
};

static int write_own(void *arg, size_t index)
{
        const struct pair *pair = arg;
        unsigned char data[4096];

        memset(data, (int)index + 1, sizeof(data));
        return rmmap_write_range(pair->file, pair->ranges[index], data, sizeof(data), NULL);
}

static bool is_whole(const struct pair *pair, int index)
{
        unsigned char found[4096];

        ck_ok(rmmap_read_range(pair->file, pair->ranges[index], found, sizeof(found), NULL));
        for (size_t i = 0; i < sizeof(found); i++)
                if (found[i] != index + 1)
                        return false;
        return true;
}

/*
 * A copied range let two threads write the same bytes: 17 torn results in 400. C can't forbid the
 * copy; that is the caller's promise, a race detector sees it broken, and the C++ header keeps it.
 * What the library owes: two requests never get one range, so that who keeps his own is never torn.
 */
START_TEST(fault_4_torn_writes)
{
        struct pair pair = {.file = known_create(800 * A, NULL)};

        for (int round = 0; round < 400; round++) {
                pair.ranges[0] = known_take(pair.file, A);
                pair.ranges[1] = known_take(pair.file, A);
                ck_assert(!rmmap_range_equal(pair.ranges[0], pair.ranges[1]));
                ck_assert_uint_le(rmmap_range_end(pair.ranges[0]),
                                  rmmap_range_start(pair.ranges[1]));
                known_threads(2, write_own, &pair);
                ck_assert(is_whole(&pair, 0) && is_whole(&pair, 1));
        }
        rmmap_release(pair.file);
}
END_TEST

/* Another file's range was taken; a read of it said success, with a shorter length. */
START_TEST(fault_5_range_of_another_file)
{
        struct rmmap_file *large = NULL, *small = known_create(A, NULL);
        unsigned char data[8192] = {1, 2, 3};
        size_t length = 77;
        struct rmmap_range range;

        ck_ok(rmmap_create(test_path("large"), 4 * A, NULL, &large));
        range = known_take(large, 2 * A);
        ck_is(rmmap_read_range(small, range, data, sizeof(data), &length), -EXDEV);
        ck_is(rmmap_write_range(small, range, data, sizeof(data), NULL), -EXDEV);
        ck_assert_uint_eq(length, 77);
        ck_assert(data[0] == 1 && data[2] == 3);
        rmmap_release(large);
        rmmap_release(small);
}
END_TEST

/* Who opened a file again had to allocate from 0, over the data. */
START_TEST(fault_6_going_on_where_it_stopped)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = known_create(8 * A, NULL);
        unsigned char state[256];
        size_t length = sizeof(state);
        struct rmmap_range old;

        known_take(file, 3 * A);
        ck_ok(rmmap_allocator_save(file, state, &length));
        rmmap_release(file);
        ck_ok(rmmap_open(known_path(), NULL, &file));
        ck_ok(rmmap_allocator_restore(file, state, length));
        ck_ok(rmmap_claim_range(file, 0, 3 * A, &old));
        ck_assert_uint_eq(rmmap_range_start(known_take(file, A)), 3 * A);
        rmmap_release(file);
        options.allocate_from = 3 * A;
        ck_ok(rmmap_open(known_path(), &options, &file));
        ck_assert_uint_eq(rmmap_range_start(known_take(file, A)), 3 * A);
        rmmap_release(file);
}
END_TEST

#ifndef SYS_cachestat
#define SYS_cachestat 451
#endif

/* Dirty pages of the file's first length bytes; -1 where the kernel can't tell. */
static long dirty_pages(struct rmmap_file *file, uint64_t length)
{
        struct {
                uint64_t offset, length;
        } range = {0, length};
        struct {
                uint64_t cache, dirty, writeback, evicted, recently_evicted;
        } facts = {0, 0, 0, 0, 0};

        if (test_under_valgrind() || syscall(SYS_cachestat, rmmap_fd(file), &range, &facts, 0) != 0)
                return -1;
        return (long)facts.dirty;
}

/* MS_ASYNC: all pages stayed as dirty as they were. */
START_TEST(fault_7_flush_that_flushes)
{
        FLOOR_LACKS("start of write-back");
        struct rmmap_file *file = known_create(256 * A, NULL);
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        long before;

        ck_ok(rmmap_raw_fill(file, 5));
        before = dirty_pages(file, 256 * A);
        if (before <= 0 || place_is(known_path(), 0x01021994)) {
                skip_part("no dirty pages to be seen here");
                rmmap_release(file);
                return;
        }
        ck_ok(rmmap_flush(file));
        ck_assert_int_lt(dirty_pages(file, 256 * A), before);
        ck_ok(rmmap_sync_all(file)); /* or what is being written out now would be passed over */
        range = known_take(file, 256 * A);
        ck_ok(rmmap_raw_fill(file, 6));
        ck_ok(rmmap_mark_written(file, range, &receipt));
        before = dirty_pages(file, 256 * A);
        ck_ok(rmmap_flush_range(file, receipt));
        ck_assert_int_lt(dirty_pages(file, 256 * A), before);
        rmmap_release(file);
}
END_TEST

/*
 * 4096 was taken for the page. Here it is the alignment and no more: whatever the page, a range
 * that begins in the middle of one can be written, flushed and made durable beside its neighbour.
 */
START_TEST(fault_9_pages_of_other_sizes)
{
        struct rmmap_file *file = known_create(32 * A + 1, NULL);
        struct rmmap_info info = RMMAP_INFO_INIT;
        unsigned char block[4096], found[4096];
        struct rmmap_receipt receipts[32];

        ck_ok(rmmap_describe(file, &info));
        ck_assert_uint_eq(info.page_size, (uint64_t)sysconf(_SC_PAGESIZE));
        for (int i = 0; i < 32; i++) {
                memset(block, i, sizeof(block));
                ck_ok(rmmap_write_range(file, known_take(file, A), block, A, &receipts[i]));
                ck_ok(flushed(rmmap_flush_range(file, receipts[i])));
                ck_ok(rmmap_sync_range(file, receipts[i]));
                ck_ok(rmmap_sync_within(file, rmmap_receipt_range(receipts[i]), 4095, 1));
        }
        for (int i = 0; i < 32; i++) {
                ck_ok(rmmap_read_range(file, rmmap_receipt_range(receipts[i]), found, A, NULL));
                ck_assert(found[0] == i && found[4095] == i);
        }
        rmmap_release(file);
}
END_TEST

TCase *known_faults(void)
{
        TCase *cases = tcase_create("faults");

        tcase_set_timeout(cases, 120);
        tcase_add_test(cases, fault_1_data_of_another_length);
        tcase_add_test(cases, fault_2_requests_that_wrap);
        tcase_add_test(cases, fault_3_rounding_that_wraps);
        tcase_add_test(cases, fault_4_torn_writes);
        tcase_add_test(cases, fault_5_range_of_another_file);
        tcase_add_test(cases, fault_6_going_on_where_it_stopped);
        tcase_add_test(cases, fault_7_flush_that_flushes);
        tcase_add_test(cases, fault_9_pages_of_other_sizes);
        known_crashes(cases);
        return cases;
}
