/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Resident memory: a job that writes each byte once, and checks it once, keeps few pages of the
 * file mapped; one that writes again keeps all of them. By RssFile of /proc/self/status.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "fault/inject.h"
#include "os/os.h"

#define MIB ((uint64_t)1 << 20)
#define SIZE (128 * MIB)
#define PIECE ((size_t)16 << 10)
#define LARGE ((size_t)64 << 10)
#define MOST (64 * MIB)

static unsigned char data[LARGE], back[LARGE];

/* Bytes of files that are mapped; 0: the system doesn't say. */
static uint64_t resident(void)
{
        FILE *file = fopen("/proc/self/status", "re");
        uint64_t kib = 0;
        char line[256];

        while (file != NULL && fgets(line, sizeof(line), file) != NULL)
                if (strncmp(line, "RssFile:", 8) == 0)
                        kib = strtoull(line + 8, NULL, 10);
        if (file != NULL)
                fclose(file);
        return kib * 1024;
}

/*
 * With less than eight times the file's size the library keeps less of the file in memory. Twice
 * that, because other programs run meanwhile.
 */
static bool memory_is_short(void)
{
        return memory_room() < 16 * SIZE;
}

/* NULL: skipped. */
static struct rmmap_file *create(void)
{
        struct rmmap_options options = test_options(0, RMMAP_ENGINE_AUTO);
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("file"), SIZE, &options, &file));
        ck_ok(rmmap_describe(file, &info));
        memset(data, 'd', sizeof(data));
        if (info.engine != RMMAP_ENGINE_AUTO || resident() == 0 ||
            strcmp(info.file_system, "tmpfs") == 0)
                printf("SKIP: pages of the mapping can't be counted here\n");
        else if (memory_is_short())
                printf("SKIP: memory is short\n");
        else
                return file;
        rmmap_release(file);
        return NULL;
}

/* So many bytes are resident, unless other programs have taken the memory since. */
static void check_resident(uint64_t least, uint64_t most)
{
        uint64_t found = resident();

        if ((found < least || found > most) && memory_is_short()) {
                printf("SKIP: memory is short\n");
                return;
        }
        ck_assert_uint_ge(found, least);
        ck_assert_uint_le(found, most);
}

/* Writes all of it in pieces; every step-th piece, then those after them. */
static void write_all(struct rmmap_file *file, uint64_t step)
{
        for (uint64_t first = 0; first < step; first++)
                for (uint64_t at = first * PIECE; at < SIZE; at += step * PIECE)
                        ck_ok(rmmap_raw_write(file, at, data, PIECE));
}

static void read_all(struct rmmap_file *file)
{
        for (uint64_t at = 0; at < SIZE; at += PIECE) {
                ck_ok(rmmap_raw_read(file, at, back, PIECE, NULL));
                ck_assert_mem_eq(back, data, PIECE);
        }
}

/* In order, and so that a thread is in each region four times; then with a sync in between. */
START_TEST(written_once_and_checked_once)
{
        FLOOR_LACKS("dropping of page table entries");
        static const uint64_t steps[] = {1, 32, 1};
        struct rmmap_file *file = create();
        uint64_t before = resident();

        if (file == NULL)
                return;
        write_all(file, steps[_i]);
        check_resident(0, before + MOST);
        if (_i == 2)
                ck_ok(rmmap_sync_all(file));
        read_all(file);
        check_resident(0, before + MOST);
        ck_ok(rmmap_sync_all(file));
        check_resident(0, before + MOST);
        rmmap_release(file);
}
END_TEST

/* What was written before a sync doesn't count. */
START_TEST(written_again_stays_mapped)
{
        FLOOR_LACKS("dropping of page table entries");
        struct rmmap_file *file = create();
        uint64_t before = resident();

        if (file == NULL)
                return;
        write_all(file, 1);
        ck_ok(rmmap_sync_all(file));
        for (int pass = 0; pass < 2; pass++)
                write_all(file, 1);
        check_resident(before + SIZE / 4 * 3, UINT64_MAX);
        read_all(file);
        rmmap_release(file);
}
END_TEST

/* Pieces of large and small sizes in turn; or small ones, and large ones after them. */
START_TEST(large_writes_once_leave_regions)
{
        FLOOR_LACKS("dropping of page table entries");
        struct rmmap_file *file = create();
        uint64_t before = resident();

        if (file == NULL)
                return;
        for (uint64_t at = 0; _i == 0 && at < SIZE; at += LARGE) {
                ck_ok(rmmap_raw_write(file, at, data, LARGE - PIECE));
                ck_ok(rmmap_raw_write(file, at + LARGE - PIECE, data, PIECE));
        }
        for (uint64_t at = 0; _i == 1 && at < MIB; at += 4096)
                ck_ok(rmmap_raw_write(file, at, data, 4096));
        for (uint64_t at = MIB; _i == 1 && at < SIZE; at += LARGE)
                ck_ok(rmmap_raw_write(file, at, data, LARGE));
        check_resident(0, before + MOST);
        rmmap_release(file);
}
END_TEST

/* They would populate each region anew in each pass. */
START_TEST(large_writes_keep_all_mapped)
{
        FLOOR_LACKS("dropping of page table entries");
        struct rmmap_file *file = create();
        uint64_t before = resident();

        if (file == NULL)
                return;
        for (int pass = 0; pass < 2; pass++)
                for (uint64_t at = 0; at < SIZE; at += LARGE)
                        ck_ok(rmmap_raw_write(file, at, data, LARGE));
        check_resident(before + SIZE / 4 * 3, UINT64_MAX);
        rmmap_release(file);
}
END_TEST

/* Pages that the program locked can't be dropped: from then on no region is left. */
START_TEST(locked_pages_stay)
{
        FLOOR_LACKS("dropping of page table entries");
        struct rmmap_file *file = create();
        uint64_t before = resident();
        void *base;

        if (file == NULL)
                return;
        ck_ok(rmmap_raw_data(file, &base));
        if (test_sanitized()) {
                printf("SKIP: sanitizers ignore mlock\n");
        } else if (mlock(base, 2 * MIB) != 0) {
                printf("SKIP: memory can't be locked: %s\n", strerror(errno));
        } else {
                write_all(file, 1);
                check_resident(before + SIZE / 4 * 3, UINT64_MAX);
        }
        rmmap_release(file);
}
END_TEST

/* A sync unmaps all regions, and a job that writes on keeps as few as before. */
START_TEST(written_once_between_syncs)
{
        FLOOR_LACKS("dropping of page table entries");
        struct rmmap_file *file = create();
        uint64_t before = resident();

        if (file == NULL)
                return;
        for (int pass = 0; pass < 3; pass++) {
                write_all(file, 1);
                check_resident(0, before + MOST);
                ck_ok(rmmap_sync_all(file));
                check_resident(0, before + 8 * MIB);
        }
        rmmap_release(file);
}
END_TEST

/* Reading again is by the mapping: no call each time. */
START_TEST(read_again_is_mapped)
{
        FLOOR_LACKS("dropping of page table entries");
        struct rmmap_file *file = create();
        uint64_t before = resident();

        if (file == NULL)
                return;
        write_all(file, 1);
        for (int pass = 0; pass < 3; pass++)
                read_all(file);
        check_resident(before + SIZE / 2, UINT64_MAX);
        rmmap_release(file);
}
END_TEST

/* Pages of the file in memory, mapped or not. */
static size_t cached(struct rmmap_file *file)
{
        const size_t page = (size_t)sysconf(_SC_PAGESIZE), pages = SIZE / page;
        unsigned char *in_memory = malloc(pages);
        const void *base;
        size_t sum = 0;

        ck_assert_ptr_nonnull(in_memory);
        ck_ok(rmmap_raw_view(file, &base));
        ck_assert_int_eq(mincore((void *)(uintptr_t)base, SIZE, in_memory), 0);
        for (size_t i = 0; i < pages; i++)
                sum += in_memory[i] & 1;
        free(in_memory);
        return sum;
}

/* NULL: skipped. The file as it is, opened for reading. */
static struct rmmap_file *reopen(struct rmmap_file *file, uint32_t flags)
{
        struct rmmap_options options = test_options(RMMAP_READ_ONLY | flags, RMMAP_ENGINE_AUTO);
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_file *opened;

        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
        ck_ok(rmmap_open(test_path("file"), &options, &opened));
        ck_ok(rmmap_describe(opened, &info));
        if (info.engine != RMMAP_ENGINE_PWRITE && strcmp(info.file_system, "overlayfs") != 0)
                return opened;
        printf("SKIP: one way of reading only\n");
        return rmmap_release(opened);
}

/* Small reads far apart read nothing else from the disk, until they find what they read. */
START_TEST(reads_far_apart_read_little)
{
        FLOOR_LACKS("mincore");
        struct rmmap_file *file = create();

        if (file == NULL)
                return;
        write_all(file, 1);
        file = reopen(file, 0);
        if (file == NULL)
                return;
        if (posix_fadvise(rmmap_fd(file), 0, 0, POSIX_FADV_DONTNEED) != 0 || cached(file) != 0) {
                printf("SKIP: the page cache keeps the file\n");
                rmmap_release(file);
                return;
        }
        for (uint64_t at = MIB; at < SIZE; at += 4 * MIB)
                ck_ok(rmmap_raw_read(file, at, back, 4096, NULL));
        ck_assert_uint_le(cached(file), 2 * (SIZE / (4 * MIB)));
        rmmap_release(file);
}
END_TEST

/* Whether pages are in memory is asked a few times; with RMMAP_POPULATE never. */
START_TEST(small_reads_ask_little)
{
        FLOOR_LACKS("mincore");
        struct rmmap_file *file = create();

        if (file == NULL)
                return;
        write_all(file, 1);
        file = reopen(file, _i == 1 ? RMMAP_POPULATE : 0);
        if (file == NULL)
                return;
        inject_start();
        for (int i = 0; i < 100; i++)
                ck_ok(rmmap_raw_read(file, 4096, back, 64, NULL));
        ck_assert_int_le(inject_count(INJECT_MINCORE), _i == 1 ? 0 : 4);
        ck_assert_int_eq(inject_count(INJECT_PREAD), 0);
        /* What was found out by small reads isn't taken for a large read. */
        ck_ok(rmmap_raw_read(file, 0, back, LARGE, NULL));
        ck_assert_int_eq(inject_count(INJECT_PREAD), _i == 1 ? 0 : 1);
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("resident-memory");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 300);
        tcase_add_loop_test(core, written_once_and_checked_once, 0, 3);
        tcase_add_test(core, written_again_stays_mapped);
        tcase_add_loop_test(core, large_writes_once_leave_regions, 0, 2);
        tcase_add_test(core, large_writes_keep_all_mapped);
        tcase_add_test(core, locked_pages_stay);
        tcase_add_test(core, written_once_between_syncs);
        tcase_add_test(core, read_again_is_mapped);
        tcase_add_test(core, reads_far_apart_read_little);
        tcase_add_loop_test(core, small_reads_ask_little, 0, 2);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
