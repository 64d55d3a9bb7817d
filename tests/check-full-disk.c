/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A full disk is an error of the call that meets it: of create where space can be reserved, of a
 * write elsewhere. It is never a signal. The tests use a small tmpfs, or TEST_SMALL_DISK.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "place.h"
#include "setups.h"

#define MIB (UINT64_C(1) << 20)
#define PIECE ((size_t)65536)

static const char *disk;

static const char *on_disk(const char *name)
{
        static char path[2][4096];
        static int turn;

        turn = !turn;
        snprintf(path[turn], sizeof(path[turn]), "%s/%s", disk, name);
        return path[turn];
}

/* Some file systems free space only after a sync. */
static void sync_disk(void)
{
        int fd = open(disk, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        syncfs(fd);
        close(fd);
}

/* Every test starts and ends with an empty disk. */
static void clear_disk(void)
{
        DIR *directory = opendir(disk);
        struct dirent *entry;

        ck_assert_ptr_nonnull(directory);
        while ((entry = readdir(directory)) != NULL)
                if (entry->d_type == DT_REG)
                        unlinkat(dirfd(directory), entry->d_name, 0);
        closedir(directory);
        sync_disk();
}

static uint64_t larger_than_disk(void)
{
        return place_free(disk) + 16 * MIB;
}

/* 0 if a write returned that the disk is full, and all writes before it worked. */
static int write_until_full(struct rmmap_file *file)
{
        unsigned char *data = setup_data(5, PIECE), *found = malloc(PIECE);
        struct rmmap_range range;
        uint64_t written = 0;
        int err;

        do {
                child_is(rmmap_allocate(file, PIECE, &range), 0);
                err = rmmap_write_range(file, range, data, PIECE, NULL);
                written += err == 0 ? PIECE : 0;
        } while (err == 0);
        child_is(err, -ENOSPC);
        child_expect(written >= MIB);
        child_is(rmmap_raw_read(file, written - PIECE, found, PIECE, NULL), 0);
        child_expect(memcmp(data, found, PIECE) == 0);
        free(data);
        free(found);
        return 0;
}

/* All other copying calls, on holes of a full disk. */
static int everything_says_full(struct rmmap_file *file, uint64_t hole)
{
        unsigned char *data = setup_data(5, PIECE);
        struct iovec piece = {.iov_base = data, .iov_len = PIECE};
        int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
        struct rmmap_range range;
        uint64_t done = 0;
        int err;

        do /* one that holds the hole; those before it were allocated, or the file was opened */
                err = rmmap_allocate(file, PIECE, &range);
        while (err == 0 && rmmap_range_start(range) < hole);
        if (err == -ENOSPC)
                err = rmmap_claim_range(file, hole, hole + PIECE, &range);
        child_is(err, 0);
        child_is(rmmap_write_range(file, range, data, PIECE, NULL), -ENOSPC);
        child_is(rmmap_writev_range(file, range, &piece, 1, NULL), -ENOSPC);
        child_is(rmmap_write_within(file, range, 10, data, PIECE - 10), -ENOSPC);
        child_is(rmmap_write_range_from_fd(file, range, fd, &done, NULL), -ENOSPC);
        child_is(rmmap_write_range_durable(file, range, data, PIECE, NULL), -ENOSPC);
        child_is(rmmap_raw_write(file, hole, data, PIECE), -ENOSPC);
        child_is(rmmap_raw_fill(file, 1), -ENOSPC);
        child_is(rmmap_read_range(file, range, data, PIECE, NULL), 0);
        child_is(rmmap_raw_read(file, hole - PIECE, data, PIECE, NULL), 0); /* never written */
        child_is(data[0] + data[PIECE - 1], 0);
        close(fd);
        free(data);
        return 0;
}

static int full_in_every_way(struct rmmap_file *file)
{
        uint64_t hole = rmmap_align_down(rmmap_size(file) - 2 * PIECE);

        child_is(write_until_full(file), 0);
        child_expect(place_fill(disk));
        return everything_says_full(file, hole);
}

/* A sparse file, or an older one with holes, larger than the disk. */
struct large_file {
        bool opened;
        uint32_t flags;
};

static int fill_large_file(void *arg)
{
        const struct large_file *large = arg;
        struct rmmap_options options = test_options(large->flags, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file;
        int fd;

        if (large->opened) {
                fd = open(on_disk("large"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
                child_is(ftruncate(fd, (off_t)larger_than_disk()), 0);
                close(fd);
                child_is(rmmap_open(on_disk("large"), &options, &file), 0);
        } else {
                child_is(rmmap_create(on_disk("large"), larger_than_disk(), &options, &file), 0);
        }
        child_is(full_in_every_way(file), 0);
        rmmap_release(file);
        return 0;
}

START_TEST(a_file_larger_than_the_disk)
{
        static const struct large_file files[] = {
                {false, RMMAP_NO_PREALLOCATE},
                {false, RMMAP_NO_PREALLOCATE | RMMAP_CATCH_FAULTS},
                {true, RMMAP_REWRITE},
                {true, RMMAP_REWRITE | RMMAP_CATCH_FAULTS}};

        ck_child(fill_large_file, (void *)(uintptr_t)&files[_i]);
}
END_TEST

/* Populating a sparse file fails on a full disk. */
static int populate_sparse(void *arg)
{
        struct rmmap_options options =
                test_options(RMMAP_NO_PREALLOCATE | RMMAP_POPULATE, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file;

        (void)arg;
        child_is(rmmap_create(on_disk("populated"), larger_than_disk(), &options, &file), -ENOSPC);
        child_expect(access(on_disk("populated"), F_OK) != 0);
        return 0;
}

START_TEST(populating)
{
        FLOOR_LACKS("page populated at once");
        ck_child(populate_sparse, NULL);
}
END_TEST

static int store_everywhere(void *arg)
{
        struct rmmap_file *file = arg;
        void *data;

        if (rmmap_raw_data(file, &data) != 0)
                return 1;
        memset(data, 's', (size_t)rmmap_size(file));
        return 2;
}

static int guard_a_store(void *arg)
{
        struct rmmap_options options =
                test_options(RMMAP_NO_PREALLOCATE | RMMAP_CATCH_FAULTS, RMMAP_ENGINE_MAP);
        struct rmmap_file *file;
        int result = 7;

        (void)arg;
        child_is(rmmap_create(on_disk("stores"), larger_than_disk(), &options, &file), 0);
        child_is(rmmap_guard_call(file, store_everywhere, file, &result), -ENOSPC);
        child_is(rmmap_guard_call(file, store_everywhere, file, &result), -ENOSPC);
        child_is(result, 7);
        rmmap_release(file);
        return 0;
}

START_TEST(a_callers_stores)
{
        ck_child(guard_a_store, NULL);
}
END_TEST

/* ---- reserved space can be written */

START_TEST(what_was_reserved_is_there)
{
        struct rmmap_info info = RMMAP_INFO_INIT;
        unsigned char *data = setup_data(0, 2 * MIB);
        struct rmmap_file *file;

        ck_ok(rmmap_create(on_disk("reserved"), 2 * MIB, NULL, &file));
        ck_assert(place_fill(disk));
        ck_ok(rmmap_describe(file, &info));
        if (info.facts & RMMAP_FACT_RESERVED) {
                ck_assert_uint_eq(info.engine, RMMAP_ENGINE_AUTO);
                for (int i = 0; i < 2; i++) { /* and rewritten */
                        ck_ok(rmmap_raw_write(file, 0, data, 2 * MIB));
                        ck_ok(rmmap_sync_all(file));
                }
                ck_assert(test_file_holds(on_disk("reserved"), 0, data, 2 * MIB));
        } else {
                skip_part("space is not reserved here");
        }
        rmmap_release(file);
        free(data);
}
END_TEST

/* Copying on write needs new space for old data. */
static int rewrite(void *arg)
{
        struct rmmap_options options = test_options(0, RMMAP_ENGINE_AUTO);
        unsigned char *data = setup_data(0, 4 * MIB);
        struct rmmap_file *file;
        int err = 0;

        if (*(int *)arg == 0)
                child_is(rmmap_create(on_disk("rewritten"), 4 * MIB, &options, &file), 0);
        else
                child_is(rmmap_open(on_disk("rewritten"), &options, &file), 0);
        child_is(rmmap_raw_fill(file, 'a'), 0);
        child_is(rmmap_sync_all(file), 0);
        child_expect(place_fill(disk));
        for (uint64_t at = 0; at < 4 * MIB && err == 0; at += PIECE)
                err = rmmap_raw_write(file, at, data + at, PIECE);
        child_expect(err == 0 || err == -ENOSPC);
        unlink(on_disk("filling"));
        sync_disk();
        child_is(rmmap_raw_write(file, 0, data, 4 * MIB), 0); /* nothing was latched */
        rmmap_release(file);
        child_expect(test_file_holds(on_disk("rewritten"), 0, data, 4 * MIB));
        free(data);
        return 0;
}

START_TEST(rewriting_on_a_full_disk)
{
        int created = 0, opened = 1;

        ck_child(rewrite, &created);
        ck_child(rewrite, &opened);
}
END_TEST

/* ---- create reports it at once, and leaves nothing */

/* About as much space is free as before: metadata may take some, and some is freed later. */
static bool is_free_again(const void *before)
{
        sync_disk();
        return place_free(disk) + (256 << 10) >= *(const uint64_t *)before;
}

START_TEST(create_on_a_full_disk_leaves_nothing)
{
        FLOOR_LACKS("reservation of space");
        const uint64_t before = place_free(disk);
        struct rmmap_file *file;
        struct stat status;
        int fd;

        ck_is(rmmap_create(on_disk("too-large"), larger_than_disk(), NULL, &file), -ENOSPC);
        ck_assert(access(on_disk("too-large"), F_OK) != 0);
        ck_assert(test_until(is_free_again, &before));

        fd = open(on_disk("older"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        ck_assert_int_eq(pwrite(fd, "older", 5, 0), 5);
        ck_is(rmmap_create(on_disk("older"), larger_than_disk(), NULL, &file), -ENOSPC);
        ck_assert_int_eq(stat(on_disk("older"), &status), 0); /* stays, though empty */
        ck_assert_int_eq(status.st_size, 0);
        close(fd);
        ck_assert(test_until(is_free_again, &before));

        ck_assert(place_fill(disk));
        ck_is(rmmap_create(on_disk("new"), MIB, NULL, &file), -ENOSPC);
        ck_assert(access(on_disk("new"), F_OK) != 0);
}
END_TEST

/* Space in the holes of an older file couldn't be given back. */
START_TEST(keeping_a_sparse_file_fills_no_disk)
{
        struct rmmap_options options = test_options(RMMAP_KEEP, RMMAP_ENGINE_AUTO);
        bool counts = place_is(disk, PLACE_EXT4) || place_is(disk, PLACE_TMPFS);
        uint64_t size = larger_than_disk(), before = place_free(disk);
        struct rmmap_file *file;
        int fd = open(on_disk("sparse"), O_RDWR | O_CREAT | O_CLOEXEC, 0600), err;

        ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
        close(fd);
        err = rmmap_create(on_disk("sparse"), 4096, &options, &file);
        if (err == 0) /* no space can be reserved here */
                rmmap_release(file);
        else
                ck_assert_int_eq(err, -ENOSPC);
        sync_disk();
        if (counts)
                ck_assert_uint_gt(place_free(disk) + 64 * 1024, before);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("full-disk");
        TCase *core = tcase_create("core");

        disk = place_small_disk();
        if (disk == NULL)
                return 77;
        test_deepen_stack();
        tcase_set_timeout(core, 200);
        tcase_add_checked_fixture(core, clear_disk, clear_disk);
        tcase_add_loop_test(core, a_file_larger_than_the_disk, 0, 4);
        tcase_add_test(core, populating);
        tcase_add_test(core, a_callers_stores);
        tcase_add_test(core, what_was_reserved_is_there);
        tcase_add_test(core, rewriting_on_a_full_disk);
        tcase_add_test(core, create_on_a_full_disk_leaves_nothing);
        tcase_add_test(core, keeping_a_sparse_file_fills_no_disk);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
