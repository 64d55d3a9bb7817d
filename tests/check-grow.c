/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A file that becomes longer while it is used: by rmmap_grow, by allocations, by another handle.
 * Pointers stay, nobody's bytes are cut, and a full disk leaves everything as it was.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "fault/inject.h"
#include "growing.h"
#include "place.h"
#include "setups.h"

/* ---- rmmap_grow */

START_TEST(growing_moves_nothing)
{
        const char *path = test_path("file");
        struct rmmap_options options = growing(64 * MIB, 0);
        void *before = NULL, *after = NULL, *bytes;
        struct rmmap_range old, range;
        struct rmmap_receipt receipt;
        struct rmmap_file *file;
        bool mapped;

        ck_ok(rmmap_create(path, 2 * A, &options, &file));
        ck_ok(rmmap_allocate(file, 8 * A, &old));
        ck_assert_uint_eq(rmmap_range_length(old), 2 * A);
        ck_ok(rmmap_write_range(file, old, data(1, 2 * A), 2 * A, &receipt));
        mapped = rmmap_raw_data(file, &before) == 0;
        ck_is(rmmap_allocate(file, 1, &range), -ENOSPC);

        ck_ok(rmmap_grow(file, 32 * MIB));
        ck_assert_uint_eq(rmmap_size(file), 32 * MIB);
        ck_assert_uint_eq(size_on_disk(path), 32 * MIB);
        ck_assert_uint_eq(rmmap_allocated(file), 2 * A);
        ck_assert_uint_eq(rmmap_remaining(file), 32 * MIB - 2 * A);
        ck_ok(rmmap_allocate(file, 5 * MIB, &range));
        ck_assert_uint_eq(rmmap_range_start(range), 2 * A);
        ck_ok(rmmap_write_range(file, range, data(2, 5 * MIB), 5 * MIB, NULL));
        ck_ok(rmmap_sync_all(file));
        ck_assert(test_file_holds(path, 2 * A, data(2, 5 * MIB), 5 * MIB));
        ck_assert(test_file_holds(path, 0, data(1, 2 * A), 2 * A));
        ck_ok(rmmap_sync_range(file, receipt));
        if (mapped) {
                ck_ok(rmmap_raw_data(file, &after));
                ck_assert_ptr_eq(before, after);
                ck_ok(rmmap_range_data(file, range, &bytes));
                ck_assert_mem_eq(bytes, data(2, 5 * MIB), 5 * MIB);
        }
        ck_assert_uint_eq(describe(file).max_size, 64 * MIB);
        rmmap_release(file);
}
END_TEST

START_TEST(sizes_that_make_no_sense_are_refused)
{
        const char *path = test_path("file");
        struct rmmap_options options = growing(8 * A, 0);
        struct rmmap_file *file = UNTOUCHED;

        ck_is(rmmap_create(path, 9 * A, &options, &file), -EINVAL);
        options.max_size = 0;
        options.grow_step = A;
        ck_is(rmmap_create(path, A, &options, &file), -EINVAL);
        options = growing(UINT64_MAX, 0);
        ck_is(rmmap_create(path, A, &options, &file), -EFBIG);
        options = growing(8 * A, A);
        options.flags = RMMAP_READ_ONLY;
        ck_is(rmmap_open(test_file("there", (size_t)A), &options, &file), -EINVAL);
        ck_assert_ptr_eq(file, UNTOUCHED);

        options = growing(8 * A, 0);
        ck_ok(rmmap_create(path, 4 * A, &options, &file));
        ck_is(rmmap_grow(NULL, A), -EINVAL);
        ck_is(rmmap_grow(file, 8 * A + 1), -EFBIG);
        ck_is(rmmap_grow(file, UINT64_MAX), -EFBIG);
        ck_ok(rmmap_grow(file, A));
        ck_ok(rmmap_grow(file, 0));
        ck_assert_uint_eq(size_on_disk(path), 4 * A);
        ck_ok(rmmap_grow(file, 8 * A));
        ck_ok(rmmap_grow(file, 0));
        ck_assert_uint_eq(rmmap_size(file), 8 * A);
        rmmap_release(file);

        ck_ok(rmmap_create(path, A, NULL, &file)); /* doesn't grow */
        ck_is(rmmap_grow(file, 2 * A), -EFBIG);
        ck_ok(rmmap_grow(file, A));
        ck_ok(rmmap_grow(file, 0));
        rmmap_release(file);
}
END_TEST

/* The sequential allocator grows, too; one without the op can't. */
START_TEST(the_allocator_decides)
{
        struct rmmap_options options = growing(8 * A, A);
        struct rmmap_allocator_ops ops = *rmmap_sequential_allocator();
        struct rmmap_range range;
        struct rmmap_file *file;

        options.allocator = &ops;
        ck_ok(rmmap_create(test_path("file"), A, &options, &file));
        ck_ok(rmmap_allocate(file, 3 * A, &range));
        ck_assert_uint_eq(rmmap_range_length(range), 3 * A);
        rmmap_release(file);

        ops.grow = NULL;
        ck_ok(rmmap_create(test_path("file"), A, &options, &file));
        ck_ok(rmmap_allocate(file, A, &range));
        ck_is(rmmap_allocate(file, A, &range), -EOPNOTSUPP);
        ck_is(rmmap_grow(file, 2 * A), -EOPNOTSUPP);
        ck_assert_uint_eq(size_on_disk(test_path("file")), A);
        rmmap_release(file);
}
END_TEST

/* ---- by allocations */

START_TEST(an_allocation_gets_all_that_it_asks_for)
{
        struct rmmap_options options = growing(100 * A + 7, 3 * A - 5);
        struct rmmap_range range;
        struct rmmap_file *file;
        uint64_t sum = 0;

        ck_ok(rmmap_create(test_path("file"), A + 1, &options, &file));
        ck_assert_uint_eq(rmmap_remaining(file), 100 * A + 7);
        ck_is(rmmap_allocate_exact(file, UINT64_MAX, &range), -ENOSPC); /* grows nothing */
        ck_is(rmmap_allocate_exact(file, 100 * A + 8, &range), -ENOSPC);
        ck_assert_uint_eq(rmmap_size(file), A + 1);
        ck_ok(rmmap_allocate(file, 10 * A, &range)); /* several steps */
        ck_assert_uint_eq(rmmap_range_length(range), 10 * A);
        ck_assert_uint_eq(rmmap_size(file), A + 1 + 4 * 3 * A - 3 * A);
        for (sum = 10 * A; rmmap_remaining(file) > 0; sum += rmmap_range_length(range)) {
                ck_ok(rmmap_allocate(file, 4 * A, &range));
                ck_assert_uint_eq(rmmap_range_start(range), sum);
                if (rmmap_range_end(range) != 100 * A + 7) /* short at the highest size only */
                        ck_assert_uint_eq(rmmap_range_length(range), 4 * A);
                ck_assert_uint_eq(rmmap_allocated(file), rmmap_range_end(range));
        }
        ck_assert_uint_eq(sum, 100 * A + 7);
        ck_is(rmmap_allocate(file, 1, &range), -ENOSPC);
        ck_is(rmmap_allocate_exact(file, 1, &range), -ENOSPC);
        ck_assert_uint_eq(rmmap_size(file), 100 * A + 7);
        rmmap_release(file);
}
END_TEST

/* A range that was the short end of the file stays as it is. */
START_TEST(a_short_range_stays_short)
{
        struct rmmap_options options = growing(10 * A, 0);
        struct rmmap_range shorter, range;
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("file"), A + 10, &options, &file));
        ck_ok(rmmap_allocate(file, 2 * A, &shorter));
        ck_assert_uint_eq(rmmap_range_length(shorter), A + 10);
        ck_ok(rmmap_grow(file, 10 * A));
        ck_ok(rmmap_write_range(file, shorter, data(3, A + 10), (size_t)A + 10, NULL));
        ck_ok(rmmap_allocate(file, A, &range));
        ck_assert_uint_eq(rmmap_range_start(range), 2 * A);
        ck_ok(rmmap_unclaim_range(file, shorter));
        ck_ok(rmmap_claim_range(file, 0, 2 * A, &range));
        rmmap_release(file);
}
END_TEST

/* ---- other handles */

START_TEST(another_handle_takes_the_size_over)
{
        const char *path = test_path("file");
        struct rmmap_options options = growing(64 * A, 0), reading = options;
        struct rmmap_file *one, *two, *reader;
        struct rmmap_range range;
        unsigned char byte;

        ck_ok(rmmap_create(path, A, &options, &one));
        ck_ok(rmmap_open(path, &options, &two));
        reading.flags = RMMAP_READ_ONLY;
        ck_ok(rmmap_open(path, &reading, &reader));
        ck_ok(rmmap_grow(one, 10 * A));
        ck_ok(rmmap_raw_write(one, 9 * A, "x", 1));
        ck_assert_uint_eq(rmmap_size(two), A);
        ck_ok(rmmap_grow(two, 2 * A)); /* what is there is taken over, and nothing cut */
        ck_assert_uint_eq(rmmap_size(two), 10 * A);
        ck_is(rmmap_grow(reader, 11 * A), -EROFS);
        ck_ok(rmmap_grow(reader, 0));
        ck_assert_uint_eq(rmmap_size(reader), 10 * A);
        ck_ok(rmmap_raw_read(reader, 9 * A, &byte, 1, NULL));
        ck_assert_int_eq(byte, 'x');
        ck_ok(rmmap_allocate(two, A, &range)); /* opened with content: behind it */
        ck_assert_uint_eq(rmmap_range_start(range), A);
        ck_assert_int_eq(truncate(path, (off_t)A), 0);
        ck_is(rmmap_grow(one, 0), -ESTALE);
        rmmap_release(one);
        rmmap_release(two);
        rmmap_release(reader);
}
END_TEST

static int grows_in_a_child(void *arg)
{
        child_is(rmmap_grow(arg, 2 * A), -EPERM);
        child_is(rmmap_close(arg), -EPERM);
        return 0;
}

START_TEST(a_forked_child_may_not)
{
        struct rmmap_options options = growing(8 * A, 0);
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("file"), A, &options, &file));
        ck_child(grows_in_a_child, file);
        ck_ok(rmmap_grow(file, 2 * A));
        ck_ok(rmmap_close(file));
}
END_TEST

/* ---- when it can't be done */

START_TEST(a_failure_leaves_the_size)
{
        const char *path = test_path("file");
        struct rmmap_options options = growing(64 * MIB, MIB);
        struct rmmap_range range;
        struct rmmap_file *file;

        FLOOR_LACKS("fallocate");
        ck_ok(rmmap_create(path, MIB, &options, &file));
        ck_ok(rmmap_allocate(file, MIB, &range));
        inject_start();
        inject_fail(INJECT_FALLOCATE, 1, ENOSPC, 1);
        ck_is(rmmap_allocate(file, A, &range), -ENOSPC);
        inject_fail(INJECT_FTRUNCATE, 1, EIO, 1);
        ck_is(rmmap_allocate(file, A, &range), -EIO);
        inject_fail(INJECT_FSTAT, 1, EIO, 1);
        ck_is(rmmap_grow(file, 3 * MIB), -EIO);
        ck_assert_uint_eq(rmmap_size(file), MIB);
        ck_assert_uint_eq(size_on_disk(path), MIB);
        ck_assert_uint_eq(rmmap_remaining(file), 63 * MIB);
        ck_ok(rmmap_allocate(file, A, &range));
        ck_assert_uint_eq(rmmap_range_start(range), MIB);
        inject_fail(INJECT_FCNTL, 1, ENOLCK, 1); /* no such lock here */
        ck_ok(rmmap_grow(file, 3 * MIB));
        if (describe(file).facts & RMMAP_FACT_RESERVED) {
                inject_fail(INJECT_FALLOCATE, 1, EOPNOTSUPP, 1);
                ck_is(rmmap_grow(file, 4 * MIB), -EOPNOTSUPP);
        }
        rmmap_release(file);
}
END_TEST

static int grows_beyond_a_limit(void *path)
{
        struct rmmap_options options = growing(64 * A, A);
        struct rlimit limit = {2 * A, 2 * A};
        struct rmmap_range range;
        struct rmmap_file *file;

        child_is(rmmap_create(path, A, &options, &file), 0);
        child_expect(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        child_is(rmmap_allocate(file, A, &range), 0);
        child_is(rmmap_allocate(file, A, &range), 0);
        child_is(rmmap_allocate(file, A, &range), -EFBIG);
        child_is(rmmap_grow(file, 3 * A), -EFBIG);
        child_expect(rmmap_size(file) == 2 * A);
        rmmap_release(file);
        return 0;
}

START_TEST(a_limit_of_the_size_is_an_error)
{
        ck_child(grows_beyond_a_limit, (void *)test_path("file"));
}
END_TEST

static int has_no_addresses(void *path)
{
        struct rmmap_options options = growing(UINT64_C(1) << 30, 0);
        struct rlimit limit = {UINT64_C(1) << 29, UINT64_C(1) << 29};
        struct rmmap_file *file;

        if (test_sanitized())
                return CHILD_SKIPPED;
        unlink(path);
        child_expect(setrlimit(RLIMIT_AS, &limit) == 0);
        child_is(rmmap_create(path, A, &options, &file), -ENOMEM);
        child_expect(access(path, F_OK) != 0);
        return 0;
}

START_TEST(addresses_for_the_highest_size_are_needed_at_once)
{
        ck_child(has_no_addresses, (void *)test_path("file"));
}
END_TEST

static const char *disk;

static const char *on_disk(const char *name)
{
        static char path[4096];

        snprintf(path, sizeof(path), "%s/%s", disk, name);
        return path;
}

START_TEST(a_full_disk_is_an_error_until_there_is_space)
{
        struct rmmap_options options = growing(1024 * MIB, 64 * 1024);
        unsigned char byte;
        struct rmmap_range range;
        struct rmmap_file *file;
        uint64_t size;
        int err;

        FLOOR_LACKS("reservation of space");
        if (disk == NULL)
                return;
        ck_ok(rmmap_create(on_disk("log"), MIB, &options, &file));
        ck_assert(place_fill(disk));
        ck_ok(rmmap_allocate(file, MIB, &range));
        do
                err = rmmap_allocate(file, 64 * 1024, &range);
        while (err == 0);
        ck_is(err, -ENOSPC);
        size = rmmap_size(file);
        ck_assert_uint_eq(size_on_disk(on_disk("log")), size);
        ck_assert_uint_gt(rmmap_remaining(file), 0);
        ck_ok(rmmap_raw_write(file, size - 1, "z", 1));
        ck_is(rmmap_grow(file, size + 16 * MIB), -ENOSPC);
        ck_assert_uint_eq(rmmap_size(file), size);
        ck_ok(rmmap_sync_all(file));
        ck_assert_int_eq(unlink(on_disk("filling")), 0);
        if (describe(file).facts & RMMAP_FACT_RESERVED)
                ck_ok(rmmap_allocate(file, 64 * 1024, &range));
        ck_ok(rmmap_raw_read(file, size - 1, &byte, 1, NULL));
        ck_assert_int_eq(byte, 'z');
        ck_ok(rmmap_close(file));
        unlink(on_disk("log"));
}
END_TEST

/*
 * Two processes want different sizes of one file on a disk that has space for neither. Each writes
 * bytes of its own into what it added, syncs them, and finds all of them at the end.
 */
#define ROUNDS 200

static int fights(void *arg)
{
        struct rmmap_options options = growing(1024 * MIB, 0);
        uint64_t mine = (uint64_t)(uintptr_t)arg, places[ROUNDS], count = 0;
        struct rmmap_file *file;

        child_is(rmmap_open(on_disk("both"), &options, &file), 0);
        for (uint64_t i = 0; i < ROUNDS; i++) {
                uint64_t size = rmmap_size(file) + mine * 16 * A * (1 + i % 7);
                int err = rmmap_grow(file, size);

                child_expect(err == 0 || err == -ENOSPC);
                if (err == -ENOSPC)
                        continue;
                child_expect(rmmap_size(file) >= size);
                places[count] = size - 2 * mine * sizeof(size);
                child_is(rmmap_raw_write(file, places[count], &size, sizeof(size)), 0);
                child_is(rmmap_raw_sync(file, places[count++], sizeof(size)), 0);
        }
        for (uint64_t i = 0; i < count; i++) {
                uint64_t found;

                child_is(rmmap_raw_read(file, places[i], &found, sizeof(found), NULL), 0);
                child_expect(found == places[i] + 2 * mine * sizeof(found));
        }
        return rmmap_close(file) == 0 && count > 0 ? 0 : 1;
}

START_TEST(nobody_cuts_what_another_process_added)
{
        struct rmmap_file *file;
        pid_t one, two;

        FLOOR_LACKS("reservation of space");
        if (disk == NULL)
                return;
        ck_ok(rmmap_create(on_disk("both"), A, NULL, &file));
        one = child_start(fights, (void *)(uintptr_t)1);
        two = child_start(fights, (void *)(uintptr_t)2);
        ck_assert_int_eq(child_wait(one), 0);
        ck_assert_int_eq(child_wait(two), 0);
        rmmap_release(file);
        unlink(on_disk("both"));
}
END_TEST

/* ---- threads */

#define APPENDERS 8
#define RECORD 512

static struct rmmap_file *log_file;
static _Atomic uint64_t records;
static atomic_bool stop;
static uint64_t most;

struct record {
        uint64_t place, check;
        unsigned char rest[RECORD - 16];
};

static void *append(void *arg)
{
        struct record record[4];

        memset(record, 'r', sizeof(record));
        for (uint64_t n = 0; !atomic_load(&stop); n++) {
                struct rmmap_range range;
                uint64_t at;
                int err = rmmap_allocate(log_file, A, &range);

                if (err == -ENOSPC && rmmap_remaining(log_file) == 0)
                        break;
                must(err);
                if (err != 0)
                        break;
                at = rmmap_range_start(range);
                for (int i = 0; i < 4; i++) {
                        record[i].place = at + (uint64_t)i * RECORD;
                        record[i].check = ~record[i].place;
                }
                must(rmmap_write_within(log_file, range, 0, record, sizeof(record)));
                if (at + A > rmmap_size(log_file))
                        must(-ERANGE);
                atomic_fetch_add(&records, 1);
                if (n % 4096 == 0 && arg != NULL)
                        must(rmmap_sync_within(log_file, range, 0, A));
        }
        atomic_store(&stop, true);
        return NULL;
}

static void *read_by_pointer(void *arg)
{
        const void *base;
        uint64_t state = 1;

        (void)arg;
        if (rmmap_raw_view(log_file, &base) != 0)
                return NULL;
        while (!atomic_load(&stop)) {
                uint64_t blocks = rmmap_size(log_file) / A;
                uint64_t at = test_random(&state) % blocks * A;
                struct record record;

                memcpy(&record, (const char *)base + at, sizeof(record));
                (void)record; /* any value: it may be written just now */
        }
        return NULL;
}

static void *sync_all(void *arg)
{
        (void)arg;
        while (!atomic_load(&stop))
                must(rmmap_sync_all(log_file));
        return NULL;
}

static void every_record_is_there(void)
{
        uint64_t end = rmmap_allocated(log_file), found = 0;
        struct record record;

        for (uint64_t at = 0; at < end; at += A, found++) {
                ck_ok(rmmap_raw_read(log_file, at + 3 * RECORD, &record, sizeof(record), NULL));
                ck_assert_uint_eq(record.place, at + 3 * RECORD);
                ck_assert_uint_eq(record.check, ~record.place);
        }
        ck_assert_uint_eq(found, atomic_load(&records));
}

/* TEST_GROW_MIB: how far; a longer run goes to 4096. Holds B.7. */
START_TEST(threads_append_while_others_read_and_sync)
{
        const char *text = getenv("TEST_GROW_MIB");
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        pthread_t threads[APPENDERS + 2];

        most = MIB * (text != NULL ? strtoull(text, NULL, 10) : test_sanitized() ? 8 : 64);
        options = growing(most, MIB);
        atomic_store(&records, 0);
        atomic_store(&stop, false);
        ck_ok(rmmap_create(test_path("log"), MIB, &options, &log_file));
        for (int i = 0; i < APPENDERS; i++)
                ck_assert_int_eq(pthread_create(&threads[i], NULL, append, i == 0 ? &most : NULL),
                                 0);
        ck_assert_int_eq(pthread_create(&threads[APPENDERS], NULL, read_by_pointer, NULL), 0);
        ck_assert_int_eq(pthread_create(&threads[APPENDERS + 1], NULL, sync_all, NULL), 0);
        for (int i = 0; i < APPENDERS + 2; i++)
                pthread_join(threads[i], NULL);
        test_noted_nothing();
        ck_assert_uint_eq(rmmap_allocated(log_file), most);
        every_record_is_there();
        ck_ok(rmmap_close(log_file));
        unlink(test_path("log"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("grow");
        TCase *plain = tcase_create("a size"), *hard = tcase_create("failures");

        tcase_add_test(plain, growing_moves_nothing);
        tcase_add_test(plain, sizes_that_make_no_sense_are_refused);
        tcase_add_test(plain, the_allocator_decides);
        tcase_add_test(plain, an_allocation_gets_all_that_it_asks_for);
        tcase_add_test(plain, a_short_range_stays_short);
        tcase_add_test(plain, another_handle_takes_the_size_over);
        tcase_add_test(plain, a_forked_child_may_not);
        tcase_add_test(hard, a_failure_leaves_the_size);
        tcase_add_test(hard, a_limit_of_the_size_is_an_error);
        tcase_add_test(hard, addresses_for_the_highest_size_are_needed_at_once);
        tcase_add_test(hard, a_full_disk_is_an_error_until_there_is_space);
        tcase_add_test(hard, nobody_cuts_what_another_process_added);
        tcase_add_test(hard, threads_append_while_others_read_and_sync);
        tcase_set_timeout(hard, 240);
        suite_add_tcase(suite, plain);
        suite_add_tcase(suite, hard);
        disk = place_small_disk();
        return test_run(suite);
}
