/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An open handle keeps others from truncating or opening the file, until it is released or dies. */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "setups.h"

static int try_create(const char *path, uint32_t flags)
{
        struct rmmap_options options = test_options(flags, 0);
        struct rmmap_file *file = NULL;
        int err = rmmap_create(path, 4096, &options, &file);

        rmmap_release(file);
        return err;
}

static int try_open(const char *path, uint32_t flags)
{
        struct rmmap_options options = test_options(flags, 0);
        struct rmmap_file *file = NULL;
        int err = rmmap_open(path, &options, &file);

        rmmap_release(file);
        return err;
}

static int try_open_fd(const char *path, uint32_t flags)
{
        struct rmmap_options options = test_options(flags, 0);
        int err, fd = open(path, O_RDWR | O_CLOEXEC);
        struct rmmap_file *file = NULL;

        err = rmmap_open_fd(fd, &options, &file);
        rmmap_release(file);
        close(fd);
        return err;
}

/* Some file systems have no locks; there this can't be tested. */
static bool locks_work(void)
{
        int fd = open(test_path("lock-probe"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        bool work = flock(fd, LOCK_EX | LOCK_NB) == 0;

        close(fd);
        return work;
}

static const char *path_of_test;
static int own_pipe[2], others_pipe[2]; /* towards the test, towards the child */

static void say(int fd)
{
        if (write(fd, "!", 1) != 1)
                _exit(99);
}

static void listen(int fd)
{
        char said;

        if (read(fd, &said, 1) < 0)
                _exit(99);
}

/* A process that has the file open until the test stops or kills it. */
static int hold(void *arg)
{
        const uint32_t *flags = arg;
        struct rmmap_options options = test_options(*flags, 0);
        struct rmmap_file *file;

        child_is(rmmap_open(path_of_test, &options, &file), 0);
        say(own_pipe[1]);
        listen(others_pipe[0]);
        rmmap_release(file);
        return 0;
}

static pid_t start_holder(const char *path, uint32_t flags)
{
        pid_t holder;

        path_of_test = path;
        ck_assert_int_eq(pipe2(own_pipe, O_CLOEXEC), 0);
        ck_assert_int_eq(pipe2(others_pipe, O_CLOEXEC), 0);
        holder = child_start(hold, &flags);
        listen(own_pipe[0]);
        return holder;
}

static void stop_holder(pid_t holder)
{
        say(others_pipe[1]);
        ck_assert_int_eq(child_wait(holder), 0);
}

START_TEST(create_does_not_truncate_under_a_living_handle)
{
        static const uint32_t flags[] = {0, RMMAP_READ_ONLY, RMMAP_LOCK_FILE};
        const char *path = test_file("living", 8192);
        unsigned char byte = test_byte(8191);
        struct rmmap_file *file, *clone;

        for (size_t i = 0; i < 3; i++) {
                struct rmmap_options options = test_options(flags[i], 0);

                ck_ok(rmmap_open(path, &options, &file));
                clone = rmmap_clone(file);
                ck_is(try_create(path, 0), -EBUSY);
                ck_is(try_create(path, RMMAP_LOCK_FILE), -EBUSY);
                rmmap_release(file);
                ck_is(try_create(path, 0), -EBUSY); /* the clone has it still */
                ck_assert(test_file_holds(path, 8191, &byte, 1));
                rmmap_release(clone);
        }
        ck_ok(rmmap_create(path, 8192, NULL, &file));
        ck_is(try_create(path, 0), -EBUSY);
        ck_ok(try_open(path, 0));
        rmmap_release(file);
        ck_ok(try_create(path, 0));
}
END_TEST

START_TEST(a_locked_file_keeps_every_other_handle_out)
{
        FLOOR_LACKS("other description for a descriptor");
        static const uint32_t flags[] = {0, RMMAP_READ_ONLY, RMMAP_LOCK_FILE};
        struct rmmap_options locking = test_options(RMMAP_LOCK_FILE, 0);
        struct rmmap_info info = RMMAP_INFO_INIT;
        const char *path = test_path("locked");
        struct rmmap_file *file;

        ck_ok(rmmap_create(path, 8192, &locking, &file));
        ck_ok(rmmap_describe(file, &info));
        ck_assert(info.facts & RMMAP_FACT_LOCKED);
        for (size_t i = 0; i < 3; i++) {
                ck_is(try_open(path, flags[i]), -EBUSY);
                ck_is(try_open_fd(path, flags[i]), -EBUSY);
        }
        ck_is(try_create(path, 0), -EBUSY);
        rmmap_release(file);

        for (size_t i = 0; i < 3; i++) {
                struct rmmap_options options = test_options(flags[i], 0);

                ck_ok(rmmap_open(path, &options, &file));
                ck_is(try_open(path, RMMAP_LOCK_FILE), -EBUSY);
                ck_is(try_open_fd(path, RMMAP_LOCK_FILE), -EBUSY);
                rmmap_release(file);
                ck_ok(try_open(path, RMMAP_LOCK_FILE));
                ck_ok(try_open_fd(path, RMMAP_LOCK_FILE));
        }
}
END_TEST

START_TEST(in_any_process_until_it_dies)
{
        const char *path = test_file("dies", 8192);
        unsigned char byte = test_byte(8191);
        pid_t holder = start_holder(path, 0);

        ck_is(try_create(path, 0), -EBUSY);
        ck_is(try_open(path, RMMAP_LOCK_FILE), -EBUSY);
        ck_ok(try_open(path, 0));
        ck_assert(test_file_holds(path, 8191, &byte, 1));
        stop_holder(holder);

        FLOOR_LACKS("other description for a descriptor");
        holder = start_holder(path, RMMAP_LOCK_FILE);
        ck_is(try_open(path, RMMAP_READ_ONLY), -EBUSY);
        ck_is(try_open_fd(path, 0), -EBUSY);
        ck_is(try_create(path, 0), -EBUSY);
        stop_holder(holder);
        ck_ok(try_open(path, RMMAP_LOCK_FILE));

        holder = start_holder(path, RMMAP_LOCK_FILE);
        ck_is(try_open(path, 0), -EBUSY);
        ck_assert_int_eq(kill(holder, SIGKILL), 0);
        ck_assert_int_eq(child_wait(holder), CHILD_KILLED + SIGKILL);
        ck_ok(try_open(path, RMMAP_LOCK_FILE));
        ck_ok(try_create(path, 0));
}
END_TEST

/* Parent and child share the description and its lock: a child must not release it. */
static int release_inherited(void *arg)
{
        rmmap_release(arg);
        child_is(try_open(path_of_test, 0), -EBUSY);
        return 0;
}

START_TEST(a_childs_release_leaves_the_lock)
{
        struct rmmap_options locking = test_options(RMMAP_LOCK_FILE, 0);
        const char *path = path_of_test = test_path("inherited");
        struct rmmap_file *file;

        ck_ok(rmmap_create(path, 8192, &locking, &file));
        ck_child(release_inherited, file);
        ck_is(try_open(path, 0), -EBUSY);
        ck_is(try_create(path, 0), -EBUSY);
        ck_ok(rmmap_raw_write(file, 0, "x", 1));
        rmmap_release(file);
        ck_ok(try_open(path, RMMAP_LOCK_FILE));
}
END_TEST

static int keep_inherited(void *arg)
{
        (void)arg;
        say(own_pipe[1]);
        listen(others_pipe[0]);
        return 0;
}

START_TEST(the_last_release_unlocks_though_a_child_has_the_descriptor)
{
        static const uint32_t flags[] = {RMMAP_LOCK_FILE, 0};

        for (size_t i = 0; i < 2; i++) {
                struct rmmap_options options = test_options(flags[i], 0);
                const char *path = test_path("kept-open");
                struct rmmap_file *file;
                pid_t child;

                ck_assert_int_eq(pipe2(own_pipe, O_CLOEXEC), 0);
                ck_assert_int_eq(pipe2(others_pipe, O_CLOEXEC), 0);
                ck_ok(rmmap_create(path, 8192, &options, &file));
                child = child_start(keep_inherited, NULL);
                listen(own_pipe[0]);
                ck_is(try_create(path, 0), -EBUSY);
                rmmap_release(file);
                ck_ok(try_open(path, RMMAP_LOCK_FILE));
                ck_ok(try_create(path, 0));
                stop_holder(child);
        }
}
END_TEST

/* One winner at a time: the others are refused, and no open file is truncated. */
static int fight(void *arg)
{
        const char *path = arg;
        struct rmmap_file *file;

        for (int won = 0; won < 50;) {
                int err = rmmap_create(path, 16384, NULL, &file);

                child_expect(err == 0 || err == -EBUSY);
                if (err != 0) {
                        sched_yield();
                        continue;
                }
                child_is(rmmap_raw_write(file, 16000, "mine", 4), 0); /* SIGBUS if cut */
                rmmap_release(file);
                won++;
        }
        return 0;
}

START_TEST(processes_that_create_the_same_name)
{
        char *path = (char *)(uintptr_t)test_path("fought-over");
        pid_t fighters[4];

        for (int i = 0; i < 4; i++)
                fighters[i] = child_start(fight, path);
        for (int i = 0; i < 4; i++)
                ck_assert_int_eq(child_wait(fighters[i]), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("locks");
        TCase *core = tcase_create("core");

        test_directory();
        if (!locks_work())
                test_skip_all("no locks on this file system");
        tcase_set_timeout(core, 120);
        tcase_add_test(core, create_does_not_truncate_under_a_living_handle);
        tcase_add_test(core, a_locked_file_keeps_every_other_handle_out);
        tcase_add_test(core, in_any_process_until_it_dies);
        tcase_add_test(core, a_childs_release_leaves_the_lock);
        tcase_add_test(core, the_last_release_unlocks_though_a_child_has_the_descriptor);
        tcase_add_test(core, processes_that_create_the_same_name);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
