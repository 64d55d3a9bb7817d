/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Little memory, too many mappings, quotas, pages of another size: a call works, or returns a clear
 * error. Each case runs in a child. Cases that need root or a special file system say so.
 */
#include <fcntl.h>
#include <linux/memfd.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "instrumented.h"
#include "place.h"
#include "setups.h"

#define MIB (UINT64_C(1) << 20)
#define PIECE ((size_t)1 << 20)
#define HUGE ((size_t)2 << 20)

static bool put_text(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);
        bool done = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

        if (fd >= 0)
                close(fd);
        return done;
}

/* ---- a group of processes with little memory, and a file several times larger */

/* The memory of a sanitizer counts too. */
#define GROUP_MEMORY "67108864" /* 64 MiB */
#define GROUP_FILE (192 * MIB)

static char group[4096];

/* Version 1, then 2, of the kernel's interface. */
static bool make_group(const char *below, const char *limit)
{
        char path[sizeof(group) + 64];

        snprintf(group, sizeof(group), "%s/rmmap-test-%d", below, (int)getpid());
        if (mkdir(group, 0755) != 0)
                return false;
        snprintf(path, sizeof(path), "%s/%s", group, limit);
        if (put_text(path, GROUP_MEMORY))
                return true;
        rmdir(group);
        return false;
}

static int write_more_than_memory(void *arg)
{
        struct rmmap_options options = test_options(0, *(uint32_t *)arg);
        unsigned char *data = setup_data(0, PIECE), *found = malloc(PIECE);
        struct rmmap_file *file;
        char path[sizeof(group) + 64];

        snprintf(path, sizeof(path), "%s/cgroup.procs", group);
        child_expect(put_text(path, "0"));
        child_is(rmmap_create(test_path("large"), GROUP_FILE, &options, &file), 0);
        for (uint64_t at = 0; at < GROUP_FILE; at += PIECE) {
                memcpy(data, &at, sizeof(at));
                child_is(rmmap_raw_write(file, at, data, PIECE), 0);
        }
        child_is(rmmap_sync_all(file), 0);
        for (uint64_t at = 0; at < GROUP_FILE; at += PIECE) {
                memcpy(data, &at, sizeof(at));
                child_is(rmmap_raw_read(file, at, found, PIECE, NULL), 0);
                child_is(memcmp(data, found, PIECE), 0);
        }
        rmmap_release(file);
        free(data);
        free(found);
        return 0;
}

/* Its last process may still be exiting. */
static bool is_gone(const void *path)
{
        return rmdir(path) == 0;
}

START_TEST(more_than_the_group_may_have)
{
        static const uint32_t engines[] = {RMMAP_ENGINE_AUTO, RMMAP_ENGINE_PWRITE};
        const char *sanitizer = getenv("RMMAP_SANITIZER");
        uint32_t engine = engines[_i];
        int ended;

        if (place_is(test_directory(), 0x01021994)) {
                skip_part("memory of a group: a tmpfs is memory");
                return;
        }
        /* It keeps several bytes for each byte that is copied, and never frees them. */
        if (sanitizer != NULL && strstr(sanitizer, "thread") != NULL) {
                skip_part("memory of a group: what the sanitizer keeps doesn't fit");
                return;
        }
        if (!make_group("/sys/fs/cgroup/memory", "memory.limit_in_bytes") &&
            !make_group("/sys/fs/cgroup", "memory.max")) {
                skip_part("memory of a group: none can be made");
                return;
        }
        ended = child_run(write_more_than_memory, &engine);
        ck_assert(test_until(is_gone, group));
        ck_assert_int_eq(ended, 0);
}
END_TEST

/* ---- the maximum number of mappings, and a few less */

static void *fill_mappings(size_t *count)
{
        size_t page = (size_t)sysconf(_SC_PAGESIZE), most = 1 << 20;
        unsigned char *all = mmap(NULL, most * page, PROT_NONE,
                                  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

        /* Every second page has different permissions, so neighbours are never merged. */
        for (*count = 1; all != MAP_FAILED && *count < most; *count += 2)
                if (mprotect(all + *count * page, page, PROT_READ) != 0)
                        break;
        /* The rest is filled singly. Shared mappings are never merged, either. */
        while (all != MAP_FAILED && *count < most &&
               mmap(NULL, page, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
                ;
        if (all != MAP_FAILED && *count < most)
                return all;
        return NULL;
}

static int with_few_mappings(void *arg)
{
        size_t page = (size_t)sysconf(_SC_PAGESIZE), filled, left;
        const char *path = arg, *older = test_file("older", 3 * HUGE);
        int worked = 0, refused = 0;
        unsigned char *all;

        setup_data(0, 1); /* malloc maps now what it needs later */
        test_first_open();
        all = fill_mappings(&filled);
        if (all == NULL) {
                skip_part("mappings: there may be more than a test can make");
                return CHILD_SKIPPED;
        }
        left = filled;
        for (int spare = 0; spare < 10; spare++) {
                struct rmmap_options options = test_options(RMMAP_CATCH_FAULTS, 0);
                size_t descriptors = test_count_descriptors(), mappings = test_count_mappings();
                struct rmmap_file *file = UNTOUCHED;
                int err = spare % 2 == 0 ? rmmap_create(path, 3 * HUGE, &options, &file)
                                         : rmmap_open(older, &options, &file);

                child_expect(err == 0 || err == -ENOMEM);
                if (err == 0) {
                        child_is(rmmap_raw_fill(file, 1), 0);
                        child_is(rmmap_sync_all(file), 0);
                        rmmap_release(file);
                } else {
                        child_expect(file == UNTOUCHED);
                        child_expect(spare % 2 != 0 || access(path, F_OK) != 0);
                }
                worked += err == 0;
                refused += err != 0;
                child_expect(test_count_descriptors() == descriptors);
                child_expect(test_is_instrumented() || test_count_mappings() == mappings);
                unlink(path);
                left -= 2; /* this gives two back */
                mprotect(all + left * page, page, PROT_NONE);
        }
        child_expect(worked > 0 && refused > 0);
        return 0;
}

START_TEST(no_more_mappings)
{
        if (test_is_instrumented() || sizeof(void *) < 8) {
                skip_part("mappings: the process needs them itself");
                return;
        }
        ck_child(with_few_mappings, (char *)(uintptr_t)test_path("few-mappings"));
}
END_TEST

/* ---- a quota smaller than the file: TEST_QUOTA, of about 16 MiB */

static int over_quota(void *arg)
{
        const uint32_t *flags = arg;
        struct rmmap_options options = test_options(*flags, RMMAP_ENGINE_AUTO);
        unsigned char *data = setup_data(0, PIECE);
        struct rmmap_file *file;
        char path[4096];
        uint64_t at = 0;
        int err;

        snprintf(path, sizeof(path), "%s/file", getenv("TEST_QUOTA"));
        child_is(rmmap_create(path, 64 * MIB, NULL, &file), -EDQUOT);
        child_expect(access(path, F_OK) != 0);
        child_is(rmmap_create(path, 64 * MIB, &options, &file), 0);
        do {
                err = rmmap_raw_write(file, at, data, PIECE);
                at += PIECE;
        } while (err == 0 && at < 64 * MIB);
        child_is(err, -EDQUOT);
        child_expect(at > 2 * MIB);
        err = rmmap_sync_all(file);
        child_expect(err == 0 || err == -EDQUOT);
        rmmap_release(file);
        child_expect(test_file_holds(path, 0, data, PIECE));
        unlink(path);
        free(data);
        return 0;
}

START_TEST(over_the_quota)
{
        uint32_t sparse = RMMAP_NO_PREALLOCATE;

        if (getenv("TEST_QUOTA") == NULL) {
                skip_part("quota: TEST_QUOTA names no place with one");
                return;
        }
        ck_child(over_quota, &sparse);
}
END_TEST

/* ---- a disk with bad sectors: only the first MiB of TEST_BAD_FILE is readable */

static int touch_last(void *arg)
{
        struct rmmap_file *file = arg;
        const void *view;

        if (rmmap_raw_view(file, &view) != 0)
                return -1;
        return ((const volatile unsigned char *)view)[rmmap_size(file) - 1];
}

static int read_bad_file(struct rmmap_file *file)
{
        uint64_t last = rmmap_size(file) - 1;
        struct rmmap_range range;
        unsigned char bytes[100];

        child_is(rmmap_claim_range(file, rmmap_align_down(last), last + 1, &range), 0);
        for (int i = 0; i < 100; i++) {
                child_is(rmmap_raw_read(file, last, bytes, 1, NULL), -EIO);
                child_is(rmmap_read_within(file, range, 0, bytes, 1), -EIO);
                child_is(rmmap_raw_read(file, 0, bytes, sizeof(bytes), NULL), 0);
        }
        return 0;
}

static int read_by_faults(void *arg)
{
        struct rmmap_options options = test_options(RMMAP_READ_ONLY | RMMAP_CATCH_FAULTS, 0);
        struct rmmap_file *file;
        int result = 7;

        (void)arg;
        options.allocate_from = UINT64_MAX;
        child_is(rmmap_open(getenv("TEST_BAD_FILE"), &options, &file), 0);
        child_is(read_bad_file(file), 0);
        child_is(rmmap_guard_call(file, touch_last, file, &result), -EIO);
        child_is(result, 7);
        rmmap_release(file);
        return 0;
}

static int read_by_calls(void *arg)
{
        struct rmmap_options options = test_options(RMMAP_READ_ONLY, RMMAP_ENGINE_PWRITE);
        struct rmmap_file *file = UNTOUCHED;

        (void)arg;
        options.allocate_from = UINT64_MAX;
        child_is(rmmap_open(getenv("TEST_BAD_FILE"), &options, &file), 0);
        child_is(read_bad_file(file), 0);
        rmmap_release(file);
        options = test_options(RMMAP_READ_ONLY | RMMAP_POPULATE, 0);
        file = UNTOUCHED;
        child_is(rmmap_open(getenv("TEST_BAD_FILE"), &options, &file), -EIO);
        child_expect(file == UNTOUCHED);
        return 0;
}

START_TEST(a_page_that_cannot_be_read)
{
        if (getenv("TEST_BAD_FILE") == NULL) {
                skip_part("a bad disk: TEST_BAD_FILE names no file on one");
                return;
        }
        ck_child(read_by_faults, NULL);
        ck_child(read_by_calls, NULL);
}
END_TEST

/* ---- memfds and files of huge pages */

static int use_huge_file(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        unsigned char *data = setup_data(0, HUGE), found;

        child_is(rmmap_describe(file, &info), 0);
        child_is(strcmp(info.file_system, "hugetlbfs"), 0);
        child_expect((info.facts & RMMAP_FACT_RESERVED) && info.engine == RMMAP_ENGINE_MAP);
        child_is(rmmap_allocate(file, HUGE, &range), 0);
        child_is(rmmap_write_range(file, range, data, HUGE, &receipt), 0);
        child_is(rmmap_sync_range(file, receipt), 0);
        child_is(rmmap_flush(file), 0);
        child_is(rmmap_raw_write(file, 2 * HUGE - 1, "x", 1), 0);
        child_is(rmmap_raw_read(file, HUGE - 1, &found, 1, NULL), 0);
        child_is(found, data[HUGE - 1]);
        child_is(rmmap_sync_all(file), 0);
        free(data);
        return 0;
}

static int huge_memfd(void *arg)
{
        struct rmmap_options by_calls = test_options(0, RMMAP_ENGINE_PWRITE);
        int fd = memfd_create("huge", MFD_CLOEXEC | MFD_HUGETLB);
        struct rmmap_file *file = UNTOUCHED;

        (void)arg;
        child_expect(fd >= 0);
        child_is(rmmap_open_fd(fd, NULL, &file), -ENODATA);
        child_is(ftruncate(fd, (off_t)(2 * HUGE)), 0);
        child_is(rmmap_open_fd(fd, &by_calls, &file), -EOPNOTSUPP);
        child_expect(file == UNTOUCHED);
        child_is(rmmap_open_fd(fd, NULL, &file), 0);
        child_is(use_huge_file(file), 0);
        rmmap_release(file);
        close(fd);
        return 0;
}

static int on_hugetlbfs(void *arg)
{
        const char *place = test_path("hugetlbfs"), *path = test_path("hugetlbfs/file");
        struct rmmap_options rewrite = test_options(RMMAP_REWRITE, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file = UNTOUCHED;

        (void)arg;
        if (!place_private())
                return CHILD_SKIPPED;
        child_is(mkdir(place, 0755), 0);
        child_is(mount("none", place, "hugetlbfs", 0, "pagesize=2M"), 0);
        child_is(rmmap_create(path, HUGE + 4096, NULL, &file), -EINVAL); /* no whole pages */
        child_expect(access(path, F_OK) != 0 && file == UNTOUCHED);
        child_is(rmmap_create(path, 256 * HUGE, NULL, &file), -ENOSPC);
        child_expect(access(path, F_OK) != 0 && file == UNTOUCHED);
        child_is(rmmap_create(path, 2 * HUGE, NULL, &file), 0);
        child_is(use_huge_file(file), 0);
        rmmap_release(file);
        child_is(rmmap_open(path, &rewrite, &file), 0);
        child_is(use_huge_file(file), 0);
        rmmap_release(file);
        return 0;
}

#define HUGE_COUNT "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages"

/* Reserves some for this test; returns how many there were, or -1. */
static int ask_for_huge_pages(void)
{
        FILE *count = fopen(HUGE_COUNT, "re");
        int before = -1, now = -1;
        char text[32];

        if (count == NULL || fscanf(count, "%d", &before) != 1)
                before = -1;
        if (count == NULL || before < 0 || fclose(count) != 0)
                return -1;
        snprintf(text, sizeof(text), "%d", before + 4);
        if (!put_text(HUGE_COUNT, text) || (count = fopen(HUGE_COUNT, "re")) == NULL)
                return -1;
        if (fscanf(count, "%d", &now) != 1)
                now = -1;
        fclose(count);
        return now == before + 4 ? before : -1;
}

START_TEST(huge_pages)
{
        FLOOR_LACKS("names of file systems");
        int before = ask_for_huge_pages(), by_memfd, by_name;
        char text[32];

        if (before < 0) {
                skip_part("huge pages: none can be had");
                return;
        }
        by_memfd = child_run(huge_memfd, NULL);
        by_name = child_run(on_hugetlbfs, NULL);
        snprintf(text, sizeof(text), "%d", before);
        ck_assert(put_text(HUGE_COUNT, text));
        ck_assert_int_eq(by_memfd, 0);
        ck_assert(by_name == 0 || by_name == CHILD_SKIPPED);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("resources");
        TCase *core = tcase_create("core");

        test_deepen_stack();
        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, more_than_the_group_may_have, 0, 2);
        tcase_add_test(core, no_more_mappings);
        tcase_add_test(core, over_the_quota);
        tcase_add_test(core, a_page_that_cannot_be_read);
        tcase_add_test(core, huge_pages);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
