/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * RMMAP_KEEP: one call that opens a file or creates it, beside other handles too, and leaves it as
 * it was when it fails. And rmmap_close, with which programs that go on with a file end.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "fault/inject.h"
#include "growing.h"
#include "place.h"
#include "setups.h"

/* ---- RMMAP_KEEP */

START_TEST(keep_opens_or_creates)
{
        const char *path = test_path("kept");
        struct rmmap_options options = growing(64 * A, 0);
        struct rmmap_range range;
        struct rmmap_file *file;

        options.flags = RMMAP_KEEP;
        ck_ok(rmmap_create(path, 3 * A, &options, &file));
        ck_assert(describe(file).facts & RMMAP_FACT_CREATED);
        ck_ok(rmmap_allocate(file, A, &range));
        ck_assert_uint_eq(rmmap_range_start(range), 0);
        ck_ok(rmmap_write_range(file, range, data(4, A), (size_t)A, NULL));
        ck_ok(rmmap_close(file));

        ck_ok(rmmap_create(path, A, &options, &file)); /* never cut */
        ck_assert(!(describe(file).facts & RMMAP_FACT_CREATED));
        ck_assert_uint_eq(rmmap_size(file), 3 * A);
        ck_is(rmmap_allocate(file, A, &range), -ENOSPC);
        ck_ok(rmmap_claim_range(file, 0, A, &range));
        rmmap_release(file);

        ck_ok(rmmap_create(path, 8 * A, &options, &file)); /* made longer */
        ck_assert_uint_eq(size_on_disk(path), 8 * A);
        ck_ok(rmmap_allocate(file, 16 * A, &range));
        ck_assert_uint_eq(rmmap_range_start(range), 3 * A);
        ck_assert_uint_eq(rmmap_range_end(range), 8 * A);
        rmmap_release(file);
        ck_assert(test_file_holds(path, 0, data(4, A), (size_t)A));

        options.flags |= RMMAP_REWRITE;
        ck_ok(rmmap_create(path, A, &options, &file));
        ck_ok(rmmap_allocate(file, A, &range));
        ck_assert_uint_eq(rmmap_range_start(range), 0);
        rmmap_release(file);
        options.flags = RMMAP_KEEP | RMMAP_MUST_CREATE;
        ck_is(rmmap_create(path, A, &options, &file), -EINVAL);
        options.flags = RMMAP_REWRITE;
        ck_is(rmmap_create(path, A, &options, &file), -EINVAL);
        options.flags = RMMAP_KEEP;
        ck_is(rmmap_open(path, &options, &file), -EINVAL);
        options.max_size = 4 * A; /* the file is longer */
        ck_is(rmmap_create(path, A, &options, &file), -EINVAL);
        ck_assert_uint_eq(size_on_disk(path), 8 * A);
}
END_TEST

START_TEST(keep_goes_on_beside_another_handle)
{
        const char *path = test_path("kept");
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *one, *two;

        unlink(path);
        options.flags = RMMAP_KEEP;
        ck_ok(rmmap_create(path, 3 * A, &options, &one));
        ck_ok(rmmap_create(path, 3 * A, &options, &two));
        ck_assert(!(describe(two).facts & RMMAP_FACT_CREATED));
        rmmap_release(two);
        options.flags |= RMMAP_LOCK_FILE;
        ck_is(rmmap_create(path, 3 * A, &options, &two), -EBUSY);
        options.flags = RMMAP_KEEP;
        if (!test_sanitized())
                ck_is(rmmap_create(path, 4 * A, &options, &two), -EBUSY); /* stays shorter */
        ck_assert_uint_eq(size_on_disk(path), 3 * A);
        rmmap_release(one);
        ck_ok(rmmap_create(path, 4 * A, &options, &two));
        rmmap_release(two);
}
END_TEST

START_TEST(keep_fails_and_leaves_the_file)
{
        const char *path = test_file("kept", 100);
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        unsigned char bytes[100];
        struct rmmap_file *file;

        FLOOR_LACKS("fallocate");
        for (uint64_t at = 0; at < sizeof(bytes); at++)
                bytes[at] = test_byte(at);
        options.flags = RMMAP_KEEP;
        inject_start();
        inject_fail(INJECT_FALLOCATE, 1, ENOSPC, 1);
        ck_is(rmmap_create(path, 8 * A, &options, &file), -ENOSPC);
        inject_fail(INJECT_MMAP, 1, ENOMEM, 1);
        ck_is(rmmap_create(path, 8 * A, &options, &file), -ENOMEM);
        ck_assert_uint_eq(size_on_disk(path), 100);
        ck_assert(test_file_holds(path, 0, bytes, sizeof(bytes)));
        unlink(path);
        inject_fail(INJECT_FALLOCATE, 1, ENOSPC, 1);
        ck_is(rmmap_create(path, 8 * A, &options, &file), -ENOSPC);
        ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

static struct rmmap_options keeping(void)
{
        struct rmmap_options options = growing(64 * A, 0);

        options.flags = RMMAP_KEEP;
        return options;
}

static void append(void *path)
{
        int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);

        ck_assert_int_eq(write(fd, "added", 5), 5);
        close(fd);
}

/* Another program appends meanwhile: 0 to a file that is long enough, 1 to a shorter one. */
START_TEST(keep_fails_and_cuts_nothing_that_others_added)
{
        size_t size = _i == 0 ? 8 * A : 100;
        char *path = (char *)(uintptr_t)test_file("kept", size);
        struct rmmap_options options = keeping();
        struct rmmap_file *file;

        inject_start();
        FLOOR_LACKS("fallocate");
        inject_before(INJECT_FALLOCATE, append, path);
        inject_fail(INJECT_FALLOCATE, 1, ENOSPC, 1);
        ck_is(rmmap_create(path, 8 * A, &options, &file), -ENOSPC);
        ck_assert_uint_eq(size_on_disk(path), size + 5);
}
END_TEST

static int fills_it_first(void *path)
{
        struct rmmap_options options = keeping();
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_range range;
        struct rmmap_file *file;

        child_is(rmmap_create(path, A, &options, &file), 0);
        child_is(rmmap_describe(file, &info), 0);
        child_expect(info.facts & RMMAP_FACT_CREATED);
        child_is(rmmap_allocate(file, A, &range), 0);
        rmmap_release(file);
        return 0;
}

static void let_another_fill_it(void *path)
{
        ck_child(fills_it_first, path);
}

/* Who gives a file its size created it, whoever gave it its name. */
START_TEST(keep_tells_who_created_it)
{
        char *path = (char *)(uintptr_t)test_path("kept");
        struct rmmap_options options = keeping();
        struct rmmap_file *file;

        unlink(path);
        inject_start();
        inject_before(INJECT_FSTAT, let_another_fill_it, path);
        ck_ok(rmmap_create(path, A, &options, &file));
        ck_assert(!(describe(file).facts & RMMAP_FACT_CREATED));
        rmmap_release(file);
        ck_ok(rmmap_create(test_file("kept", 0), A, &options, &file)); /* its maker was killed */
        ck_assert(describe(file).facts & RMMAP_FACT_CREATED);
        rmmap_release(file);
}
END_TEST

/* This call gave the file its name, and another one its content. */
START_TEST(keep_fails_and_removes_nothing_that_others_filled)
{
        char *path = (char *)(uintptr_t)test_path("kept");
        struct rmmap_options options = keeping();
        struct rmmap_file *file;

        unlink(path);
        options.max_size = A / 2; /* less than it has then */
        inject_start();
        inject_before(INJECT_FSTAT, let_another_fill_it, path);
        ck_is(rmmap_create(path, 100, &options, &file), -EINVAL);
        ck_assert_uint_eq(size_on_disk(path), A);
}
END_TEST

#define RACERS 8

static int races(void *path)
{
        struct rmmap_options options = growing(8 * MIB, 0);
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_file *file;

        options.flags = RMMAP_KEEP;
        child_is(rmmap_create(path, 4 * MIB, &options, &file), 0);
        child_is(rmmap_describe(file, &info), 0);
        child_expect(info.file_size >= 4 * MIB);
        child_expect((info.facts & RMMAP_FACT_CREATED) == 0 || rmmap_remaining(file) > 0);
        child_is(rmmap_raw_write(file, (uint64_t)getpid() % 1000 * A, "x", 1), 0);
        test_pause();
        rmmap_release(file);
        return info.facts & RMMAP_FACT_CREATED ? 2 : 0;
}

/* As if the creator had been killed between its lock and the size, and the next one tries then. */
static int finds_a_killed_creator(void *path)
{
        inject_start();
        inject_fail(INJECT_FLOCK, 1, EWOULDBLOCK, 1);
        return races(path);
}

static int (*const racers[])(void *path) = {races, finds_a_killed_creator};

START_TEST(of_many_processes_one_creates)
{
        const char *path = test_path("raced");

        for (int round = 0; round < (test_sanitized() ? 3 : 20); round++) {
                pid_t pids[RACERS];
                int sum = 0;

                for (int i = 0; i < RACERS; i++)
                        pids[i] = child_start(racers[_i], (void *)path);
                for (int i = 0; i < RACERS; i++)
                        sum += child_wait(pids[i]);
                ck_assert_int_eq(sum, 2);
                unlink(path);
        }
}
END_TEST

/* ---- rmmap_close */

START_TEST(close_syncs_and_tells)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;

        ck_ok(rmmap_close(NULL));
        ck_ok(rmmap_create(test_path("file"), A, NULL, &file));
        ck_ok(rmmap_raw_write(file, 0, "x", 1));
        inject_start();
        ck_ok(rmmap_close(file));
        ck_assert_int_gt(inject_sync_count(), 0);
        ck_ok(rmmap_open(test_path("file"), NULL, &file));
        inject_start();
        for (int call = 0; call < INJECT_RECORDED; call++)
                if (call != INJECT_SYNC_FILE_RANGE)
                        inject_fail((enum injected)call, 1, EIO, 1);
        ck_is(rmmap_close(file), -EIO);
        options.flags = RMMAP_READ_ONLY;
        ck_ok(rmmap_open(test_path("file"), &options, &file));
        inject_start();
        ck_ok(rmmap_close(file));
        ck_assert_int_eq(inject_total(), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("keep");
        TCase *core = tcase_create("core");

        tcase_add_test(core, keep_opens_or_creates);
        tcase_add_test(core, keep_goes_on_beside_another_handle);
        tcase_add_test(core, keep_fails_and_leaves_the_file);
        tcase_add_loop_test(core, keep_fails_and_cuts_nothing_that_others_added, 0, 2);
        tcase_add_test(core, keep_tells_who_created_it);
        tcase_add_test(core, keep_fails_and_removes_nothing_that_others_filled);
        tcase_add_loop_test(core, of_many_processes_one_creates, 0, 2);
        tcase_add_test(core, close_syncs_and_tells);
        tcase_set_timeout(core, 60);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
