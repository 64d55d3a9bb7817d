/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * RMMAP_PUNCH_HOLES: space that is given back returns to the file system, and a full disk is an
 * error of the allocation. Holds B.9. On a small tmpfs, or TEST_SMALL_DISK.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "place.h"

#define MIB (UINT64_C(1) << 20)
#define SIZE (6 * MIB + 100)
#define PIECE (256 * 1024)

static const char *disk;
static unsigned char data[PIECE], found[PIECE];

static const char *on_disk(const char *name)
{
        static char path[4096];

        snprintf(path, sizeof(path), "%s/%s", disk, name);
        return path;
}

/* Every test starts with an empty disk. */
static void remove_all(void)
{
        char command[4200];

        snprintf(command, sizeof(command), "find '%s' -type f -delete; sync -f '%s'", disk, disk);
        ck_assert_int_eq(system(command), 0);
}

static struct rmmap_options punching(uint32_t flags, uint32_t engine)
{
        struct rmmap_options options = test_options(RMMAP_PUNCH_HOLES | flags, engine);

        options.allocator = rmmap_reusing_allocator();
        return options;
}

/* Some file systems count blocks only when they were written. */
static uint64_t space_of(struct rmmap_file *file)
{
        struct stat status;

        ck_ok(rmmap_sync_all(file));
        ck_assert_int_eq(fstat(rmmap_fd(file), &status), 0);
        return (uint64_t)status.st_blocks * 512;
}

static void fill(struct rmmap_file *file, struct rmmap_range range, unsigned char byte)
{
        memset(data, byte, sizeof(data));
        ck_ok(rmmap_write_range(file, range, data, PIECE, NULL));
}

static bool holds(struct rmmap_file *file, struct rmmap_range range, unsigned char byte)
{
        ck_ok(rmmap_read_range(file, range, found, PIECE, NULL));
        for (size_t i = 0; i < PIECE; i++)
                if (found[i] != byte)
                        return false;
        return true;
}

static bool is_reserved(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        return (info.facts & RMMAP_FACT_RESERVED) != 0;
}

static bool can_punch(void)
{
        int fd = open(on_disk("probe"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        bool can =
                fd >= 0 && fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096) == 0;

        close(fd);
        unlink(on_disk("probe"));
        if (!can)
                skip_part("no holes can be punched on the small disk");
        return can;
}

/* One way to write: through regions that are populated, by pwrite, by the mapping alone. */
static const struct way {
        uint32_t flags, engine, pattern;
} ways[] = {
        {0, RMMAP_ENGINE_AUTO, RMMAP_PATTERN_UNKNOWN},
        {0, RMMAP_ENGINE_AUTO, RMMAP_PATTERN_DENSE},
        {RMMAP_POPULATE, RMMAP_ENGINE_AUTO, RMMAP_PATTERN_UNKNOWN},
        {0, RMMAP_ENGINE_PWRITE, RMMAP_PATTERN_UNKNOWN},
        {RMMAP_CATCH_FAULTS, RMMAP_ENGINE_MAP, RMMAP_PATTERN_UNKNOWN},
        {RMMAP_NO_PREALLOCATE, RMMAP_ENGINE_AUTO, RMMAP_PATTERN_UNKNOWN},
};
#define WAYS (int)(sizeof(ways) / sizeof(ways[0]))

static struct rmmap_file *create(int way, const char *name)
{
        struct rmmap_options options = punching(ways[way].flags, ways[way].engine);
        struct rmmap_file *file;

        options.pattern = ways[way].pattern;
        ck_ok(rmmap_create(on_disk(name), SIZE, &options, &file));
        ck_assert(!is_reserved(file));
        return file;
}

START_TEST(space_returns)
{
        struct rmmap_range ranges[24], last;
        struct rmmap_file *file;
        uint64_t before;

        FLOOR_LACKS("holes");
        if (!can_punch())
                return;
        file = create(_i, "returns");
        for (unsigned int i = 0; i < 24; i++) {
                ck_ok(rmmap_allocate(file, PIECE, &ranges[i]));
                fill(file, ranges[i], (unsigned char)(i + 1));
        }
        ck_ok(rmmap_allocate(file, PIECE, &last));
        ck_assert_uint_eq(rmmap_range_length(last), 100);
        before = space_of(file);
        for (unsigned int i = 0; i < 24; i += 2)
                ck_ok(rmmap_give_back_range(file, ranges[i]));
        ck_is(rmmap_give_back_range(file, ranges[0]), -EINVAL);
        ck_ok(rmmap_give_back_range(file, last));
        ck_assert_uint_le(space_of(file) + 12 * PIECE, before);
        ck_assert_uint_eq(rmmap_size(file), SIZE);
        for (unsigned int i = 1; i < 24; i += 2) {
                ck_assert(holds(file, ranges[i], (unsigned char)(i + 1)));
                for (int again = 0; again < 300; again++) /* enough small ones to populate */
                        ck_ok(rmmap_write_within(file, ranges[i], (uint64_t)again % 64 * 4096, data,
                                                 100));
                fill(file, ranges[i], (unsigned char)(i + 100));
        }
        ck_assert_uint_le(space_of(file) + 12 * PIECE, before);
        ck_ok(rmmap_allocate(file, PIECE, &ranges[0]));
        ck_assert(holds(file, ranges[0], 0)); /* what was there is gone */
        ck_assert_uint_le(space_of(file) + 11 * PIECE, before);
        fill(file, ranges[0], 77);
        ck_assert(holds(file, ranges[0], 77));
        for (unsigned int i = 1; i < 24; i += 2)
                ck_assert(holds(file, ranges[i], (unsigned char)(i + 100)));
        rmmap_release(file);
}
END_TEST

/* A full disk: the allocation fails and takes nothing; what is out can be written. */
static int on_a_full_disk(void *arg)
{
        struct rmmap_file *file = create(*(const int *)arg, "full");
        struct rmmap_range ranges[24], one;
        uint64_t left;

        for (unsigned int i = 0; i < 24; i++) {
                ck_ok(rmmap_allocate(file, PIECE, &ranges[i]));
                fill(file, ranges[i], (unsigned char)(i + 1));
        }
        for (unsigned int i = 0; i < 8; i++)
                ck_ok(rmmap_give_back_range(file, ranges[i * 3]));
        ck_ok(rmmap_sync_all(file));
        child_expect(place_fill(disk));
        left = rmmap_remaining(file);
        child_is(rmmap_allocate(file, PIECE, &one), -ENOSPC);
        child_is(rmmap_allocate_exact(file, PIECE, &one), -ENOSPC);
        child_is(rmmap_allocate_at(file, 0, PIECE, &one), -ENOSPC);
        child_expect(rmmap_remaining(file) == left);
        /* Of nobody's bytes: an error, no signal. */
        child_is(rmmap_raw_write(file, 4096, data, 100), -ENOSPC);
        child_is(rmmap_write_within(file, ranges[3], 5000, data, 100), -ENOSPC);
        child_is(rmmap_write_range_durable(file, ranges[3], data, PIECE, NULL), -ENOSPC);
        child_is(rmmap_raw_read(file, 0, found, 100, NULL), 0);
        child_is(rmmap_error(file), 0);
        for (unsigned int i = 0; i < 24; i++) {
                if (i % 3 == 0)
                        continue;
                child_expect(holds(file, ranges[i], (unsigned char)(i + 1)));
                fill(file, ranges[i], (unsigned char)(i + 50));
                child_expect(holds(file, ranges[i], (unsigned char)(i + 50)));
        }
        child_is(rmmap_sync_all(file), 0);
        /* Room for one more. */
        child_is(rmmap_give_back_range(file, ranges[1]), 0);
        child_is(rmmap_sync_all(file), 0);
        child_is(rmmap_allocate_at(file, rmmap_range_start(ranges[1]),
                                   rmmap_range_start(ranges[1]) + PIECE, &one),
                 0);
        fill(file, one, 9);
        child_is(rmmap_sync_all(file), 0);
        child_expect(holds(file, one, 9));
        rmmap_release(file);
        return 0;
}

START_TEST(a_full_disk)
{
        FLOOR_LACKS("holes");
        if (!can_punch())
                return;
        if (place_is(disk, PLACE_BTRFS)) {
                skip_part("btrfs copies on write: what is out needs new space, too");
                return;
        }
        ck_child(on_a_full_disk, (void *)(uintptr_t)&_i);
}
END_TEST

/* A sparse file gets its space piece by piece, as it is allocated. */
START_TEST(a_sparse_file)
{
        struct rmmap_options options = punching(RMMAP_NO_PREALLOCATE, RMMAP_ENGINE_AUTO);
        struct rmmap_range range, last;
        struct rmmap_file *file;
        uint64_t got = 0;
        int err;

        FLOOR_LACKS("holes");
        if (!can_punch())
                return;
        ck_ok(rmmap_create(on_disk("sparse"), place_free(disk) + 16 * MIB, &options, &file));
        while ((err = rmmap_allocate(file, PIECE, &range)) == 0) {
                last = range;
                got += PIECE;
        }
        ck_is(err, -ENOSPC);
        ck_assert_uint_ge(got, MIB);
        ck_assert_uint_gt(rmmap_remaining(file), 8 * MIB);
        fill(file, last, 5);
        ck_ok(rmmap_sync_all(file));
        ck_ok(rmmap_give_back_range(file, last));
        ck_ok(rmmap_sync_all(file));
        ck_ok(rmmap_allocate(file, PIECE / 2, &range));
        rmmap_release(file);
}
END_TEST

START_TEST(flags)
{
        struct rmmap_options options = test_options(RMMAP_PUNCH_HOLES, 0);
        struct rmmap_file *file = UNTOUCHED;

        ck_is(rmmap_create(on_disk("flags"), SIZE, &options, &file), -EOPNOTSUPP);
        ck_assert(access(on_disk("flags"), F_OK) != 0);
        options = punching(RMMAP_READ_ONLY, 0);
        ck_is(rmmap_open(on_disk("flags"), &options, &file), -EINVAL);
        ck_assert_ptr_eq(file, UNTOUCHED);
}
END_TEST

/* Opened with holes: an allocation of unknown blocks reserves them. */
START_TEST(an_older_file)
{
        struct rmmap_options options = punching(RMMAP_REWRITE, RMMAP_ENGINE_AUTO);
        struct rmmap_range range, again;
        struct rmmap_file *file;
        uint64_t before;

        FLOOR_LACKS("holes");
        if (!can_punch())
                return;
        rmmap_release(create(WAYS - 1, "older"));
        ck_ok(rmmap_open(on_disk("older"), &options, &file));
        before = space_of(file);
        ck_ok(rmmap_allocate(file, PIECE, &range));
        if (!place_is(disk, PLACE_BTRFS))
                ck_assert_uint_ge(space_of(file), before + PIECE);
        fill(file, range, 3);
        ck_ok(rmmap_give_back_range(file, range));
        ck_assert_uint_le(space_of(file), before + 4096);
        ck_ok(rmmap_allocate(file, 2 * PIECE, &again));
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("punch");
        TCase *cases = tcase_create("punch");

        disk = place_small_disk();
        if (disk == NULL)
                test_skip_all("there is no small file system");
        tcase_set_timeout(cases, 120);
        tcase_add_checked_fixture(cases, remove_all, NULL);
        tcase_add_loop_test(cases, space_returns, 0, WAYS);
        tcase_add_loop_test(cases, a_full_disk, 0, WAYS);
        tcase_add_test(cases, a_sparse_file);
        tcase_add_test(cases, an_older_file);
        tcase_add_test(cases, flags);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
