/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Opening from a descriptor: the handle gets its own file description, and no additional access. */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "place.h"

static int try_open_fd(int fd, uint32_t flags)
{
        struct rmmap_options options = test_options(flags, 0);
        struct rmmap_file *file = UNTOUCHED;
        size_t descriptors = test_count_descriptors();
        int err = rmmap_open_fd(fd, &options, &file);

        if (err == 0)
                rmmap_release(file);
        else
                ck_assert_ptr_eq(file, UNTOUCHED);
        ck_assert_uint_eq(test_count_descriptors(), descriptors);
        return err;
}

START_TEST(a_descriptors_access_is_not_widened)
{
        const char *path = test_file("access", 100);
        int reading = open(path, O_RDONLY | O_CLOEXEC), writing = open(path, O_WRONLY | O_CLOEXEC);
        int naming = open(path, O_PATH | O_CLOEXEC), both = open(path, O_RDWR | O_CLOEXEC);

        ck_is(try_open_fd(reading, 0), -EACCES);
        ck_is(try_open_fd(reading, RMMAP_CATCH_FAULTS), -EACCES);
        ck_ok(try_open_fd(reading, RMMAP_READ_ONLY));
        ck_is(try_open_fd(writing, 0), -EACCES);
        ck_is(try_open_fd(writing, RMMAP_READ_ONLY), -EACCES);
        ck_is(try_open_fd(naming, 0), ON_FLOOR ? -EACCES : -EBADF);
        ck_is(try_open_fd(naming, RMMAP_READ_ONLY), -EBADF);
        ck_ok(try_open_fd(both, 0));
        ck_ok(try_open_fd(both, RMMAP_READ_ONLY));
        ck_is(try_open_fd(both, RMMAP_NO_FOLLOW), -EINVAL);
        ck_is(try_open_fd(both, RMMAP_MUST_CREATE), -EINVAL);
        close(reading);
        close(writing);
        close(naming);
        close(both);
        ck_is(try_open_fd(both, 0), -EBADF);
        ck_is(try_open_fd(-1, 0), -EBADF);
}
END_TEST

START_TEST(descriptors_of_no_file)
{
        int directory = open(test_directory(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        int empty = open(test_file("empty-fd", 0), O_RDWR | O_CLOEXEC);
        int ends[2], null = open("/dev/null", O_RDWR | O_CLOEXEC);

        ck_is(try_open_fd(directory, RMMAP_READ_ONLY), -EISDIR);
        ck_is(try_open_fd(empty, 0), -ENODATA);
        ck_is(try_open_fd(null, 0), -ENODEV);
        ck_assert_int_eq(pipe(ends), 0);
        ck_is(try_open_fd(ends[0], RMMAP_READ_ONLY), -ENODEV);
        close(ends[0]);
        close(ends[1]);
        ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
        ck_is(try_open_fd(ends[0], 0), -ENODEV);
        close(ends[0]);
        close(ends[1]);
        close(directory);
        close(empty);
        close(null);
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
        Suite *suite = suite_create("open-fd");
        TCase *core = tcase_create("core");

        tcase_add_test(core, a_descriptors_access_is_not_widened);
        tcase_add_test(core, descriptors_of_no_file);
        tcase_add_test(core, appending_and_position_stay_the_callers);
        tcase_add_loop_test(core, direct_io_stays_the_callers, 0, 2);
        tcase_add_test(core, files_without_a_name);
        tcase_add_test(core, without_proc);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
