/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Opening existing files: by name, and from a descriptor, when the handle gets its own file
 * description, and no additional access.
 */
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "place.h"

/* path NULL: from fd. A failure leaves nothing. */
static int try(const char *path, int fd, uint32_t flags)
{
        struct rmmap_options options = test_options(flags, 0);
        struct rmmap_file *file = UNTOUCHED;
        size_t descriptors = test_count_descriptors();
        int err = path != NULL ? rmmap_open(path, &options, &file)
                               : rmmap_open_fd(fd, &options, &file);

        if (err == 0)
                rmmap_release(file);
        else
                ck_assert_ptr_eq(file, UNTOUCHED);
        ck_assert_uint_eq(test_count_descriptors(), descriptors);
        return err;
}

static int try_open(const char *path, uint32_t flags)
{
        return try(path, -1, flags);
}

static int try_open_fd(int fd, uint32_t flags)
{
        return try(NULL, fd, flags);
}

/* For reading, also one that nobody may write. */
START_TEST(a_file_as_it_is)
{
        struct rmmap_options read_only = test_options(RMMAP_READ_ONLY, 0);
        const char *path = test_file("as-it-is", 10000);
        unsigned char bytes[10000];
        struct rmmap_range range;
        struct rmmap_file *file;
        size_t length = 0;

        ck_ok(rmmap_open(path, NULL, &file));
        ck_assert_uint_eq(rmmap_size(file), 10000);
        ck_assert_uint_eq(rmmap_remaining(file), 0); /* it has an owner already */
        ck_is(rmmap_allocate(file, 1, &range), -ENOSPC);
        ck_ok(rmmap_claim_range(file, 0, 10000, &range));
        ck_ok(rmmap_read_range(file, range, bytes, sizeof(bytes), &length));
        ck_assert_uint_eq(length, sizeof(bytes));
        for (size_t i = 0; i < sizeof(bytes); i++)
                ck_assert_uint_eq(bytes[i], test_byte(i));
        rmmap_release(file);

        ck_assert_int_eq(chmod(path, 0444), 0);
        ck_ok(rmmap_open(path, &read_only, &file));
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
        ck_assert(test_file_holds(path, 0, bytes, sizeof(bytes)));
}
END_TEST

/* Existing content is handed out only if the caller asks for it. Holds B.6. */
START_TEST(content_is_not_handed_out)
{
        static const struct {
                uint32_t flags;
                uint64_t from, left;
        } cases[] = {
                {0, 0, 0},
                {RMMAP_READ_ONLY, 0, 10000},
                {RMMAP_READ_ONLY, 1, 10000 - 4096},
                {RMMAP_REWRITE, 0, 10000},
                {RMMAP_REWRITE, 1, 10000 - 4096},
                {0, 1, 10000 - 4096},
                {0, 4096, 10000 - 4096},
                {0, 4097, 10000 - 8192},
                {0, 8191, 10000 - 8192},
                {0, 9000, 0}, /* past the last start: nothing left, no error */
                {0, UINT64_MAX, 0},
                {RMMAP_REWRITE, UINT64_MAX, 0},
        };
        const char *path = test_file("content", 10000);
        const struct rmmap_allocator_ops *allocators[] = {rmmap_concurrent_allocator(),
                                                          rmmap_sequential_allocator()};
        int fd = open(path, O_RDWR | O_CLOEXEC);

        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                struct rmmap_options options = test_options(cases[i].flags, 0);
                struct rmmap_range range;
                struct rmmap_file *file;

                options.allocate_from = cases[i].from;
                options.allocator = allocators[i % 2];
                ck_ok(_i == 0 ? rmmap_open(path, &options, &file)
                              : rmmap_open_fd(fd, &options, &file));
                ck_assert_uint_eq(rmmap_remaining(file), cases[i].left);
                ck_is(rmmap_allocate(file, 1, &range), cases[i].left > 0 ? 0 : -ENOSPC);
                if (cases[i].left == 0)
                        ck_ok(rmmap_claim_range(file, 0, 10000, &range));
                rmmap_release(file);
        }
        close(fd);
}
END_TEST

START_TEST(what_can_not_be_opened)
{
        const char *link = test_path("link"), *file = test_file("file", 10);

        alarm(20);
        ck_assert_int_eq(symlink("file", link), 0);
        ck_assert_int_eq(mkfifo(test_path("fifo"), 0600), 0);
        ck_is(try_open(test_file("empty", 0), RMMAP_READ_ONLY), -ENODATA);
        ck_is(try_open(test_path("missing"), 0), -ENOENT);
        ck_is(try_open(test_directory(), RMMAP_READ_ONLY), -EISDIR);
        ck_is(try_open(test_path("fifo"), 0), -ENODEV);
        ck_is(try_open(test_path("fifo"), RMMAP_READ_ONLY), -ENODEV);
        ck_is(try_open("/dev/null", 0), -ENODEV);
        ck_is(try_open(link, RMMAP_NO_FOLLOW), -ELOOP);
        ck_ok(try_open(link, 0));
        ck_ok(try_open(file, RMMAP_NO_FOLLOW));
        ck_is(try_open(file, RMMAP_REWRITE | RMMAP_READ_ONLY), -EINVAL);
        ck_ok(try_open(file, RMMAP_REWRITE | RMMAP_SHARED_CLAIMS));
        alarm(0);
}
END_TEST

static int try_create(const char *path)
{
        struct rmmap_file *file = UNTOUCHED;
        int err = rmmap_create(path, 1, NULL, &file);

        ck_assert_ptr_eq(file, UNTOUCHED);
        return err;
}

/* A component of the path, and a whole path, that is too long for the kernel. */
START_TEST(names_that_are_too_long)
{
        char name[257] = "", path[PATH_MAX + 600];

        memset(name, 'n', 256);
        snprintf(path, sizeof(path), "%s/%s", test_directory(), name);
        ck_is(try_open(path, 0), -ENAMETOOLONG);
        ck_is(try_open(path, RMMAP_READ_ONLY), -ENAMETOOLONG);
        ck_is(try_create(path), -ENAMETOOLONG);
}
END_TEST

START_TEST(paths_that_are_too_long)
{
        char *name = malloc(PATH_MAX + 300), *path = malloc(PATH_MAX + 600);

        for (size_t i = 0; i < PATH_MAX + 200; i += 2)
                memcpy(name + i, "./", 3);
        test_file("near", 10);
        snprintf(path, PATH_MAX + 600, "%s/%snear", test_directory(), name);
        ck_is(try_open(path, 0), -ENAMETOOLONG);
        ck_is(try_open(path, RMMAP_READ_ONLY | RMMAP_NO_FOLLOW), -ENAMETOOLONG);
        ck_is(try_create(path), -ENAMETOOLONG);
        free(name);
        free(path);
}
END_TEST

/* Holds B.4. */
START_TEST(two_handles_have_two_allocators)
{
        const char *path = test_file("two", 8192);
        struct rmmap_options options = test_options(RMMAP_REWRITE, 0);
        struct rmmap_range first, second, other;
        struct rmmap_file *one, *two;

        ck_ok(rmmap_open(path, &options, &one));
        ck_ok(rmmap_open(path, &options, &two));
        ck_ok(rmmap_allocate(one, 4096, &first));
        ck_ok(rmmap_allocate(two, 4096, &second));
        ck_assert_uint_eq(rmmap_range_start(first), rmmap_range_start(second));
        ck_assert(!rmmap_range_equal(first, second));
        ck_is(rmmap_write_within(two, first, 0, "x", 1), -EXDEV);
        ck_is(rmmap_claim_range(two, 4096, 8192, &other), -ERANGE);
        ck_ok(rmmap_write_within(one, first, 0, "seen", 4)); /* by the other too */
        ck_assert(test_file_holds(path, 0, "seen", 4));
        rmmap_release(one);
        ck_ok(rmmap_write_within(two, second, 0, "x", 1));
        rmmap_release(two);
}
END_TEST

/* A program started by exec doesn't inherit the handle's descriptors. */
START_TEST(descriptors_close_on_exec)
{
        bool before[256];
        struct rmmap_file *made, *opened, *again;

        for (int fd = 0; fd < 256; fd++)
                before[fd] = fcntl(fd, F_GETFD) >= 0;
        ck_ok(rmmap_create(test_path("exec"), 4096, NULL, &made));
        ck_ok(rmmap_open(test_path("exec"), NULL, &opened));
        ck_ok(rmmap_open_fd(rmmap_fd(made), NULL, &again));
        for (int fd = 0; fd < 256; fd++)
                if (!before[fd] && fcntl(fd, F_GETFD) >= 0)
                        ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
        ck_assert_int_eq(fcntl(rmmap_fd(made), F_GETFD), FD_CLOEXEC);
        rmmap_release(made);
        rmmap_release(opened);
        rmmap_release(again);
}
END_TEST

/* ---- from a descriptor ---- */

START_TEST(a_descriptors_access_is_not_widened)
{
        const char *path = test_file("access", 100);
        int reading = open(path, O_RDONLY | O_CLOEXEC), writing = open(path, O_WRONLY | O_CLOEXEC);
        int naming = open(path, O_PATH | O_CLOEXEC), both = open(path, O_RDWR | O_CLOEXEC);
        int directory = open(test_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);

        ck_is(try_open_fd(reading, 0), -EACCES);
        ck_is(try_open_fd(reading, RMMAP_CATCH_FAULTS), -EACCES);
        ck_ok(try_open_fd(reading, RMMAP_READ_ONLY));
        ck_is(try_open_fd(writing, 0), -EACCES);
        ck_is(try_open_fd(writing, RMMAP_READ_ONLY), -EACCES);
        ck_is(try_open_fd(naming, 0), ON_FLOOR ? -EACCES : -EBADF);
        /* musl has O_PATH among the access modes. */
        ck_is(try_open_fd(naming, RMMAP_READ_ONLY),
              ON_FLOOR && (O_ACCMODE & O_PATH) ? -EACCES : -EBADF);
        ck_ok(try_open_fd(both, 0));
        ck_ok(try_open_fd(both, RMMAP_READ_ONLY));
        ck_is(try_open_fd(both, RMMAP_NO_FOLLOW), -EINVAL);
        ck_is(try_open_fd(both, RMMAP_MUST_CREATE), -EINVAL);
        ck_is(try_open_fd(directory, RMMAP_READ_ONLY), -EISDIR);
        ck_is(try_open_fd(null, 0), -ENODEV);
        close(directory);
        close(null);
        close(reading);
        close(writing);
        close(naming);
        close(both);
        ck_is(try_open_fd(both, 0), -EBADF);
        ck_is(try_open_fd(-1, 0), -EBADF);
}
END_TEST

/* O_APPEND would move every pwrite to the end; a shared position would change for the caller. */
START_TEST(appending_and_position_stay_the_callers)
{
        FLOOR_LACKS("other description for a descriptor");
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_info info = RMMAP_INFO_INIT;
        const char *path = test_file("append", 8192);
        int fd = open(path, O_RDWR | O_APPEND | O_CLOEXEC);
        struct rmmap_file *file;
        struct stat status;
        char byte;

        ck_assert_int_eq(lseek(fd, 100, SEEK_SET), 100);
        options.engine = RMMAP_ENGINE_PWRITE;
        ck_ok(rmmap_open_fd(fd, &options, &file));
        ck_ok(rmmap_describe(file, &info));
        ck_assert_uint_eq(info.facts & RMMAP_FACT_ERRORS_SHARED, 0);
        ck_ok(rmmap_raw_write(file, 10, "ten", 3));
        ck_ok(rmmap_raw_read(file, 10, &byte, 1, NULL));
        ck_assert_int_eq(byte, 't');
        ck_assert(test_file_holds(path, 10, "ten", 3));
        ck_assert_int_eq(fstat(fd, &status), 0);
        ck_assert_int_eq(status.st_size, 8192);
        ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 100);
        ck_assert(fcntl(fd, F_GETFL) & O_APPEND);
        ck_assert_int_eq(fcntl(rmmap_fd(file), F_GETFL) & O_APPEND, 0);
        close(fd); /* the handle has its own */
        ck_ok(rmmap_raw_write(file, 20, "twenty", 6));
        rmmap_release(file);
        ck_assert(test_file_holds(path, 20, "twenty", 6));
}
END_TEST

/* Only the caller's descriptor has direct I/O: the library's writes need no alignment. */
START_TEST(direct_io_stays_the_callers)
{
        FLOOR_LACKS("other description for a descriptor");
        static const uint32_t engines[] = {RMMAP_ENGINE_AUTO, RMMAP_ENGINE_PWRITE};
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        const char *path = test_file("direct", 8192);
        int fd = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
        struct rmmap_file *file;

        options.engine = engines[_i];
        if (fd < 0) {
                skip_part("no direct I/O here");
                return;
        }
        ck_ok(rmmap_open_fd(fd, &options, &file));
        ck_ok(rmmap_raw_write(file, 1, "odd", 3));
        ck_ok(rmmap_sync_all(file));
        ck_assert(test_file_holds(path, 1, "odd", 3));
        rmmap_release(file);
        close(fd);
}
END_TEST

/* Files whose name in /proc leads nowhere must work, too. */
START_TEST(files_without_a_name)
{
        const char *path = test_file("unlinked", 8192);
        int fd = open(path, O_RDWR | O_CLOEXEC), memory = memfd_create("memory", MFD_CLOEXEC);
        struct rmmap_file *file;
        char bytes[3];

        ck_assert_int_eq(unlink(path), 0);
        ck_ok(rmmap_open_fd(fd, NULL, &file));
        ck_ok(rmmap_raw_write(file, 8000, "one", 3));
        ck_ok(rmmap_sync_all(file));
        ck_assert_int_eq(pread(fd, bytes, 3, 8000), 3);
        ck_assert_int_eq(memcmp(bytes, "one", 3), 0);
        rmmap_release(file);
        close(fd);

        ck_assert_int_ge(memory, 0);
        ck_is(try_open_fd(memory, 0), -ENODATA);
        ck_assert_int_eq(ftruncate(memory, 5000), 0);
        ck_ok(rmmap_open_fd(memory, NULL, &file));
        ck_ok(rmmap_raw_write(file, 4990, "two", 3));
        ck_assert_int_eq(pread(memory, bytes, 3, 4990), 3);
        ck_assert_int_eq(memcmp(bytes, "two", 3), 0);
        rmmap_release(file);
        close(memory);
}
END_TEST

/* Without /proc the library uses the caller's description, and rmmap_describe reports it. */
static int open_fd_without_proc(void *arg)
{
        struct rmmap_options locking = test_options(RMMAP_LOCK_FILE, 0);
        struct rmmap_info info = RMMAP_INFO_INIT;
        int fd = open(arg, O_RDWR | O_CLOEXEC);
        int appending = open(arg, O_RDWR | O_APPEND | O_CLOEXEC);
        int direct = open(arg, O_RDWR | O_DIRECT | O_CLOEXEC);
        struct rmmap_file *file;

        if (!place_private())
                return CHILD_SKIPPED;
        if (mount("none", "/proc", "tmpfs", 0, NULL) != 0) {
                skip_part("can't hide /proc");
                return CHILD_SKIPPED;
        }
        child_is(rmmap_open_fd(appending, NULL, &file), -EINVAL);
        child_is(rmmap_open_fd(direct, NULL, &file), direct < 0 ? -EBADF : -EINVAL);
        child_is(rmmap_open_fd(fd, &locking, &file), -EOPNOTSUPP);
        child_is(rmmap_open_fd(fd, NULL, &file), 0);
        child_is(rmmap_describe(file, &info), 0);
        child_expect(info.facts & RMMAP_FACT_ERRORS_SHARED);
        child_expect(!(info.facts & RMMAP_FACT_LOCKED));
        close(fd);
        child_is(rmmap_raw_write(file, 0, "dup", 3), 0);
        child_is(rmmap_sync_all(file), 0);
        rmmap_release(file);
        child_is(rmmap_create("without-proc", 4096, NULL, &file), 0); /* by name, as ever */
        child_is(rmmap_describe(file, &info), 0);
        child_expect(!(info.facts & RMMAP_FACT_ENTRY_UNSYNCED));
        rmmap_release(file);
        return 0;
}

static int open_fd_without_proc_there(void *arg)
{
        child_is(chdir(test_directory()), 0);
        return open_fd_without_proc(arg);
}

START_TEST(without_proc)
{
        const char *path = test_file("no-proc", 8192);

        ck_child(open_fd_without_proc_there, (char *)(uintptr_t)path);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("open");
        TCase *core = tcase_create("core");

        tcase_add_test(core, a_file_as_it_is);
        tcase_add_loop_test(core, content_is_not_handed_out, 0, 2);
        tcase_add_test(core, what_can_not_be_opened);
        tcase_add_test(core, names_that_are_too_long);
        tcase_add_test(core, paths_that_are_too_long);
        tcase_add_test(core, two_handles_have_two_allocators);
        tcase_add_test(core, descriptors_close_on_exec);
        tcase_add_test(core, a_descriptors_access_is_not_widened);
        tcase_add_test(core, appending_and_position_stay_the_callers);
        tcase_add_loop_test(core, direct_io_stays_the_callers, 0, 2);
        tcase_add_test(core, files_without_a_name);
        tcase_add_test(core, without_proc);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
