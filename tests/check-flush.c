/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Flushes start I/O, and syncs leave nothing dirty. cachestat(2) reports which pages of a file are
 * dirty; file systems that it doesn't support (tmpfs) can't be tested here. On overlayfs it is
 * asked about the file in the upper layer, whose directory is TEST_UPPER_DIRECTORY.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "place.h"
#include "range-call.h"
#include "setups.h"

#define PAGES 256
#define SIZE ((size_t)PAGES * 4096)

/* Linux 6.5; older headers know neither the number nor the structs. */
#define NUMBER_OF_CACHESTAT 451

struct cache_range {
        uint64_t offset, length;
};

struct cache_pages {
        uint64_t cached, dirty, in_writeback, evicted, recently_evicted;
};

static int ask(int fd, uint64_t offset, uint64_t length, struct cache_pages *pages)
{
        struct cache_range range = {offset, length};

        return syscall(NUMBER_OF_CACHESTAT, fd, &range, pages, 0) == 0 ? 0 : -errno;
}

static bool on_overlay(void)
{
        return place_is(test_directory(), PLACE_OVERLAYFS);
}

/* The file of this name, as the file system has it that keeps its pages. */
static int open_to_ask(const char *name)
{
        const char *upper = on_overlay() ? getenv("TEST_UPPER_DIRECTORY") : NULL;
        char path[4096];

        if (upper == NULL)
                return open(test_path(name), O_RDONLY | O_CLOEXEC);
        snprintf(path, sizeof(path), "%s/%s/%s", upper, strrchr(test_directory(), '/'), name);
        return open(path, O_RDONLY | O_CLOEXEC);
}

static struct cache_pages pages_of(const char *name, uint64_t start, uint64_t end)
{
        struct cache_pages pages = {0};
        int fd = open_to_ask(name);

        ck_ok(ask(fd, start, end - start, &pages));
        close(fd);
        return pages;
}

static uint64_t dirty(const char *name, uint64_t start, uint64_t end)
{
        return pages_of(name, start, end).dirty;
}

/* Where the kernel would tell nobody of an error. */
static bool can_flush(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        return !ON_FLOOR && (!on_overlay() || (info.facts & RMMAP_FACT_RESERVED));
}

/* The kernel must report dirty pages as dirty, otherwise the tests prove nothing. */
static const char *why_not(void)
{
        int fd = open(test_path("probe"), O_RDWR | O_CREAT | O_CLOEXEC, 0600), asked;
        struct cache_pages pages = {0};
        static const char page[4096];
        int err;

        if (test_under_valgrind())
                return "valgrind doesn't know cachestat(2)";
        if (pwrite(fd, page, sizeof(page), 0) != sizeof(page))
                return "can't write";
        asked = open_to_ask("probe");
        err = ask(asked, 0, 4096, &pages);
        close(asked);
        close(fd);
        if (err != 0)
                return "no cachestat(2) in this kernel";
        return pages.dirty == 0 ? "this file system shows no dirty pages" : NULL;
}

/*
 * A file with all pages dirty and none in write-back; NULL: not possible with this setup. The
 * kernel may start write-back at any time, so the function tries several times.
 */
static struct rmmap_file *dirty_file(int setup)
{
        for (int tries = 0; tries < 20; tries++) {
                struct rmmap_file *file = setup_file(setup, "dirty", SIZE);
                unsigned char *data = setup_data(0, SIZE);

                if (file == NULL || (setups[setup].flags & (RMMAP_WRITE_BEHIND | RMMAP_UNCACHED))) {
                        rmmap_release(file);
                        free(data);
                        return NULL;
                }
                ck_ok(rmmap_sync_all(file));
                ck_ok(rmmap_raw_write(file, 0, data, SIZE));
                free(data);
                if (dirty("dirty", 0, SIZE) == PAGES)
                        return file;
                rmmap_release(file);
        }
        ck_abort_msg("pages don't stay dirty");
        return NULL;
}

static void range_in_the_middle(struct rmmap_file *file, struct rmmap_range *range,
                                struct rmmap_receipt *receipt)
{
        struct rmmap_range before;

        ck_ok(rmmap_allocate(file, SIZE / 4, &before));
        ck_ok(rmmap_allocate(file, SIZE / 4, range));
        ck_ok(rmmap_mark_written(file, *range, receipt));
}

static const unsigned char quarter[SIZE / 4] = "quarter";

/* Calls on the second quarter of the file; and which part of it they leave clean. */
RANGE_CALL(flush_all, rmmap_flush(file))
RANGE_CALL(flush_range, rmmap_flush_range(file, receipt))
RANGE_CALL(flush_a_page, rmmap_raw_flush(file, 4096, 4096))
RANGE_CALL(flush_the_rest, rmmap_raw_flush(file, SIZE / 2 + 5, SIZE / 2 - 5))
RANGE_CALL(sync_all, rmmap_sync_all(file))
RANGE_CALL(sync_range, rmmap_sync_range(file, receipt))
RANGE_CALL(sync_ranges, rmmap_sync_ranges(file, &receipt, 1))
RANGE_CALL(sync_within, rmmap_sync_within(file, range, 0, SIZE / 4))
RANGE_CALL(sync_raw, rmmap_raw_sync(file, SIZE / 4, SIZE / 4))
RANGE_CALL(write_durably, rmmap_write_range_durable(file, range, quarter, sizeof(quarter), NULL))
RANGE_CALL(sync_two_bytes, rmmap_sync_within(file, range, 4095, 2))
RANGE_CALL(sync_the_last_byte, rmmap_raw_sync(file, SIZE - 1, 1))

/* A sync takes the pages that a piece touches, although it covers none of them completely. */
static const struct {
        range_call *call;
        bool syncs; /* and waits */
        uint64_t start, end;
} calls[] = {
        {flush_all, false, 0, SIZE},
        {flush_range, false, SIZE / 4, SIZE / 2},
        {flush_a_page, false, 4096, 8192},
        {flush_the_rest, false, SIZE / 2, SIZE},
        {sync_all, true, 0, SIZE},
        {sync_range, true, SIZE / 4, SIZE / 2},
        {sync_ranges, true, SIZE / 4, SIZE / 2},
        {sync_within, true, SIZE / 4, SIZE / 2},
        {sync_raw, true, SIZE / 4, SIZE / 2},
        {write_durably, true, SIZE / 4, SIZE / 2},
        {sync_two_bytes, true, SIZE / 4, SIZE / 4 + 8192},
        {sync_the_last_byte, true, SIZE - 4096, SIZE},
};

/* What was flushed is in write-back, or there already; what was synced is there. */
/* Holds C.3, D.1, D.4. */
START_TEST(nothing_asked_for_stays_dirty)
{
        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
                struct rmmap_receipt receipt;
                struct rmmap_range range;
                struct rmmap_file *file;
                struct cache_pages pages;

                file = dirty_file(_i);
                if (file == NULL)
                        return;
                range_in_the_middle(file, &range, &receipt);
                if (!calls[i].syncs && !can_flush(file)) {
                        ck_is(calls[i].call(file, range, receipt), -EOPNOTSUPP);
                        rmmap_release(file);
                        continue;
                }
                ck_ok(calls[i].call(file, range, receipt));
                pages = pages_of("dirty", calls[i].start, calls[i].end);
                ck_assert_msg(pages.dirty == 0, "call %zu leaves %llu pages", i,
                              (unsigned long long)pages.dirty);
                if (calls[i].syncs)
                        ck_assert_uint_eq(pages.in_writeback, 0);
                rmmap_release(file);
        }
}
END_TEST

#define FAR (UINT64_C(8) << 20) /* more than the kernel ever takes for one page */

static bool far_page_is_dirty(uint64_t page)
{
        return dirty("far", page * FAR, page * FAR + 4096) == 1;
}

/* Three dirty pages far apart; false if the kernel has written one of them by itself. */
static bool dirty_far_pages(struct rmmap_file *file)
{
        for (int tries = 0; tries < 20; tries++) {
                for (uint64_t page = 0; page < 3; page++)
                        ck_ok(rmmap_raw_write(file, page * FAR, "dirty", 5));
                if (far_page_is_dirty(0) && far_page_is_dirty(1) && far_page_is_dirty(2))
                        return true;
        }
        return false;
}

RANGE_CALL(flush_one_byte, rmmap_raw_flush(file, FAR, 1))
RANGE_CALL(sync_one_byte, rmmap_sync_within(file, range, 0, 1))

static range_call *const calls_for_one[] = {flush_range, flush_one_byte, sync_range, sync_one_byte};

/* Is the page in the middle written while the others are still dirty? */
static bool others_wait(range_call *call, struct rmmap_file *file, struct rmmap_range range,
                        struct rmmap_receipt receipt)
{
        ck_ok(rmmap_sync_all(file)); /* what is being written isn't started again */
        ck_assert(dirty_far_pages(file));
        ck_ok(call(file, range, receipt));
        ck_assert(!far_page_is_dirty(1));
        ck_ok(rmmap_raw_flush(file, 0, 0)); /* to the kernel that means all the rest */
        return far_page_is_dirty(0) && far_page_is_dirty(2);
}

/*
 * Other pages stay dirty: a range becomes durable quickly although the file has much to write.
 * Another process may just have called sync(2), so one success in many tries is enough.
 */
START_TEST(what_was_not_asked_for_waits)
{
        FLOOR_LACKS("start of write-back");
        struct rmmap_options options = test_options(0, _i == 0 ? 0 : RMMAP_ENGINE_PWRITE);
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("far"), 2 * FAR + 4096, &options, &file));
        ck_ok(rmmap_allocate(file, 2 * FAR, &range));
        ck_ok(rmmap_unclaim_range(file, range));
        ck_ok(rmmap_claim_range(file, FAR, FAR + 4096, &range));
        ck_ok(rmmap_mark_written(file, range, &receipt));
        for (int method = 0; method < 4; method++) {
                bool waited = false;

                if (method == 2 && place_is(test_directory(), PLACE_BTRFS)) {
                        skip_part("btrfs writes all of a file to sync a part of it");
                        break;
                }
                for (int tries = 0; tries < 30 && !waited; tries++)
                        waited = others_wait(calls_for_one[method], file, range, receipt);
                ck_assert_msg(waited, "method %d writes everything", method);
        }
        rmmap_release(file);
}
END_TEST

/* Stores through a pointer, which the library doesn't see, are written as well. */
START_TEST(stores_through_the_pointer)
{
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        struct rmmap_file *file = dirty_file(_i);
        void *data;

        if (file == NULL)
                return;
        range_in_the_middle(file, &range, &receipt);
        ck_ok(rmmap_sync_all(file));
        ck_assert_uint_eq(dirty("dirty", 0, SIZE), 0);
        ck_ok(rmmap_range_data(file, range, &data));
        for (int tries = 0; tries < 20 && dirty("dirty", SIZE / 4, SIZE / 2) == 0; tries++)
                memset(data, 'p', SIZE / 4);
        ck_assert_uint_gt(dirty("dirty", SIZE / 4, SIZE / 2), 0);
        ck_ok(rmmap_sync_range(file, receipt));
        ck_assert_uint_eq(dirty("dirty", SIZE / 4, SIZE / 2), 0);
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("flush");
        TCase *core = tcase_create("core");
        const char *why = why_not();

        if (why != NULL)
                test_skip_all(why);
        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, nothing_asked_for_stays_dirty, 0, setup_count);
        tcase_add_loop_test(core, what_was_not_asked_for_waits, 0, 2);
        tcase_add_loop_test(core, stores_through_the_pointer, 0, setup_count);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
