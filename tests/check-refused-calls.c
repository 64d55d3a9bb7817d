/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a call that is refused, or disturbed by other processes, must leave unchanged. */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "fault/inject.h"

#define OLD ((size_t)10000)
#define ROUNDS 2000

static struct rmmap_info described(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        return info;
}

static bool is_still_old(const char *path)
{
        unsigned char want[OLD];

        for (size_t i = 0; i < OLD; i++)
                want[i] = test_byte(i);
        return test_file_holds(path, 0, want, OLD);
}

/* An older file keeps its content when the error could be known before. */
START_TEST(a_refused_create_leaves_an_older_file)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        const char *path = test_file("older", OLD);
        struct rmmap_file *file;
        int err;

        options.engine = RMMAP_ENGINE_MAP;
        options.flags = RMMAP_NO_PREALLOCATE;
        ck_is(rmmap_create(path, 4096, &options, &file), -EOPNOTSUPP);
        ck_assert(is_still_old(path));
        options.engine = RMMAP_ENGINE_AUTO;
        err = rmmap_create(path, UINT64_C(1) << 45, &options, &file); /* ext4 ends at 2^44 */
        if (err == 0) {
                rmmap_release(file);
                skip_part("a file of 32 TiB can be here");
                return;
        }
        ck_assert(is_still_old(path));
}
END_TEST

START_TEST(must_create_says_so_of_anything)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        const char *path = test_path("fifo");
        struct rmmap_file *file;

        options.flags = RMMAP_MUST_CREATE;
        ck_assert_int_eq(mkfifo(path, 0600), 0);
        ck_is(rmmap_create(path, 4096, &options, &file), -EEXIST);
        options.flags = 0;
        ck_is(rmmap_create(path, 4096, &options, &file), -ENODEV);
}
END_TEST

static atomic_bool stop;

static void *keep_opening(void *path)
{
        while (!atomic_load(&stop)) {
                struct rmmap_file *file;

                if (rmmap_open(path, NULL, &file) == 0)
                        rmmap_release(file);
        }
        return NULL;
}

/* Another process opens a new file for a moment, finds it empty, and closes it. */
START_TEST(a_creator_outlasts_openers)
{
        char path[4096];
        pthread_t opener;
        int failed = 0;

        snprintf(path, sizeof(path), "%s", test_path("contended"));
        atomic_store(&stop, false);
        ck_assert_int_eq(pthread_create(&opener, NULL, keep_opening, path), 0);
        for (int round = 0; round < ROUNDS; round++) {
                struct rmmap_file *file;

                if (rmmap_create(path, 4096, NULL, &file) != 0)
                        failed++;
                else
                        rmmap_release(file);
                unlink(path);
        }
        atomic_store(&stop, true);
        pthread_join(opener, NULL);
        /* An open between create's last step and our unlink may be busy, but not here. */
        ck_assert_int_eq(failed, 0);
}
END_TEST

/* Unreadable memory of the caller is no error of the disk. */
START_TEST(bad_memory_is_no_lost_data)
{
        void *bad = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        unsigned char data[4096] = {1};
        struct rmmap_range range;
        struct rmmap_file *file;

        ck_assert_ptr_ne(bad, MAP_FAILED);
        ck_ok(rmmap_create(test_path("memory"), 4096, NULL, &file));
        ck_ok(rmmap_allocate(file, 4096, &range));
        ck_ok(rmmap_sync_all(file));
        if (!(described(file).facts & RMMAP_FACT_RESERVED)) {
                skip_part("space is not reserved here: no write that syncs in one call");
        } else if (test_under_valgrind()) {
                skip_part("valgrind complains of what is meant");
        } else {
                ck_is(rmmap_write_range_durable(file, range, bad, 4096, NULL), -EFAULT);
                ck_assert_int_eq(described(file).error, 0);
        }
        ck_ok(rmmap_sync_all(file));
        ck_ok(rmmap_write_range_durable(file, range, data, 4096, NULL));
        munmap(bad, 4096);
        rmmap_release(file);
}
END_TEST

/* A directory that can't be synced: reported by rmmap_describe, and no sticky error. */
START_TEST(a_directory_that_cannot_be_synced)
{
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("entry"), 4096, NULL, &file));
        inject_start();
        inject_fail(INJECT_FSYNC, 2, EINVAL, 1);
        ck_ok(rmmap_sync_all(file));
        ck_assert_uint_ne(described(file).facts & RMMAP_FACT_ENTRY_UNSYNCED, 0);
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
}
END_TEST

/* The library reads the limit by the older system call, which may be missing. */
START_TEST(without_the_older_getrlimit)
{
#if defined(SYS_getrlimit) && defined(__LP64__)
        struct rmmap_file *file;

        inject_start();
        inject_fail(INJECT_GETRLIMIT, 1, ENOSYS, 1);
        ck_ok(rmmap_create(test_path("limit"), 4096, NULL, &file));
        ck_assert_int_eq(inject_failed(), 1);
        rmmap_release(file);
        inject_start();
        inject_fail(INJECT_GETRLIMIT, 1, EFAULT, 2);
        ck_is(rmmap_create(test_path("limit"), 4096, NULL, &file), -EFAULT);
        inject_start();
#else
        skip_part("no older getrlimit is used here");
#endif
}
END_TEST

/* A kernel that can't write and sync in one call is asked once for each handle. */
START_TEST(without_durable_writes)
{
        static const unsigned char data[4096] = "record";
        struct rmmap_range range;
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("record"), 16384, NULL, &file));
        ck_ok(rmmap_sync_all(file));
        inject_start();
        inject_fail(INJECT_PWRITEV2, 1, EOPNOTSUPP, 1000);
        for (int i = 0; i < 3; i++) {
                ck_ok(rmmap_allocate(file, sizeof(data), &range));
                ck_ok(rmmap_write_range_durable(file, range, data, sizeof(data), NULL));
                ck_assert(test_file_holds(test_path("record"), rmmap_range_start(range), data,
                                          sizeof(data)));
        }
        ck_assert_int_le(inject_count(INJECT_PWRITEV2), 1); /* none without a choice of paths */
        ck_assert_int_ge(inject_sync_count() - inject_count(INJECT_PWRITEV2), 3);
        rmmap_release(file);
}
END_TEST

static struct rmmap_file *of_handler;
static int handler_result;

static void use_in_handler(void)
{
        struct rmmap_file *own;

        if (of_handler == NULL)
                return;
        handler_result = rmmap_sync_all(of_handler) == -EPERM ? 0 : -EPROTO;
        if (handler_result == 0)
                handler_result = rmmap_create(test_path("of-handler"), 4096, NULL, &own);
        if (handler_result == 0)
                rmmap_release(own);
        rmmap_release(of_handler);
}

static int tell_result(void *arg)
{
        (void)arg;
        return handler_result == 0 ? 0 : 1;
}

/* A program's fork handlers may run before or after those of the library. */
START_TEST(a_handler_of_fork_may_use_the_library)
{
        FLOOR_LACKS("word of a fork before its handlers");
        static bool registered;

        handler_result = -EINVAL;
        if (!registered)
                ck_assert_int_eq(pthread_atfork(NULL, NULL, use_in_handler), 0);
        registered = true;
        ck_ok(rmmap_create(test_path("inherited"), 4096, NULL, &of_handler));
        ck_child(tell_result, NULL);
        rmmap_release(of_handler);
        of_handler = NULL;
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("refused-calls");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 120);
        tcase_add_test(core, a_refused_create_leaves_an_older_file);
        tcase_add_test(core, must_create_says_so_of_anything);
        tcase_add_test(core, a_creator_outlasts_openers);
        tcase_add_test(core, bad_memory_is_no_lost_data);
        tcase_add_test(core, a_directory_that_cannot_be_synced);
        tcase_add_test(core, without_the_older_getrlimit);
        tcase_add_test(core, without_durable_writes);
        tcase_add_test(core, a_handler_of_fork_may_use_the_library);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
