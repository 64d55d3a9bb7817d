/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* rmmap_create with all kinds of names, sizes, modes and flags, and what a failure leaves. */
#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "child.h"

/* Windows has other names, and an error less. */
#ifndef ODD_NAME
#define ODD_NAME "a b\nc"
#define BELOW_A_FILE ENOTDIR
#endif

/* Create must fail with this error, leave *file unchanged and leak nothing. */
static void fails(const char *path, uint64_t size, uint32_t flags, int want)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = UNTOUCHED;
        size_t descriptors = test_count_descriptors(), mappings = test_count_mappings();

        options.flags = flags;
        ck_is(rmmap_create(path, size, &options, &file), want);
        ck_assert_ptr_eq(file, UNTOUCHED);
        ck_assert_uint_eq(test_count_descriptors(), descriptors);
        if (!test_sanitized() && !test_under_valgrind()) /* their own mappings vary */
                ck_assert_uint_eq(test_count_mappings(), mappings);
}

static bool exists(const char *path)
{
        return access(path, F_OK) == 0;
}

static uint64_t size_of(const char *path)
{
        struct stat status;

        ck_assert_int_eq(stat(path, &status), 0);
        return (uint64_t)status.st_size;
}

static mode_t mode_of(const char *path)
{
        struct stat status;

        ck_assert_int_eq(stat(path, &status), 0);
        return status.st_mode & 07777;
}

/* One handle is made and released first, so that everything allocated once per process exists. */
static void warm_up(void)
{
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("warm-up"), 1, NULL, &file));
        rmmap_release(file);
}

START_TEST(a_new_file_has_its_size_and_reads_as_zeros)
{
        static const uint64_t sizes[] = {1, 4095, 4096, 4097, 12345, 1 << 20, 5000001};
        static const char zeros[5000001];
        const char *path = test_path("new");
        struct rmmap_file *file;

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                ck_ok(rmmap_create(path, sizes[i], NULL, &file));
                ck_assert_uint_eq(rmmap_size(file), sizes[i]);
                ck_assert_uint_eq(rmmap_remaining(file), sizes[i]);
                ck_assert_uint_eq(rmmap_allocated(file), 0);
                ck_assert_uint_eq(size_of(path), sizes[i]);
                ck_assert(test_file_holds(path, 0, zeros, (size_t)sizes[i]));
                ck_assert_ptr_null(rmmap_release(file));
        }
}
END_TEST

START_TEST(an_older_file_is_taken_over_and_emptied)
{
        static const char zeros[30000];
        const char *path = test_file("older", 20000);
        struct rmmap_file *file;
        mode_t mode;

        ck_assert_int_eq(chmod(path, 0640), 0);
        mode = mode_of(path);
        ck_ok(rmmap_create(path, sizeof(zeros), NULL, &file));
        ck_assert_uint_eq(size_of(path), sizeof(zeros));
        ck_assert(test_file_holds(path, 0, zeros, sizeof(zeros)));
        ck_assert_uint_eq(mode_of(path), mode); /* its owner set it */
        rmmap_release(file);

        ck_ok(rmmap_create(path, 100, NULL, &file));
        ck_assert_uint_eq(size_of(path), 100);
        rmmap_release(file);
}
END_TEST

START_TEST(must_create_spares_what_exists)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        const char *path = test_file("mine", 5000), *fresh = test_path("fresh");
        unsigned char byte = test_byte(4999);
        struct rmmap_file *file;

        fails(path, 4096, RMMAP_MUST_CREATE, -EEXIST);
        ck_assert_uint_eq(size_of(path), 5000);
        ck_assert(test_file_holds(path, 4999, &byte, 1));
        fails(test_directory(), 4096, RMMAP_MUST_CREATE, -EEXIST);

        options.flags = RMMAP_MUST_CREATE;
        ck_ok(rmmap_create(fresh, 4096, &options, &file));
        rmmap_release(file);
}
END_TEST

START_TEST(the_mode_is_under_the_umask)
{
        static const struct {
                uint32_t asked;
                mode_t mask, want;
        } cases
                [] =
                        {
                                {0, 022, 0644},    {0, 0, 0666},      {0, 077, 0600},
                                {0600, 022, 0600}, {0666, 027, 0640}, {0777, 0, 0777},
                                {0400, 0, 0400}, /* writable by this handle all the same */
                        };

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct rmmap_options options = RMMAP_OPTIONS_INIT;
                const char *path = test_path("modes");
                struct rmmap_file *file;
                mode_t before = umask(cases[i].mask);

                options.mode = cases[i].asked;
                ck_ok(rmmap_create(path, 4096, &options, &file));
                umask(before);
                ck_ok(rmmap_raw_write(file, 0, "x", 1));
                ck_assert_uint_eq(mode_of(path), cases[i].want);
                rmmap_release(file);
                ck_assert_int_eq(unlink(path), 0);
        }
}
END_TEST

START_TEST(what_cannot_be_makes_nothing)
{
        const char *path = test_path("size"), *older = test_file("size-older", 10);
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = UNTOUCHED;

        options.pattern = RMMAP_PATTERN_RANDOM + 1;
        ck_is(rmmap_create(path, 1, &options, &file), -EOPNOTSUPP);
        options.pattern = 0;
        options.mode = 010000;
        ck_is(rmmap_create(path, 1, &options, &file), -EINVAL);
        ck_assert_ptr_eq(file, UNTOUCHED);
        fails(path, 1, RMMAP_READ_ONLY, -EINVAL);
        fails(path, 1, RMMAP_REWRITE, -EINVAL);
        fails(path, 0, 0, -EINVAL);
        fails(path, UINT64_C(1) << 47, 0, -EFBIG);
        fails(path, UINT64_MAX - 4095, RMMAP_NO_PREALLOCATE, -EFBIG);
        ck_assert(!exists(path));
        fails(older, UINT64_MAX, 0, -EFBIG);
        fails(older, 0, 0, -EINVAL);
        ck_assert_uint_eq(size_of(older), 10);
}
END_TEST

START_TEST(relative_paths_and_odd_ones)
{
        static const char *const names[] = {"plain",  "./dotted", "sub/../up",
                                            ODD_NAME, "-",        ".hidden"};
        struct rmmap_file *file;
        char before[PATH_MAX];

        ck_assert_ptr_nonnull(getcwd(before, sizeof(before)));
        ck_assert_int_eq(chdir(test_directory()), 0);
        ck_assert_int_eq(mkdir("sub", 0700), 0);
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
                ck_ok(rmmap_create(names[i], 4096, NULL, &file));
                ck_ok(rmmap_sync_all(file)); /* finds the directory */
                rmmap_release(file);
                ck_assert_uint_eq(size_of(names[i]), 4096);
        }
        fails("", 1, 0, -ENOENT);
        fails("missing/name", 1, 0, -ENOENT);
        fails("plain/name", 1, 0, -BELOW_A_FILE);
        fails("new/", 1, 0, -EISDIR);
        ck_assert_int_eq(chdir(before), 0);
}
END_TEST

START_TEST(symbolic_links)
{
        const char *target = test_file("target", 10), *link = test_path("link");
        const char *nowhere = test_path("nowhere"), *dangling = test_path("dangling");
        const char *loop = test_path("loop");
        struct rmmap_file *file;

        ck_assert_int_eq(symlink(target, link), 0);
        ck_assert_int_eq(symlink("nowhere", dangling), 0);
        ck_assert_int_eq(symlink("loop", loop), 0);
        fails(link, 1, RMMAP_NO_FOLLOW, -ELOOP);
        fails(dangling, 1, RMMAP_NO_FOLLOW, -ELOOP);
        fails(dangling, 1, RMMAP_MUST_CREATE, -EEXIST);
        fails(loop, 1, 0, -ELOOP);
        ck_assert(!exists(nowhere));
        ck_assert_uint_eq(size_of(target), 10);

        ck_ok(rmmap_create(link, 4096, NULL, &file));
        ck_assert_uint_eq(size_of(target), 4096);
        rmmap_release(file);
        ck_ok(rmmap_create(dangling, 4096, NULL, &file));
        ck_ok(rmmap_sync_all(file));
        ck_assert_uint_eq(size_of(nowhere), 4096);
        rmmap_release(file);
}
END_TEST

/* A file behind a dangling link may be another process's: it stays, empty, and so does the link. */
START_TEST(a_failure_behind_a_link_leaves_both)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        const char *behind = test_path("behind"), *link = test_path("before");
        struct rmmap_file *file;
        struct stat status;

        ck_assert_int_eq(symlink("behind", link), 0);
        options.engine = RMMAP_ENGINE_MAP; /* refused once the file is there */
        options.flags = RMMAP_NO_PREALLOCATE;
        ck_is(rmmap_create(link, 4096, &options, &file), -EOPNOTSUPP);
        ck_is(rmmap_create(test_path("map-alone"), 4096, &options, &file), -EOPNOTSUPP);
        ck_assert(!exists(test_path("map-alone")));
        ck_assert_uint_eq(size_of(behind), 0);
        ck_assert_int_eq(lstat(link, &status), 0);
}
END_TEST

START_TEST(what_is_no_file)
{
        const char *fifo = test_path("fifo"), *link = test_path("to-fifo");
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        int end = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        char before[PATH_MAX];

        alarm(20); /* opening a FIFO could wait forever */
        fails(test_directory(), 1, 0, -EISDIR);
        ck_assert_int_eq(mkfifo(fifo, 0600), 0);
        ck_assert_int_eq(symlink("fifo", link), 0);
        fails(fifo, 1, 0, -ENODEV);
        fails(link, 1, 0, -ENODEV);
        fails("/dev/null", 1, 0, -ENODEV);
        fails("/dev/zero", 1, 0, -ENODEV);

        ck_assert_ptr_nonnull(getcwd(before, sizeof(before)));
        ck_assert_int_eq(chdir(test_directory()), 0); /* a socket's path is short */
        strcpy(address.sun_path, "socket");
        ck_assert_int_eq(bind(end, (struct sockaddr *)&address, sizeof(address)), 0);
        fails("socket", 1, 0, -ENODEV);
        ck_assert_int_eq(chdir(before), 0);
        close(end);
        alarm(0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("create");
        TCase *core = tcase_create("core");

        tcase_add_checked_fixture(core, warm_up, NULL);
        tcase_add_test(core, a_new_file_has_its_size_and_reads_as_zeros);
        tcase_add_test(core, an_older_file_is_taken_over_and_emptied);
        tcase_add_test(core, must_create_spares_what_exists);
        tcase_add_test(core, the_mode_is_under_the_umask);
        tcase_add_test(core, what_cannot_be_makes_nothing);
        tcase_add_test(core, relative_paths_and_odd_ones);
        tcase_add_test(core, symbolic_links);
        tcase_add_test(core, a_failure_behind_a_link_leaves_both);
        tcase_add_test(core, what_is_no_file);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
