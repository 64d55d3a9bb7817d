/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What rmmap_describe tells of the dirty budget: the limit, the estimate of the bytes that are
 * dirty, and how RMMAP_UNCACHED is done.
 */
#include "child.h"
#include "dirty-file.h"
#include "fault/inject.h"
#include "place.h"
#include "sync-exec.h"

static struct rmmap_info told(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        return info;
}

static struct rmmap_info told_of(uint32_t flags, uint64_t limit)
{
        struct rmmap_file *file = create(flags, limit);
        struct rmmap_info info = told(file);

        rmmap_release(file);
        return info;
}

/* Is write-back waited for? Not in memory, nor on overlayfs. */
static bool waits(const struct rmmap_file *file)
{
        if (file_in_memory(file))
                skip_part("a file in memory has no dirty bytes");
        return !file_in_memory(file) && !place_has_only_advice();
}

static int told_to_child(void *file)
{
        struct rmmap_info info = told(file);

        child_expect(info.dirty_limit == 0 && info.dirty_bytes == MIB);
        child_expect(info.uncached == RMMAP_UNCACHED_OFF);
        child_expect(strstr(info.dirty_limit_reason, "child") != NULL);
        return 0;
}

START_TEST(the_limit_in_force_is_told)
{
        FLOOR_LACKS("start of write-back");
        const uint64_t unset = told_of(0, 0).dirty_limit;
        const uint64_t uncached = told_of(RMMAP_UNCACHED, LIMIT).dirty_limit;
        struct rmmap_file *file = create(0, LIMIT);
        struct rmmap_info info = told(file);

        ck_assert(unset == 0 && uncached == 0);

        if (file_in_memory(file) || !sync_can_start(file)) {
                ck_assert_uint_eq(info.dirty_limit, 0);
        } else {
                ck_assert_uint_eq(info.dirty_limit, LIMIT);
                ck_ok(rmmap_raw_write(file, 0, data, MIB));
                ck_child(told_to_child, file);
                ck_assert_uint_eq(told(file).dirty_limit, LIMIT);
        }
        rmmap_release(file);
}
END_TEST

/* As much as an eighth of what is left now, more or less. */
START_TEST(the_limit_that_the_library_chose_is_told)
{
        FLOOR_LACKS("the memory that is left");
        struct rmmap_file *file = create(0, 0);
        uint64_t limit;

        ck_ok(write_all(file, 0, SIZE, MIB));
        limit = told(file).dirty_limit;
        if (file_in_memory(file) || !sync_can_start(file)) {
                ck_assert_uint_eq(limit, 0);
        } else {
                ck_assert_uint_gt(limit, memory_room() / 16);
                ck_assert_uint_lt(limit, memory_room() / 4);
        }
        rmmap_release(file);
}
END_TEST

/* As if no memory were left, and where nobody can tell. */
START_TEST(why_there_is_no_limit_or_hardly_any_is_told)
{
        FLOOR_LACKS("start of write-back");
        static const struct {
                uint64_t room, limit;
                const char *reason;
        } cases[] = {{0, 1, "an eighth"},
                     {7, 1, "an eighth"},
                     {8 * MIB, MIB, "an eighth"},
                     {UINT64_MAX, 0, "no limit of memory is known"}};
        struct rmmap_file *file = create(0, 0);

        if (!file_in_memory(file) && sync_can_start(file)) {
                ck_assert_ptr_nonnull(strstr(told(file).dirty_limit_reason, "not chosen yet"));
                dirty_choose(file, cases[_i].room);
                ck_assert_uint_eq(told(file).dirty_limit, cases[_i].limit);
                ck_assert_ptr_nonnull(strstr(told(file).dirty_limit_reason, cases[_i].reason));
        }
        rmmap_release(file);
}
END_TEST

/* Also where the room is read early, because regions are mapped from the first write on. */
START_TEST(a_limit_is_chosen_when_a_thread_has_written_16_mib)
{
        FLOOR_LACKS("the memory that is left");
        static const uint32_t patterns[] = {RMMAP_PATTERN_UNKNOWN, RMMAP_PATTERN_DENSE};
        struct rmmap_options options = test_options(0, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file;

        options.pattern = patterns[_i];
        ck_ok(rmmap_create(test_path("file"), SIZE, &options, &file));
        /* By pwrite as well as by the mapping: each may be short of a period. */
        ck_ok(write_all(file, 0, 32 * MIB, 16384));
        if (!file_in_memory(file) && sync_can_start(file))
                ck_assert_uint_gt(told(file).dirty_limit, 0);
        rmmap_release(file);
}
END_TEST

static void dirty_is(struct rmmap_file *file, uint64_t now, uint64_t highest)
{
        struct rmmap_info info = told(file);

        ck_assert_uint_eq(info.dirty_bytes, now);
        ck_assert_uint_eq(info.dirty_highest, highest);
}

START_TEST(what_was_written_is_dirty_until_a_sync)
{
        struct rmmap_file *file = create(0, 0);

        if (file_in_memory(file)) {
                ck_ok(write_all(file, 0, SIZE, MIB));
                dirty_is(file, 0, 0);
        } else {
                dirty_is(file, 0, 0);
                ck_ok(write_all(file, 0, 3 * MIB, 4096));
                dirty_is(file, 3 * MIB, 3 * MIB);
                inject_start();
                ck_ok(rmmap_raw_sync(file, 0, MIB)); /* by msync, or of everything */
                ck_assert_uint_eq(told(file).dirty_highest, 3 * MIB);
                if (inject_count(INJECT_MSYNC) > 0)
                        dirty_is(file, 2 * MIB, 3 * MIB);
                ck_ok(rmmap_sync_all(file));
                dirty_is(file, 0, 3 * MIB);
                ck_ok(write_all(file, 0, 2 * MIB, MIB));
                dirty_is(file, 2 * MIB, 3 * MIB);
                for (int i = 0; i < 2; i++)
                        ck_ok(write_all(file, 0, SIZE, MIB));
                dirty_is(file, SIZE, SIZE); /* no more than there is */
        }
        rmmap_release(file);
}
END_TEST

/*
 * Pieces in order, or every 5th page: little of it is dirty at any time. With a limit small pieces
 * are looked at only after each 16 MiB.
 */
START_TEST(what_writers_saw_on_the_disk_is_clean)
{
        FLOOR_LACKS("start of write-back");
        static const struct {
                uint32_t flags;
                uint64_t limit, most;
                size_t piece; /* 0: every 5th page */
        } cases[] = {
                {0, LIMIT, LIMIT + 8 * MIB, MIB},  {0, LIMIT, LIMIT + 24 * MIB, 0},
                {RMMAP_UNCACHED, 0, 8 * MIB, MIB}, {RMMAP_UNCACHED, 0, 8 * MIB, 65536},
                {RMMAP_UNCACHED, 0, 12 * MIB, 0},
        };
        struct rmmap_file *file = create(cases[_i].flags, cases[_i].limit);
        const uint64_t pages = SIZE / 4096, most = cases[_i].most;

        if (cases[_i].piece != 0)
                ck_ok(write_all(file, 0, SIZE, cases[_i].piece));
        for (uint64_t i = 0; cases[_i].piece == 0 && i < pages; i++)
                ck_ok(rmmap_raw_write(file, i * 5 % pages * 4096, data, 4096));
        if (waits(file)) {
                ck_assert_uint_gt(told(file).dirty_bytes, 0);
                ck_assert_uint_le(told(file).dirty_highest, most);
                ck_assert_uint_ge(told(file).dirty_highest, most / 4);
                ck_ok(rmmap_sync_all(file));
                ck_assert_uint_eq(told(file).dirty_bytes, 0);
        }
        rmmap_release(file);
}
END_TEST

/* Nor does it make up for bytes that are written later. */
START_TEST(what_is_clean_twice_counts_once)
{
        FLOOR_LACKS("start of write-back");
        struct rmmap_file *file = create(RMMAP_UNCACHED, 0);

        if (waits(file)) {
                ck_ok(write_all(file, 0, 32 * MIB, MIB));
                ck_ok(rmmap_raw_sync(file, 0, 32 * MIB));
                ck_assert_uint_eq(told(file).dirty_bytes, 0);
                ck_ok(rmmap_raw_write(file, 32 * MIB, data, MIB));
                ck_assert_uint_eq(told(file).dirty_bytes, MIB);
        }
        rmmap_release(file);
}
END_TEST

/* A piece that a writer saw on the disk may have been written after the sync began. */
START_TEST(a_sync_of_everything_makes_nothing_dirty)
{
        struct rmmap_file *file = create(0, 0);

        if (!file_in_memory(file)) {
                uint64_t before = file_written(file);

                ck_ok(write_all(file, 0, 4 * MIB, MIB));
                dirty_estimate_cleaned(file, 3 * MIB);
                dirty_synced_all(file, before + MIB);
                ck_assert_uint_eq(told(file).dirty_bytes, MIB);
        }
        rmmap_release(file);
}
END_TEST

static struct rmmap_receipt written(struct rmmap_file *file, uint64_t length)
{
        struct rmmap_range range;
        struct rmmap_receipt receipt;

        ck_ok(rmmap_allocate_exact(file, length, &range));
        ck_ok(rmmap_write_range(file, range, data, length, &receipt));
        return receipt;
}

/*
 * What a sync writes besides, to convert unwritten space or because it lies between two ranges,
 * doesn't make up for bytes that are dirty elsewhere.
 */
START_TEST(a_sync_of_ranges_counts_what_it_was_asked_for)
{
        struct rmmap_file *file = create(0, 0);
        struct rmmap_receipt ends[2];

        if (!file_in_memory(file)) {
                ck_ok(write_all(file, 64 * MIB, 72 * MIB, MIB));
                inject_start();
                for (uint64_t i = 0; i < 40; i++) {
                        ck_ok(rmmap_raw_write(file, 32 * MIB + i * 4096, data, 4096));
                        ck_ok(rmmap_raw_sync(file, 32 * MIB + i * 4096, 4096));
                }
                if (inject_count(INJECT_MSYNC) > 0) {
                        ck_assert_uint_eq(told(file).dirty_bytes, 8 * MIB);
                        ends[0] = written(file, 4096);
                        written(file, MIB / 2);
                        ends[1] = written(file, 4096);
                        ck_ok(rmmap_sync_ranges(file, ends, 2));
                        ck_assert_uint_eq(told(file).dirty_bytes, 8 * MIB + MIB / 2);
                }
        }
        rmmap_release(file);
}
END_TEST

/* Each file in turn: one that has a handle is not created again. */
START_TEST(how_uncached_is_done_is_told)
{
        FLOOR_LACKS("start of write-back");
        const uint32_t off = told_of(0, 0).uncached;
        const uint32_t populated = told_of(RMMAP_UNCACHED | RMMAP_POPULATE, 0).uncached;
        const uint32_t sparse = told_of(RMMAP_UNCACHED | RMMAP_NO_PREALLOCATE, 0).uncached;
        struct rmmap_file *file = create(RMMAP_UNCACHED, 0);
        const uint32_t now = told(file).uncached;
        bool layered = place_is(test_directory(), PLACE_OVERLAYFS);

        ck_assert_uint_eq(off, RMMAP_UNCACHED_OFF);
        if (file_in_memory(file) || (layered && !file->config.reserved)) {
                ck_assert_uint_eq(now, RMMAP_UNCACHED_UNAVAILABLE);
        } else if (!file->config.reserved) {
                ck_assert_uint_eq(now, RMMAP_UNCACHED_KEPT);
        } else {
                ck_assert_uint_eq(now, layered ? RMMAP_UNCACHED_ADVISED : RMMAP_UNCACHED_DROPPED);
                ck_assert_uint_eq(populated, RMMAP_UNCACHED_KEPT);
                ck_assert_uint_eq(sparse,
                                  layered ? RMMAP_UNCACHED_UNAVAILABLE : RMMAP_UNCACHED_KEPT);
        }
        rmmap_release(file);
}
END_TEST

START_TEST(what_turned_out_to_be_missing_is_told)
{
        FLOOR_LACKS("start of write-back");
        struct rmmap_file *file = create(RMMAP_UNCACHED, 0);

        inject_start();
        inject_fail(INJECT_SYNC_FILE_RANGE, 1, ENOSYS, 1000);
        ck_ok(write_all(file, 0, SIZE, MIB));
        if (inject_count(INJECT_SYNC_FILE_RANGE) > 0) {
                ck_assert_uint_eq(told(file).uncached, RMMAP_UNCACHED_UNAVAILABLE);
                ck_assert_uint_eq(told(file).dirty_bytes, SIZE);
        }
        rmmap_release(file);
}
END_TEST

/* As if the machine had 1 MiB left. */
START_TEST(what_is_dropped_because_much_was_written_is_told)
{
        FLOOR_LACKS("start of write-back");
        struct rmmap_file *file = create(0, 0);

        if (file->config.reserved && waits(file)) {
                ck_ok(rmmap_raw_write(file, 0, data, MIB));
                ck_assert_uint_eq(told(file).uncached, RMMAP_UNCACHED_OFF);
                dirty_choose(file, MIB);
                ck_assert_uint_eq(told(file).uncached, RMMAP_UNCACHED_DROPPED);
                ck_assert_uint_eq(told(file).dirty_limit, MIB / 8);
                ck_ok(rmmap_sync_all(file));
                ck_assert_uint_eq(told(file).uncached, RMMAP_UNCACHED_OFF);
        }
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("dirty info");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 120);
        tcase_add_test(core, the_limit_in_force_is_told);
        tcase_add_test(core, the_limit_that_the_library_chose_is_told);
        tcase_add_loop_test(core, why_there_is_no_limit_or_hardly_any_is_told, 0, 4);
        tcase_add_loop_test(core, a_limit_is_chosen_when_a_thread_has_written_16_mib, 0, 2);
        tcase_add_test(core, what_was_written_is_dirty_until_a_sync);
        tcase_add_loop_test(core, what_writers_saw_on_the_disk_is_clean, 0, 5);
        tcase_add_test(core, what_is_clean_twice_counts_once);
        tcase_add_test(core, a_sync_of_everything_makes_nothing_dirty);
        tcase_add_test(core, a_sync_of_ranges_counts_what_it_was_asked_for);
        tcase_add_test(core, how_uncached_is_done_is_told);
        tcase_add_test(core, what_turned_out_to_be_missing_is_told);
        tcase_add_test(core, what_is_dropped_because_much_was_written_is_told);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
