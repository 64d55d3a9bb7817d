/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * dirty_limit and RMMAP_UNCACHED: when writers help with write-back, what stays in the page cache
 * (by mincore), and what becomes of errors. The calls that start write-back are counted, and fail,
 * in the table of calls.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "dirty-file.h"
#include "fault/inject.h"
#include "place.h"

static bool holds_data(void)
{
        bool good = true;

        for (uint64_t at = 0; at < SIZE; at += MIB)
                good = good && test_file_holds(test_path("file"), at, data, MIB);
        return good;
}

/* Bytes of the file in the page cache. */
static uint64_t cached(void)
{
        const size_t page = (size_t)sysconf(_SC_PAGESIZE), count = SIZE / page;
        unsigned char *in_memory = malloc(count);
        int fd = open(test_path("file"), O_RDONLY | O_CLOEXEC);
        void *map = mmap(NULL, SIZE, PROT_READ, MAP_SHARED, fd, 0);
        uint64_t pages = 0;

        ck_assert_ptr_ne(map, MAP_FAILED);
        ck_assert_int_eq(mincore(map, SIZE, in_memory), 0);
        for (size_t i = 0; i < count; i++)
                pages += in_memory[i] & 1;
        munmap(map, SIZE);
        close(fd);
        free(in_memory);
        return pages * page;
}

static const char *const drop_here[] = {"ext4", "xfs", "overlayfs"};

/* tmpfs is a page cache without a disk; others keep pages for reasons of their own. */
static bool can_drop(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        for (size_t i = 0; i < sizeof(drop_here) / sizeof(drop_here[0]); i++)
                if (strcmp(info.file_system, drop_here[i]) == 0 &&
                    (info.facts & RMMAP_FACT_RESERVED))
                        return true;
        printf("SKIP: what %s keeps in memory isn't the library's to drop\n", info.file_system);
        return false;
}

START_TEST(below_the_limit_nothing_is_started)
{
        FLOOR_LACKS("start of write-back");
        struct rmmap_file *file = create(0, LIMIT);

        for (int round = 0; round < 2; round++) {
                inject_start();
                ck_ok(write_all(file, 0, LIMIT, MIB));
                ck_assert_int_eq(inject_count(INJECT_SYNC_FILE_RANGE), 0);
                ck_ok(write_all(file, LIMIT, SIZE, MIB));
                ck_assert_int_gt(inject_count(INJECT_SYNC_FILE_RANGE),
                                 can_drop(file) && !place_has_only_advice() ? 2
                                                                            : -1); /* tmpfs: 0 */
                ck_ok(rmmap_sync_all(file)); /* then again, from the start */
        }
        ck_assert(holds_data());
        rmmap_release(file);
}
END_TEST

/* However much memory is left: the limit is looked at after 2 MiB of them by one thread. */
START_TEST(small_pieces_are_bounded_soon)
{
        FLOOR_LACKS("start of write-back");
        struct rmmap_file *file = create(0, LIMIT);

        inject_start();
        ck_ok(write_all(file, 0, SIZE / 3, 4096));
        ck_ok(write_all(file, 0, SIZE / 3, 4096));
        if (can_drop(file) && !place_has_only_advice())
                ck_assert_int_gt(inject_count(INJECT_SYNC_FILE_RANGE), 2);
        rmmap_release(file);
}
END_TEST

START_TEST(without_a_limit_little_is_not_bounded)
{
        struct rmmap_file *file = create(0, 0);

        inject_start();
        ck_ok(write_all(file, 0, SIZE, MIB));
        ck_assert_int_eq(inject_count(INJECT_SYNC_FILE_RANGE), 0);
        rmmap_release(file);
}
END_TEST

/* Pieces in order, and every 5th page until all are written. */
START_TEST(uncached_leaves_the_page_cache)
{
        FLOOR_LACKS("start of write-back");
        static const size_t pieces[] = {4096, 64 * 1024, MIB, 0};
        const uint64_t pages = SIZE / 4096;
        struct rmmap_file *file = create(RMMAP_UNCACHED, 0);
        bool drops = can_drop(file);

        if (pieces[_i] != 0)
                ck_ok(write_all(file, 0, SIZE, pieces[_i]));
        for (uint64_t i = 0; pieces[_i] == 0 && i < pages; i++)
                ck_ok(rmmap_raw_write(file, i * 5 % pages * 4096, data, 4096));
        if (drops && !place_has_only_advice()) /* nobody can wait for what was started by advice */
                ck_assert_uint_le(cached(), 64 * MIB);
        ck_ok(rmmap_sync_all(file));
        if (drops)
                ck_assert_uint_le(cached(), MIB);
        ck_assert(holds_data());
        rmmap_release(file);
}
END_TEST

/* A large write that ends where a region ends doesn't mean that the next region will be written. */
START_TEST(large_writes_at_random_populate_nothing)
{
        struct rmmap_file *file = create(RMMAP_UNCACHED, 0);

        for (uint64_t i = 0; i < SIZE / MIB; i++)
                ck_ok(rmmap_raw_write(file, i * 35 % (SIZE / MIB) * MIB, data, MIB));
        ck_assert_uint_eq(file->io.populate.populated, 0);
        ck_assert(holds_data());
        rmmap_release(file);
}
END_TEST

/* A populated region would be written to the disk once more. */
START_TEST(large_writes_in_order_populate_nothing)
{
        struct rmmap_file *file = create(0, LIMIT);

        ck_ok(write_all(file, 0, SIZE, MIB));
        ck_assert_uint_eq(file->io.populate.populated, 0);
        ck_assert(holds_data());
        rmmap_release(file);
}
END_TEST

/*
 * The write that receives the error returns it, and so does every sync. The fourth call waits; what
 * means "not here" where write-back starts is an error like any other there.
 */
START_TEST(an_error_of_write_back_stays)
{
        FLOOR_LACKS("start of write-back");
        static const struct {
                int kth, error;
        } failures[] = {{1, EIO},   {2, ENOSPC},     {4, EIO},   {4, EACCES},
                        {4, EROFS}, {4, EOPNOTSUPP}, {5, ENOSPC}};
        struct rmmap_file *file = create(RMMAP_UNCACHED, 0);

        if (!can_drop(file) || place_has_only_advice()) {
                rmmap_release(file);
                return;
        }
        inject_start();
        inject_fail(INJECT_SYNC_FILE_RANGE, failures[_i].kth, failures[_i].error, 1);
        ck_is(write_all(file, 0, SIZE, MIB), -failures[_i].error);
        ck_is(rmmap_sync_all(file), -failures[_i].error);
        ck_is(rmmap_sync_all(file), -failures[_i].error);
        rmmap_release(file);
}
END_TEST

START_TEST(where_write_back_can_not_be_started_writes_work)
{
        FLOOR_LACKS("start of write-back");
        static const int answers[] = {ENOSYS, EPERM, EINVAL, EOPNOTSUPP};
        struct rmmap_file *file = create(RMMAP_UNCACHED, 0);

        inject_start();
        inject_fail(INJECT_SYNC_FILE_RANGE, 1, answers[_i], 1000);
        ck_ok(write_all(file, 0, SIZE, MIB));
        ck_ok(rmmap_sync_all(file));
        ck_assert(holds_data());
        rmmap_release(file);
}
END_TEST

static int write_in_child(void *file)
{
        inject_start();
        child_is(write_all(file, 0, SIZE, MIB), 0);
        child_is(inject_count(INJECT_SYNC_FILE_RANGE), 0);
        return 0;
}

/* The parent must receive the errors. */
START_TEST(a_child_starts_nothing)
{
        struct rmmap_file *file = create(RMMAP_UNCACHED, LIMIT);

        ck_child(write_in_child, file);
        ck_assert(holds_data());
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("dirty budget");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 120);
        tcase_add_test(core, below_the_limit_nothing_is_started);
        tcase_add_test(core, small_pieces_are_bounded_soon);
        tcase_add_test(core, without_a_limit_little_is_not_bounded);
        tcase_add_loop_test(core, uncached_leaves_the_page_cache, 0, 4);
        tcase_add_test(core, large_writes_at_random_populate_nothing);
        tcase_add_test(core, large_writes_in_order_populate_nothing);
        tcase_add_loop_test(core, an_error_of_write_back_stays, 0, 7);
        tcase_add_loop_test(core, where_write_back_can_not_be_started_writes_work, 0, 4);
        tcase_add_test(core, a_child_starts_nothing);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
