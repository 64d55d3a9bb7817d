/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Limits of the process and of the file system: exceeding one is an error, never a signal. It
 * leaves nothing behind and keeps an older file's content. Each case runs in a child, because
 * limits stay lowered.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "place.h"

#define MIB (UINT64_C(1) << 20)

/* A macro, since glibc has an enum for the resource and others an int. */
#define lower(resource, to)                                                                        \
        do {                                                                                       \
                struct rlimit lower_limit;                                                         \
                getrlimit(resource, &lower_limit);                                                 \
                lower_limit.rlim_cur = (rlim_t)(to);                                               \
                setrlimit(resource, &lower_limit);                                                 \
        } while (0)

static bool exists(const char *path)
{
        return access(path, F_OK) == 0;
}

/* ---- RLIMIT_FSIZE: the kernel would send SIGXFSZ, which kills the process */

static int create_over_the_file_size_limit(void *arg)
{
        const char *path = test_path("large"), *older = arg;
        unsigned char byte = test_byte(99);
        struct rmmap_file *file;

        lower(RLIMIT_FSIZE, MIB);
        child_is(rmmap_create(path, MIB + 1, NULL, &file), -EFBIG);
        child_is(rmmap_create(older, 2 * MIB, NULL, &file), -EFBIG);
        child_expect(!exists(path));
        child_expect(test_file_holds(older, 99, &byte, 1));
        child_is(rmmap_create(path, MIB, NULL, &file), 0); /* at the limit is not over it */
        rmmap_release(file);
        return 0;
}

static int open_over_the_file_size_limit(void *arg)
{
        struct rmmap_options read_only = test_options(RMMAP_READ_ONLY, 0);
        const char *older = arg;
        struct rmmap_file *file;
        int fd = open(older, O_RDWR | O_CLOEXEC);
        char byte;

        lower(RLIMIT_FSIZE, 4096);
        child_is(rmmap_open(older, NULL, &file), -EFBIG);
        child_is(rmmap_open_fd(fd, NULL, &file), -EFBIG);
        child_is(rmmap_open(older, &read_only, &file), 0);
        child_is(rmmap_raw_read(file, 8191, &byte, 1, NULL), 0);
        rmmap_release(file);
        return 0;
}

static int write_over_a_lowered_limit(void *arg)
{
        struct rmmap_options options = test_options(0, RMMAP_ENGINE_PWRITE);
        static const char data[8192] = {1};
        struct rmmap_range first, second;
        struct rmmap_file *file;
        struct rmmap_receipt receipt = {{0}};

        (void)arg;
        child_is(rmmap_create(test_path("lowered"), 16384, &options, &file), 0);
        child_is(rmmap_allocate(file, 8192, &first), 0);
        child_is(rmmap_allocate(file, 8192, &second), 0);
        lower(RLIMIT_FSIZE, 8192);
        child_is(rmmap_write_range(file, first, data, 8192, NULL), 0);
        child_is(rmmap_write_range(file, second, data, 8192, &receipt), -EFBIG);
        child_is(rmmap_write_range_durable(file, second, data, 8192, &receipt), -EFBIG);
        child_expect(rmmap_receipt_length(receipt) == 0);
        child_is(rmmap_sync_all(file), 0); /* nothing was latched */
        rmmap_release(file);
        return 0;
}

START_TEST(the_file_size_limit)
{
        char *older = (char *)(uintptr_t)test_file("fsize-older", 8192);

        ck_child(create_over_the_file_size_limit, older);
        ck_child(open_over_the_file_size_limit, (char *)(uintptr_t)test_file("fsize", 8192));
        ck_child(write_over_a_lowered_limit, NULL);
}
END_TEST

/* ---- RLIMIT_NOFILE: each descriptor in turn is unavailable */

static int create_with_few_descriptors(void *arg)
{
        const char *path = test_path("few"), *older = arg;
        int lowest = dup(0); /* the first free number */
        unsigned char byte = test_byte(7);
        struct rmmap_file *file;
        size_t mappings;

        close(lowest);
        child_is(rmmap_create(test_path("warm-up"), 1, NULL, &file), 0);
        rmmap_release(file);
        mappings = test_count_mappings();
        lower(RLIMIT_NOFILE, (uint64_t)lowest);
        child_is(rmmap_create(path, MIB, NULL, &file), -EMFILE);
        child_is(rmmap_create(older, MIB, NULL, &file), -EMFILE);
        child_is(rmmap_open(older, NULL, &file), -EMFILE);
        lower(RLIMIT_NOFILE, 1024);
        child_expect(!exists(path));
        child_expect(test_file_holds(older, 7, &byte, 1));
        child_expect(test_sanitized() || test_count_mappings() == mappings);
        return 0;
}

/* With a file but no directory it works, and rmmap_describe reports it. */
static int create_with_one_descriptor(void *arg)
{
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_file *file;
        int lowest = dup(0);

        (void)arg;
        close(lowest);
        lower(RLIMIT_NOFILE, (uint64_t)lowest + 1);
        child_is(rmmap_create(test_path("one"), 4096, NULL, &file), 0);
        child_is(rmmap_describe(file, &info), 0);
        child_expect(info.facts & RMMAP_FACT_ENTRY_UNSYNCED);
        child_is(rmmap_sync_all(file), 0);
        rmmap_release(file);
        return 0;
}

/* The caller's descriptor is valid but can't be opened again: the library must not share it. */
static int open_fd_with_no_descriptor(void *arg)
{
        int fd = open(arg, O_RDWR | O_CLOEXEC);
        struct rmmap_file *file;

        child_expect(fd >= 0);
        lower(RLIMIT_NOFILE, (uint64_t)fd + 1);
        child_is(rmmap_open_fd(fd, NULL, &file), -EMFILE);
        return 0;
}

START_TEST(the_descriptor_limit)
{
        char *older = (char *)(uintptr_t)test_file("nofile-older", 8192);

        if (test_under_valgrind()) {
                skip_part("RLIMIT_NOFILE: valgrind opens the file before it says EMFILE");
                return;
        }
        ck_child(create_with_few_descriptors, older);
        ck_child(create_with_one_descriptor, NULL);
        ck_child(open_fd_with_no_descriptor, older);
}
END_TEST

/* ---- RLIMIT_AS: address space is reserved first, so an older file is untouched */

static uint64_t address_space_in_use(void)
{
        FILE *statistics = fopen("/proc/self/statm", "re");
        unsigned long long pages = 0;

        if (statistics != NULL && fscanf(statistics, "%llu", &pages) != 1)
                pages = 0;
        if (statistics != NULL)
                fclose(statistics);
        return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static int create_without_address_space(void *arg)
{
        const char *path = test_path("spacious"), *older = arg;
        unsigned char byte = test_byte(8191);
        struct rmmap_file *file;
        size_t descriptors = test_count_descriptors();

        lower(RLIMIT_AS, address_space_in_use() + 8 * MIB);
        child_is(rmmap_create(path, 64 * MIB, NULL, &file), -ENOMEM);
        child_is(rmmap_create(older, 64 * MIB, NULL, &file), -ENOMEM);
        child_expect(!exists(path));
        child_expect(test_file_holds(older, 8191, &byte, 1));
        child_expect(test_count_descriptors() == descriptors);
        child_is(rmmap_create(path, 4096, NULL, &file), 0);
        rmmap_release(file);
        return 0;
}

START_TEST(the_address_space_limit)
{
        if (test_sanitized() || test_under_valgrind()) {
                skip_part("RLIMIT_AS: a sanitizer or valgrind takes most addresses for itself");
                return;
        }
        ck_child(create_without_address_space, (char *)(uintptr_t)test_file("as-older", 8192));
}
END_TEST

/* ---- missing permissions */

static int become_nobody(void)
{
        if (getuid() != 0)
                return 0; /* no root either, as far as these tests need it */
        return setgid(65534) != 0 || setuid(65534) != 0 ? -1 : 0;
}

static int try_as_nobody(void *arg)
{
        struct rmmap_options read_only = test_options(RMMAP_READ_ONLY, 0);
        struct rmmap_file *file;

        (void)arg;
        child_is(chdir(test_directory()), 0);
        child_is(become_nobody(), 0);
        child_is(rmmap_open("unreadable", NULL, &file), -EACCES);
        child_is(rmmap_open("unreadable", &read_only, &file), -EACCES);
        child_is(rmmap_create("unreadable", 1, NULL, &file), -EACCES);
        child_is(rmmap_open("readable", NULL, &file), -EACCES);
        child_is(rmmap_create("readable", 1, NULL, &file), -EACCES);
        child_is(rmmap_create("closed/new", 1, NULL, &file), -EACCES);
        child_is(rmmap_open("readable", &read_only, &file), 0);
        child_is(rmmap_raw_write(file, 0, "x", 1), -EROFS);
        rmmap_release(file);
        return 0;
}

START_TEST(files_of_others)
{
        unsigned char byte = test_byte(0);

        ck_assert_int_eq(chmod(test_directory(), 0755), 0);
        ck_assert_int_eq(chmod(test_file("unreadable", 10), 0), 0);
        ck_assert_int_eq(chmod(test_file("readable", 10), 0444), 0);
        ck_assert_int_eq(mkdir(test_path("closed"), 0500), 0);
        ck_child(try_as_nobody, NULL);
        ck_assert(test_file_holds(test_path("readable"), 0, &byte, 1));
        ck_assert_int_eq(chmod(test_path("unreadable"), 0600), 0);
}
END_TEST

static int try_read_only_mount(void *arg)
{
        struct rmmap_options read_only = test_options(RMMAP_READ_ONLY, 0);
        const char *mount_point, *path = test_path("read-only-mount/file");
        struct rmmap_file *file;

        (void)arg;
        if (!place_private() || (mount_point = place_tmpfs("read-only-mount", "size=1m")) == NULL)
                return CHILD_SKIPPED;
        child_is(rmmap_create(path, 5000, NULL, &file), 0);
        rmmap_release(file);
        if (!place_remount(mount_point, MS_RDONLY))
                return CHILD_SKIPPED;
        child_is(rmmap_create(path, 1, NULL, &file), -EROFS);
        child_is(rmmap_create(test_path("read-only-mount/new"), 1, NULL, &file), -EROFS);
        child_is(rmmap_open(path, NULL, &file), -EROFS);
        child_is(rmmap_open(path, &read_only, &file), 0);
        child_expect(rmmap_size(file) == 5000);
        rmmap_release(file);
        return 0;
}

START_TEST(a_read_only_mount)
{
        ck_child(try_read_only_mount, NULL);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("limits");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 60);
        tcase_add_test(core, the_file_size_limit);
        tcase_add_test(core, the_descriptor_limit);
        tcase_add_test(core, the_address_space_limit);
        tcase_add_test(core, files_of_others);
        tcase_add_test(core, a_read_only_mount);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
