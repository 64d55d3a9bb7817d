/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Which system calls a sync makes, recorded by functions between the library and libc. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "fault/together.h"
#include "place.h"
#include "range-call.h"
#include "setups.h"

#define SIZE ((size_t)(64 * 4096))

static bool was_served(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        for (int i = 0; i < inject_total(); i++)
                if (serves(i, file, start, end))
                        return true;
        return false;
}

static const unsigned char data[4096] = "durable";

/* Ways to ask for durability of a range, of a part of it, or of more. */
RANGE_CALL(by_range, rmmap_sync_range(file, receipt))
RANGE_CALL(by_ranges, rmmap_sync_ranges(file, (struct rmmap_receipt[]){receipt, receipt}, 2))
RANGE_CALL(by_all, rmmap_sync_all(file))
RANGE_CALL(within, rmmap_sync_within(file, range, 10, 100))
RANGE_CALL(by_raw, rmmap_raw_sync(file, rmmap_range_start(range) + 10, 100))
RANGE_CALL(by_writing, rmmap_write_range_durable(file, range, data, sizeof(data), NULL))
RANGE_CALL(nothing_within, rmmap_sync_within(file, range, 0, 0))
RANGE_CALL(nothing_raw, rmmap_raw_sync(file, rmmap_range_start(range), 0))
RANGE_CALL(no_ranges, rmmap_sync_ranges(file, NULL, 0))
RANGE_CALL(by_writing_nothing, rmmap_write_range_durable(file, range, NULL, 0, NULL))

static range_call *const ways[] = {by_range, by_ranges, by_all, within, by_raw, by_writing};
static range_call *const ways_of_nothing[] = {by_range,    by_ranges, nothing_within,
                                              nothing_raw, no_ranges, by_writing_nothing};
#define WAYS 6
#define WAYS_OF_A_READER 5 /* the first ones, which don't write */

/* Of a range that was just written. */
static int sync_in_some_way(int way, struct rmmap_file *file, struct rmmap_range range)
{
        struct rmmap_receipt receipt;
        int err = rmmap_write_range(file, range, data, sizeof(data), &receipt);

        return err != 0 ? err : ways[way](file, range, receipt);
}

/* A sync of nothing covers the size although it covers no data. */
static int sync_nothing(int way, struct rmmap_file *file, struct rmmap_range range)
{
        struct rmmap_receipt receipt;
        struct rmmap_range empty, rest;
        int err = rmmap_range_split_up(range, 0, &empty, &rest);

        if (err >= 0)
                err = rmmap_mark_written(file, empty, &receipt);
        return err != 0 ? err : ways_of_nothing[way](file, empty, receipt);
}

static struct rmmap_file *created(const char *name, uint32_t flags, struct rmmap_range *range)
{
        struct rmmap_options options = test_options(flags, 0);
        struct rmmap_range before;
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path(name), SIZE, &options, &file));
        ck_ok(rmmap_allocate(file, 8192, &before));
        ck_ok(rmmap_allocate(file, 4096, range));
        return file;
}

static bool synced_a_directory(void)
{
        bool synced = false;

        for (int i = 0; i < inject_total(); i++)
                synced = synced || inject_record(i).directory;
        return synced;
}

/* Holds D.2. The size is saved with data, by any call; without data by fsync. */
START_TEST(the_first_sync_of_a_created_file_saves_its_size_and_name)
{
        bool with_data = _i < WAYS;
        int file_at = -1, directory_at = -1;
        struct rmmap_range range;
        struct rmmap_file *file = created("named", 0, &range);
        ino_t inode = test_inode(test_path("named")), directory = test_inode(test_directory());

        inject_start();
        ck_ok(with_data ? sync_in_some_way(_i, file, range) : sync_nothing(_i - WAYS, file, range));
        for (int i = 0; i < inject_total(); i++) {
                struct inject_record record = inject_record(i);
                bool is_fsync = record.call == INJECT_FSYNC;

                if ((with_data && record.call == INJECT_MSYNC) ||
                    ((with_data || is_fsync) && record.inode == inode))
                        file_at = i;
                if (is_fsync && record.inode == directory)
                        directory_at = i;
        }
        ck_assert_int_ge(file_at, 0);
        ck_assert_int_gt(directory_at, file_at);
        for (int way = 0; way < WAYS; way++) { /* once is enough */
                inject_start();
                ck_ok(sync_in_some_way(way, file, range));
                ck_assert(!synced_a_directory());
        }
        rmmap_release(file);
}
END_TEST

/* msync of a mapping of a read-only descriptor syncs nothing and returns 0. */
static int sync_what_another_wrote(int way, struct rmmap_file *reader, struct rmmap_receipt written)
{
        unsigned char encoded[RMMAP_RECEIPT_ENCODED_SIZE];
        struct rmmap_receipt receipt;
        struct rmmap_range range;

        ck_ok(rmmap_receipt_encode(written, encoded, sizeof(encoded)));
        ck_ok(rmmap_allocate(reader, SIZE, &range)); /* all of it is there to be read */
        ck_ok(rmmap_receipt_decode(reader, encoded, sizeof(encoded), &receipt));
        return ways[way](reader, range, receipt);
}

/* Holds D.1, D.3. */
START_TEST(a_reader_syncs_as_well_as_any)
{
        struct rmmap_options options = test_options(RMMAP_READ_ONLY, 0);
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        struct rmmap_file *writer = created("read", 0, &range), *reader;
        ino_t inode = test_inode(test_path("read"));
        bool synced = false;

        ck_ok(rmmap_mark_written(writer, range, &receipt));
        for (int fails = 0; fails < 2; fails++) {
                ck_ok(rmmap_open(test_path("read"), &options, &reader));
                inject_start();
                if (fails)
                        inject_fail(INJECT_FDATASYNC, 1, EIO, 1);
                ck_is(sync_what_another_wrote(_i, reader, receipt), fails ? -EIO : 0);
                for (int i = 0; i < inject_total(); i++)
                        synced = synced || (inject_record(i).call == INJECT_FDATASYNC &&
                                            inject_record(i).inode == inode);
                ck_assert(synced);
                if (fails) /* and it stays */
                        ck_is(rmmap_sync_all(reader), -EIO);
                rmmap_release(reader);
        }
        rmmap_release(writer);
}
END_TEST

/* The directory of the link's target is synced, not that of the link. */
START_TEST(the_name_behind_a_link)
{
        FLOOR_LACKS("way from a descriptor to its name");
        const char *real = test_path("real"), *link = test_path("through-link");
        struct rmmap_file *file;
        char target[4096];
        bool saved = false;

        ck_assert_int_eq(mkdir(real, 0700), 0);
        snprintf(target, sizeof(target), "%s/target", real);
        ck_assert_int_eq(symlink(target, link), 0);
        ck_ok(rmmap_create(link, SIZE, NULL, &file));
        inject_start();
        ck_ok(rmmap_sync_all(file));
        for (int i = 0; i < inject_total(); i++)
                saved = saved ||
                        (inject_record(i).directory && inject_record(i).inode == test_inode(real));
        ck_assert(saved);
        rmmap_release(file);
}
END_TEST

/* Holds D.1. An opened file has its name already; a created one saves it by its first sync. */
START_TEST(every_sync_serves_what_it_was_asked_for)
{
        struct rmmap_file *file = setup_file(_i, "served", SIZE);
        struct rmmap_range range;

        if (file == NULL)
                return;
        ck_ok(rmmap_allocate(file, 4096, &range));
        if (!setups[_i].opened)
                ck_ok(rmmap_sync_all(file));
        for (int way = 0; way < WAYS; way++) {
                bool part = ways[way] == within || ways[way] == by_raw;

                inject_start();
                ck_ok(sync_in_some_way(way, file, range));
                ck_assert(inject_count(INJECT_PWRITEV2) == 1 ||
                          was_served(file, part ? 10 : 0, part ? 110 : 4096));
                ck_assert(!synced_a_directory());
        }
        rmmap_release(file);
}
END_TEST

/* ---- one system call that writes and syncs, where a full disk is impossible */

static void durable_write(struct rmmap_file *file, struct rmmap_range range, char first)
{
        unsigned char page[4096] = {(unsigned char)first};
        struct rmmap_receipt receipt;

        ck_ok(rmmap_write_range_durable(file, range, page, sizeof(page), &receipt));
        ck_assert(rmmap_range_equal(rmmap_receipt_range(receipt), range));
        ck_assert(test_file_holds(test_path("durable"), 8192, page, sizeof(page)));
}

START_TEST(a_durable_write_in_one_call_or_in_two)
{
        uint32_t flags = _i == 0 ? 0 : RMMAP_NO_PREALLOCATE;
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_range range;
        struct rmmap_file *file = created("durable", flags, &range);

        inject_start();
        durable_write(file, range, 'a'); /* the first one saves the name, so not in one call */
        ck_assert_int_eq(inject_count(INJECT_PWRITEV2), 0);
        ck_assert(was_served(file, 8192, 12288));
        inject_start();
        durable_write(file, range, 'b');
        ck_ok(rmmap_describe(file, &info));
        if (INJECT_HAS_PWRITEV2 && (info.facts & RMMAP_FACT_RESERVED)) {
                ck_assert_int_eq(inject_sync_count(), 1);
                ck_assert_int_eq(inject_count(INJECT_PWRITEV2), 1);
                ck_assert(inject_record(0).flags & RWF_DSYNC);
        } else {
                ck_assert_int_eq(inject_count(INJECT_PWRITEV2), 0);
                ck_assert(was_served(file, 8192, 12288));
        }
        rmmap_release(file);
}
END_TEST

/* ---- cancellation */

static atomic_int returned;
static struct rmmap_range cancelled_range;

/* These calls must return although a cancellation is pending, which each shim call tests. */
static void *sync_while_cancelled(void *arg)
{
        struct rmmap_file *file = arg;
        struct rmmap_receipt receipt;
        int state;

        pthread_cancel(pthread_self());
        for (int way = 0; way < WAYS; way++)
                if (sync_in_some_way(way, file, cancelled_range) == 0)
                        atomic_fetch_add(&returned, 1);
        if (rmmap_mark_written(file, cancelled_range, &receipt) == 0 && rmmap_flush(file) == 0 &&
            rmmap_flush_range(file, receipt) == 0 && rmmap_raw_flush(file, 0, 4096) == 0)
                atomic_fetch_add(&returned, 1);
        /* Not acted upon here either: sanitizers don't support leaving a stack like that. */
        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state);
        return NULL;
}

START_TEST(syncs_are_no_cancellation_points)
{
        FLOOR_LACKS("start of write-back");
        struct rmmap_file *file = created("cancelled", 0, &cancelled_range);
        pthread_t thread;
        void *result;

        inject_start();
        atomic_store(&returned, 0);
        ck_assert_int_eq(pthread_create(&thread, NULL, sync_while_cancelled, file), 0);
        ck_assert_int_eq(pthread_join(thread, &result), 0);
        ck_assert_ptr_null(result); /* else PTHREAD_CANCELED */
        ck_assert_int_eq(atomic_load(&returned), WAYS + 1);
        ck_assert_int_ge(inject_sync_count(), WAYS);
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
}
END_TEST

/* ---- write-back that a write starts at once */

static unsigned char large[512 << 10];

/* What was started since the last time: so many pieces, the first of that length. */
static void has_started(int count, size_t length)
{
        ck_assert_int_eq(inject_count(INJECT_SYNC_FILE_RANGE), count);
        if (count > 0)
                ck_assert_uint_eq(inject_record(0).length, length);
        inject_start();
}

/* With write-behind, only by writes of 256 KiB and more; one from several pieces is one write. */
START_TEST(write_behind)
{
        FLOOR_LACKS("start of write-back");
        bool behind = _i < 3;
        struct rmmap_options options = test_options(behind ? RMMAP_WRITE_BEHIND : 0, 0);
        struct iovec pieces[] = {{large, 100}, {large, sizeof(large) - 100}};
        struct rmmap_range range;
        struct rmmap_file *file;
        uint64_t done = 0;
        int fd;

        if (place_has_only_advice())
                return;
        options.engine = (uint32_t)(_i % 3);
        if (rmmap_create(test_path("behind"), 6 << 20, &options, &file) == -EOPNOTSUPP) {
                skip_part("no space is reserved here: not by the mapping");
                return;
        }
        ck_ok(rmmap_allocate(file, sizeof(large), &range));
        inject_start();
        ck_ok(rmmap_raw_write(file, 4096, large, (256 << 10) - 1));
        has_started(0, 0);
        ck_ok(rmmap_raw_write(file, 4096, large, sizeof(large)));
        has_started(behind, sizeof(large));
        ck_ok(rmmap_writev_range(file, range, pieces, 2, NULL));
        has_started(behind, sizeof(large));
        fd = open(test_file("source", sizeof(large)), O_RDONLY | O_CLOEXEC);
        ck_ok(rmmap_write_range_from_fd(file, range, fd, &done, NULL));
        has_started(behind, sizeof(large));
        close(fd);
        ck_ok(rmmap_raw_fill(file, 7));
        has_started(behind ? 3 : 0, 2 << 20);
        rmmap_release(file);
}
END_TEST

/* Of each large range, and before anything is synced. */
START_TEST(a_sync_starts_large_ranges)
{
        FLOOR_LACKS("start of write-back");
        struct rmmap_receipt receipts[2];
        struct rmmap_range range, between;
        struct rmmap_file *file;

        if (place_has_only_advice())
                return;
        ck_ok(rmmap_create(test_path("large"), 4 << 20, NULL, &file));
        for (int i = 0; i < 2; i++) {
                ck_ok(rmmap_allocate(file, sizeof(large), &range));
                ck_ok(rmmap_write_range(file, range, large, sizeof(large), &receipts[i]));
                ck_ok(rmmap_allocate(file, 4096, &between));
        }
        inject_start();
        ck_ok(rmmap_raw_sync(file, 0, sizeof(large) / 2));
        has_started(0, 0);
        ck_ok(rmmap_raw_sync(file, 0, sizeof(large)));
        ck_assert_int_eq(inject_record(0).call, INJECT_SYNC_FILE_RANGE);
        has_started(1, sizeof(large));
        ck_ok(rmmap_sync_ranges(file, receipts, 2));
        ck_assert_int_eq(inject_record(1).call, INJECT_SYNC_FILE_RANGE);
        has_started(2, sizeof(large));
        inject_fail(INJECT_SYNC_FILE_RANGE, 1, EIO, 1);
        ck_is(rmmap_sync_range(file, receipts[0]), -EIO);
        ck_is(rmmap_error(file), -EIO);
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("durability");
        TCase *core = tcase_create("core");

        inject_start();
        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, the_first_sync_of_a_created_file_saves_its_size_and_name, 0,
                            2 * WAYS);
        tcase_add_loop_test(core, a_reader_syncs_as_well_as_any, 0, WAYS_OF_A_READER);
        tcase_add_test(core, the_name_behind_a_link);
        tcase_add_loop_test(core, every_sync_serves_what_it_was_asked_for, 0, setup_count);
        tcase_add_loop_test(core, a_durable_write_in_one_call_or_in_two, 0, 2);
        tcase_add_test(core, syncs_are_no_cancellation_points);
        tcase_add_loop_test(core, write_behind, 0, 6);
        tcase_add_test(core, a_sync_starts_large_ranges);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
