/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The path of a write or read, as far as it is observable; the bytes are right on each. */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "file.h"

#define MIB ((size_t)1 << 20)

static uint64_t by_call(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        if (info.engine != RMMAP_ENGINE_AUTO)
                return UINT64_MAX;
        return info.pwrite_bytes;
}

/* tmpfs has no write-back, so pages never become clean. */
static bool writes_back(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        return strcmp(info.file_system, "tmpfs") != 0;
}

/* Observed by pwrite_bytes: cold regions use pwrite, mapped ones the mapping; a sync ends that. */
/* Holds A.4. */
START_TEST(each_write_takes_its_way)
{
        static unsigned char data[MIB];
        struct rmmap_file *file;
        uint64_t before;

        memset(data, 'w', sizeof(data));
        ck_ok(rmmap_create(test_path("ways"), 2 * MIB, NULL, &file));
        if (by_call(file) == UINT64_MAX) {
                rmmap_release(file);
                skip_part("space is not reserved here: there is one way only");
                return;
        }
        for (size_t i = 0; i < 2; i++)
                ck_ok(rmmap_raw_write(file, i * MIB, data, MIB));
        before = by_call(file);
        ck_assert_uint_eq(before, 2 * MIB);
        ck_ok(rmmap_raw_write(file, 5, "by the mapping", 14));
        ck_ok(rmmap_raw_write(file, MIB, data, MIB));
        ck_assert_uint_eq(by_call(file), before);
        ck_ok(rmmap_sync_all(file));
        ck_ok(rmmap_raw_write(file, MIB, data, MIB));
        ck_assert_uint_eq(by_call(file), writes_back(file) ? before + MIB : before);
        ck_assert(test_file_holds(test_path("ways"), 5, "by the mapping", 14));
        ck_assert(test_file_holds(test_path("ways"), MIB, data, MIB));
        rmmap_release(file);
}
END_TEST

/*
 * KiB of the mapping at start that have page table entries. Read from /proc, because mincore
 * reports the page cache instead.
 */
static long mapped_kib(const void *start)
{
        char line[256];
        uintptr_t wanted = (uintptr_t)start;
        bool inside = false;
        long kib = -1;
        FILE *maps = fopen("/proc/self/smaps", "r");

        while (maps != NULL && kib < 0 && fgets(line, sizeof(line), maps) != NULL) {
                uintptr_t first, after;

                if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &first, &after) == 2)
                        inside = first <= wanted && wanted < after;
                else if (inside && sscanf(line, "Rss: %ld", &kib) == 1)
                        break;
        }
        if (maps != NULL)
                fclose(maps);
        return kib;
}

/* An emulator may accept the advice and do nothing. */
static bool madvise_drops_entries(int fd)
{
        void *pages = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        bool dropped;

        ck_assert_ptr_ne(pages, MAP_FAILED);
        memset(pages, 1, MIB);
        dropped = madvise(pages, MIB, MADV_DONTNEED) == 0 && mapped_kib(pages) == 0;
        munmap(pages, MIB);
        return dropped;
}

/* Clean pages leave no entries, which would slow down later syncs of small writes. */
START_TEST(a_sync_drops_entries)
{
        static unsigned char data[RMMAP_ALIGNMENT];
        struct rmmap_file *file;
        const void *view;
        long before;

        ck_ok(rmmap_create(test_path("entries"), 8 * MIB, NULL, &file));
        if (by_call(file) == UINT64_MAX || rmmap_raw_view(file, &view) != 0 ||
            !madvise_drops_entries(rmmap_fd(file))) {
                rmmap_release(file);
                skip_part("space is not reserved here, or no entries are dropped");
                return;
        }
        memset(data, 'a', sizeof(data));
        for (uint64_t at = 0; at < 8 * MIB; at += RMMAP_ALIGNMENT)
                ck_ok(rmmap_raw_write(file, at, data, RMMAP_ALIGNMENT));
        before = mapped_kib(view);
        ck_assert_int_ge(before, 4 * 1024);
        ck_ok(rmmap_sync_all(file));
        ck_assert_int_eq(mapped_kib(view), writes_back(file) ? 0 : before);
        for (uint64_t at = MIB; at < 8 * MIB; at += MIB) {
                ck_assert(test_file_holds(test_path("entries"), at, data, RMMAP_ALIGNMENT));
                ck_assert_mem_eq((const char *)view + at, data, RMMAP_ALIGNMENT);
        }
        rmmap_release(file);
}
END_TEST

static void read_all(struct rmmap_file *file, uint64_t size, size_t piece)
{
        static unsigned char buffer[MIB];

        for (uint64_t at = 0; at < size; at += piece) {
                size_t got = 0;

                ck_ok(rmmap_raw_read(file, at, buffer, piece, &got));
                ck_assert_uint_eq(got, piece);
                for (size_t i = 0; i < piece; i += RMMAP_ALIGNMENT)
                        ck_assert_uint_eq(buffer[i], (at + i) / RMMAP_ALIGNMENT % 251);
        }
}

/* Observed by page table entries, which system calls don't make. The engine MAP has no calls. */
START_TEST(large_reads_go_by_calls_once)
{
        const uint64_t size = 8 * MIB;
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_info info = RMMAP_INFO_INIT;
        static unsigned char buffer[MIB];
        unsigned char page[RMMAP_ALIGNMENT];
        struct rmmap_file *file;
        const void *view;
        int fd = open(test_path("read"), O_RDWR | O_CREAT, 0600);
        bool map_asked = _i == 1;

        ck_assert_int_ge(fd, 0);
        for (uint64_t at = 0; at < size; at += sizeof(page)) {
                memset(page, (int)(at / sizeof(page) % 251), sizeof(page));
                ck_assert_int_eq(write(fd, page, sizeof(page)), sizeof(page));
        }
        close(fd);
        options.flags = RMMAP_READ_ONLY;
        options.engine = map_asked ? RMMAP_ENGINE_MAP : RMMAP_ENGINE_AUTO;
        if (rmmap_open(test_path("read"), &options, &file) != 0) {
                skip_part("space is not reserved here: no mapping alone");
                return;
        }
        ck_ok(rmmap_describe(file, &info));
        if (info.engine == RMMAP_ENGINE_PWRITE || rmmap_raw_view(file, &view) != 0 ||
            mapped_kib(view) < 0) {
                rmmap_release(file);
                skip_part("space is not reserved here, or there is no smaps");
                return;
        }
        if (strcmp(info.file_system, "overlayfs") == 0) {
                rmmap_release(file);
                skip_part("what only reads uses the mapping alone on overlayfs");
                return;
        }
        ck_assert_int_eq(mapped_kib(view), 0);
        read_all(file, size, MIB);
        ck_assert_int_eq(mapped_kib(view), map_asked ? 8 * 1024 : 0);
        read_all(file, size, MIB);
        ck_assert_int_eq(mapped_kib(view), 8 * 1024);
        read_all(file, size, RMMAP_ALIGNMENT);
        rmmap_release(file);
        ck_ok(rmmap_open(test_path("read"), &options, &file));
        for (int i = 0; i < 3; i++) /* a short end in another region */
                ck_ok(rmmap_raw_read(file, 2 * MIB - 4096, buffer, MIB, NULL));
        ck_ok(rmmap_raw_view(file, &view));
        ck_assert_int_ge(mapped_kib(view), 1024);
        rmmap_release(file);
        ck_ok(rmmap_open(test_path("read"), &options, &file));
        read_all(file, size, RMMAP_ALIGNMENT); /* small reads never use pread */
        ck_ok(rmmap_raw_view(file, &view));
        ck_assert_int_eq(mapped_kib(view), 8 * 1024);
        rmmap_release(file);
}
END_TEST

/* 0: there is only one path, or it can't be observed here. */
static struct rmmap_file *created_for_both_ways(const char *name, uint32_t pattern)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;

        options.pattern = pattern;
        ck_ok(rmmap_create(test_path(name), 4 * MIB, &options, &file));
        if (by_call(file) != UINT64_MAX)
                return file;
        skip_part("space is not reserved here: there is one way only");
        return rmmap_release(file);
}

/* A sync writes only the page, not everything near it. */
START_TEST(a_page_written_again_and_again_prepares_nothing)
{
        struct rmmap_file *file = created_for_both_ways("hot", RMMAP_PATTERN_UNKNOWN);

        if (file == NULL)
                return;
        for (uint64_t i = 0; i < 1000; i++)
                ck_ok(rmmap_raw_write(file, MIB + 64 * (i % 64), "x", 1));
        ck_assert_uint_eq(by_call(file), 1000);
        rmmap_release(file);
}
END_TEST

/*
 * 1 MiB may be in use: nothing is populated. With DENSE 3 MiB of the file's 4: no region is at its
 * first write. The writes have less than 2 MiB, after which the library looks for itself.
 */
START_TEST(what_memory_does_not_hold_is_not_populated)
{
        static const unsigned char page[4096] = "page";
        static const uint32_t patterns[] = {RMMAP_PATTERN_UNKNOWN, RMMAP_PATTERN_DENSE};
        const uint64_t pages = _i == 0 ? 500 : 10;
        struct rmmap_file *file = created_for_both_ways("room", patterns[_i]);

        if (file == NULL || !writes_back(file)) {
                rmmap_release(file);
                return;
        }
        ck_assert(populate_room_is_due(&file->io.populate));
        populate_note_room(&file->io.populate, _i == 0 ? 2 * MIB : 6 * MIB);
        for (uint64_t i = 0; i < pages; i++)
                ck_ok(rmmap_raw_write(file, i * 5 % 1024 * 4096, page, sizeof(page)));
        ck_assert_uint_eq(by_call(file), pages * 4096);
        rmmap_release(file);
}
END_TEST

/* A log whose records are synced in groups: populated once at most, with any pattern. */
START_TEST(who_syncs_often_is_bet_on_once)
{
        static const struct {
                uint32_t pattern;
                uint64_t group;
                bool bet;
        } logs[] = {{RMMAP_PATTERN_UNKNOWN, 20, false},
                    {RMMAP_PATTERN_UNKNOWN, 60, true},
                    {RMMAP_PATTERN_SEQUENTIAL, 20, false},
                    {RMMAP_PATTERN_DENSE, 20, true}};
        static const unsigned char record[4096] = "record";
        struct rmmap_file *file = created_for_both_ways("log", logs[_i].pattern);
        uint64_t records = logs[_i].group, before = 0;

        if (file == NULL)
                return;
        for (uint64_t group = 0; group < 10; group++) {
                if (group == 1)
                        before = by_call(file);
                for (uint64_t i = 0; i < records; i++)
                        ck_ok(rmmap_raw_write(file, 4096 * (records * group + i), record,
                                              sizeof(record)));
                ck_ok(rmmap_sync_all(file));
        }
        if (logs[_i].bet)
                ck_assert_uint_lt(before, records * sizeof(record));
        else
                ck_assert_uint_eq(before, records * sizeof(record));
        /* Without write-back, regions that were populated stay mapped. */
        if (writes_back(file))
                ck_assert_uint_eq(by_call(file) - before, 9 * records * sizeof(record));
        else
                ck_assert_uint_lt(by_call(file) - before, 9 * records * sizeof(record));
        rmmap_release(file);
}
END_TEST

/*
 * At random, 16 pages show that a region will fill up; in order 51, or 49 after a jump. The size of
 * the pieces doesn't matter, except for tiny ones, whose calls soon cost more than the region.
 */
START_TEST(order_counts)
{
        static const struct {
                size_t length, apart, needed;
        } writers[] = {{4096, 4096, 49},  {4096, 3 * 4096, 16}, {100, 100, 16 * 4096 / 100},
                       {1000, 1000, 196}, {5000, 5000, 40},     {16384, 16384, 13},
                       {20000, 20000, 11}};
        static const unsigned char data[20000] = "page";
        struct rmmap_file *file = created_for_both_ways("order", RMMAP_PATTERN_UNKNOWN);
        size_t length = writers[_i].length, apart = writers[_i].apart;

        if (file == NULL)
                return;
        for (uint64_t at = 10 * 4096; at + length < MIB; at += apart)
                ck_ok(rmmap_raw_write(file, at, data, length));
        ck_assert_uint_ge(by_call(file) + 4096, writers[_i].needed * length);
        ck_assert_uint_le(by_call(file), writers[_i].needed * length + 2 * 4096);
        rmmap_release(file);
}
END_TEST

/* SCATTERED says that writes are few and far apart. */
START_TEST(scattered_writes_never_warm)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;

        options.pattern = RMMAP_PATTERN_SCATTERED;
        ck_ok(rmmap_create(test_path("scattered"), 2 * MIB, &options, &file));
        if (by_call(file) != UINT64_MAX) {
                for (uint64_t i = 0; i < 100; i++)
                        ck_ok(rmmap_raw_write(file, 4096 * i, "x", 1));
                ck_assert_uint_eq(by_call(file), 100);
        }
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("ways");
        TCase *core = tcase_create("core");

        tcase_add_loop_test(core, what_memory_does_not_hold_is_not_populated, 0, 2);
        tcase_add_test(core, each_write_takes_its_way);
        tcase_add_test(core, a_sync_drops_entries);
        tcase_add_loop_test(core, large_reads_go_by_calls_once, 0, 2);
        tcase_add_test(core, a_page_written_again_and_again_prepares_nothing);
        tcase_add_loop_test(core, who_syncs_often_is_bet_on_once, 0, 4);
        tcase_add_loop_test(core, order_counts, 0, 7);
        tcase_add_test(core, scattered_writes_never_warm);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
