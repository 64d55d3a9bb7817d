/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Other processes act between two steps of create and open: they rename, replace, take a lease. */
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "fault/inject.h"
#include "instrumented.h"
#include "setups.h"

#define SIZE 8192

/* ---- the name, between open and lock */

static char name[4096], other[4096], kept[4096];

static void give_name_away(void *arg)
{
        (void)arg;
        if (rename(other, name) != 0)
                abort();
}

/* Three paths: the name; another file, of twice the size; and a second name of the first file. */
static void make_scene(bool there)
{
        snprintf(name, sizeof(name), "%s", test_path("name"));
        snprintf(kept, sizeof(kept), "%s", test_path("kept"));
        snprintf(other, sizeof(other), "%s", test_file("other", 2 * SIZE));
        unlink(name);
        unlink(kept);
        if (there)
                ck_assert_int_eq(link(test_file("name", SIZE), kept), 0);
        inject_start();
        inject_before(INJECT_FLOCK, give_name_away, NULL);
}

static ino_t inode_behind(struct rmmap_file *file)
{
        struct stat status;

        ck_assert_int_eq(fstat(rmmap_fd(file), &status), 0);
        return status.st_ino;
}

static void old_file_is_whole(const char *path)
{
        unsigned char expected[SIZE];

        for (uint64_t at = 0; at < SIZE; at++)
                expected[at] = test_byte(at);
        ck_assert(test_file_holds(path, 0, expected, SIZE));
}

/* 0: create over an older file; 1: create of a new one; 2: open. Of what has the name last. */
START_TEST(what_has_the_name_last)
{
        struct rmmap_file *file;
        ino_t expected;

        make_scene(_i != 1);
        expected = test_inode(other);
        ck_ok(_i == 2 ? rmmap_open(name, NULL, &file) : rmmap_create(name, SIZE, NULL, &file));
        ck_assert_uint_eq(inode_behind(file), expected);
        ck_assert_uint_eq(test_inode(name), expected);
        ck_assert_uint_eq(rmmap_size(file), _i == 2 ? 2 * SIZE : SIZE);
        if (_i != 1)
                old_file_is_whole(kept);
        rmmap_release(file);
}
END_TEST

/* Another handle has the file that had the name first, and nobody has the one that is kept. */
START_TEST(what_has_the_name_last_is_kept_alone)
{
        struct rmmap_options options = test_options(RMMAP_KEEP, RMMAP_ENGINE_AUTO);
        struct rmmap_file *holder, *file, *opened;

        make_scene(true);
        inject_start();
        ck_ok(rmmap_open(kept, NULL, &holder));
        inject_before(INJECT_FLOCK, give_name_away, NULL);
        ck_ok(rmmap_create(name, SIZE, &options, &file));
        ck_assert_uint_eq(rmmap_size(file), 2 * SIZE);
        ck_ok(rmmap_open(name, NULL, &opened)); /* its lock is a shared one */
        rmmap_release(opened);
        rmmap_release(file);
        rmmap_release(holder);
        old_file_is_whole(kept);
}
END_TEST

/* A new file that can't be locked may belong to another process by then: it keeps its name. */
START_TEST(a_file_that_cannot_be_locked_keeps_its_name)
{
        struct rmmap_options options = test_options(RMMAP_LOCK_FILE, 0);
        struct rmmap_file *file = NULL;
        const char *path = test_path("unlockable");

        inject_start();
        inject_fail(INJECT_FLOCK, 1, EOPNOTSUPP, 1);
        ck_is(rmmap_create(path, SIZE, &options, &file), -EOPNOTSUPP);
        ck_assert_ptr_null(file);
        ck_assert_int_eq(access(path, F_OK), 0);
        ck_assert_int_eq(inject_count(INJECT_UNLINK), 0);
        unlink(path);
}
END_TEST

/* Unless it was to be made anew: then nobody else had that name. */
START_TEST(a_new_file_that_cannot_be_locked_goes)
{
        const char *path = test_path("new");
        struct rmmap_options options = test_options(RMMAP_MUST_CREATE, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file = UNTOUCHED;

        inject_start();
        inject_fail(INJECT_FLOCK, 1, EOPNOTSUPP, 100);
        inject_fail(INJECT_FALLOCATE, 1, ENOSPC, 100);
        inject_fail(INJECT_FTRUNCATE, 1, ENOSPC, 1); /* where no space is reserved */
        ck_is(rmmap_create(path, SIZE, &options, &file), -ENOSPC);
        ck_assert_int_eq(access(path, F_OK), -1);
}
END_TEST

/* While the lock becomes a shared one, another process may test whether there is one. */
START_TEST(a_lock_that_is_tested_comes_back)
{
        const char *path = test_path("tested");
        struct rmmap_file *file;

        inject_start();
        inject_fail(INJECT_FLOCK, 2, EWOULDBLOCK, 1);
        ck_ok(rmmap_create(path, SIZE, NULL, &file));
        ck_assert_int_ge(inject_count(INJECT_FLOCK), 3);
        rmmap_release(file);
        unlink(path);
}
END_TEST

/* ---- changing the lock, which flock does in two steps */

#if HAVE_DECL_FLOCK && HAVE_DECL_F_OFD_SETLK

/* Elsewhere flock is all that there is. */
static bool locks_in_one_step(void)
{
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("locked"), SIZE, NULL, &file));
        ck_ok(rmmap_describe(file, &info));
        rmmap_release(file);
        if (!(info.facts & RMMAP_FACT_COHERENT))
                skip_part("locks that change in one step: not on this file system");
        return (info.facts & RMMAP_FACT_COHERENT) != 0;
}

static int changing, intruded, opened; /* the descriptor; what another create and open returned */

/* Between the two steps: the old lock is gone, and another process tries. */
static void intrude(void *arg)
{
        struct rmmap_options locking = test_options(RMMAP_LOCK_FILE | RMMAP_READ_ONLY, 0);
        struct rmmap_file *file = NULL;

        (void)arg;
        if (flock(changing, LOCK_UN) != 0)
                abort();
        opened = rmmap_open(name, &locking, &file);
        rmmap_release(file);
        file = NULL;
        intruded = rmmap_create(name, SIZE, NULL, &file);
        rmmap_release(file);
}

/* The descriptor that create has just made is the lowest that was free. */
static void intrude_at_the_next_lock(void *arg)
{
        (void)arg;
        inject_before(INJECT_FLOCK, intrude, NULL);
}

/*
 * 0: create, 1: KEEP of an older file, 2: publish, 3: publish that finds the guard held, but gone
 * when it looks by whom.
 */
START_TEST(nobody_gets_in_while_a_lock_changes)
{
        struct rmmap_options options = test_options(_i == 1 ? RMMAP_KEEP : 0, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file;
        unsigned char byte = 'k';

        if (!locks_in_one_step())
                return;
        snprintf(name, sizeof(name), "%s", test_file("changing", SIZE));
        changing = dup(0);
        close(changing);
        intruded = opened = 0;
        inject_start();
        if (_i < 2)
                inject_before(INJECT_FLOCK, intrude_at_the_next_lock, NULL);
        ck_ok(rmmap_create(name, SIZE, &options, &file));
        if (_i >= 2) {
                changing = rmmap_fd(file);
                ck_ok(rmmap_raw_write(file, 5, &byte, 1));
                inject_before(INJECT_FLOCK, intrude, NULL);
                if (_i == 3)
                        inject_fail(INJECT_FCNTL, 1, EAGAIN, 1);
                ck_ok(rmmap_publish(file, test_path("published"), SIZE, 0));
                ck_assert(test_file_holds(test_path("published"), 5, &byte, 1));
        } else {
                ck_assert_int_eq(changing, rmmap_fd(file));
        }
        ck_is(intruded, -EBUSY);
        ck_is(opened, -EBUSY);
        if (_i == 1)
                old_file_is_whole(name);
        rmmap_release(file);
}
END_TEST

/* Those of other programs, of the whole file, are none of ours, and aren't in the way. */
START_TEST(a_lock_of_the_whole_file)
{
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        struct rmmap_file *file;
        int fd;

        snprintf(name, sizeof(name), "%s", test_file("whole", SIZE));
        fd = open(name, O_RDWR | O_CLOEXEC);
        ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &whole), 0);
        inject_start();
        ck_ok(rmmap_create(name, SIZE, NULL, &file));
        rmmap_release(file);
        ck_ok(rmmap_open(name, NULL, &file));
        whole.l_type = F_UNLCK;
        ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &whole), 0);
        whole.l_type = F_WRLCK; /* nor ours in theirs */
        ck_assert_int_eq(fcntl(fd, F_OFD_SETLK, &whole), 0);
        rmmap_release(file);
        close(fd);
}
END_TEST

#endif

/* ---- a lease: the kernel asks the holder to end it, and an open waits */

static int lease_pipe[2];
static volatile sig_atomic_t lease_asked_for;

static void end_lease(int number)
{
        (void)number;
        lease_asked_for = 1;
}

/* Holds the only descriptor of the file until the kernel asks for the lease. */
static int hold_lease(void *arg)
{
        const struct timespec moment = {.tv_nsec = 1000000};
        int fd = open(arg, O_RDWR | O_CLOEXEC);
        char said = 'y';

        signal(SIGIO, end_lease);
        if (fcntl(fd, F_SETLEASE, F_WRLCK) != 0)
                said = 'n';
        if (write(lease_pipe[1], &said, 1) != 1 || said == 'n')
                return 0;
        for (int i = 0; i < 30000 && !lease_asked_for; i++)
                nanosleep(&moment, NULL);
        for (int i = 0; i < 20; i++) /* an open that doesn't wait has returned by now */
                nanosleep(&moment, NULL);
        child_is(fcntl(fd, F_SETLEASE, F_UNLCK), 0);
        child_is(lease_asked_for, 1);
        return 0;
}

static int open_somehow(int method, const char *path, struct rmmap_file **file)
{
        struct rmmap_options options = test_options(method == 2 ? RMMAP_READ_ONLY : 0, 0);

        return method == 0 ? rmmap_create(path, SIZE, &options, file)
                           : rmmap_open(path, &options, file);
}
#define WAYS 3

START_TEST(a_lease_is_waited_for)
{
        char *path = (char *)(uintptr_t)test_file("leased", SIZE);
        struct rmmap_file *file;
        pid_t holder;
        char said;

        ck_assert_int_eq(pipe(lease_pipe), 0);
        holder = child_start(hold_lease, path);
        ck_assert_int_eq(read(lease_pipe[0], &said, 1), 1);
        if (said == 'n') {
                ck_assert_int_eq(child_wait(holder), 0);
                skip_part("leases: none can be had on this file system");
                return;
        }
        ck_ok(open_somehow(_i, path, &file));
        ck_assert_int_eq(child_wait(holder), 0);
        rmmap_release(file);
}
END_TEST

/* ---- space is reserved in pieces, so that signals are handled between them */

START_TEST(space_is_reserved_in_pieces)
{
        FLOOR_LACKS("reservation of space");
        struct rmmap_file *file;
        int err;

        inject_start();
        err = rmmap_create(test_path("large"), UINT64_C(200) << 20, NULL, &file);
        ck_assert(err == 0 || err == -ENOSPC);
        ck_assert_int_le(inject_longest_reserved(), 64 << 20);
        ck_assert_int_gt(inject_longest_reserved(), 0);
        if (err == 0)
                rmmap_release(file);
        unlink(test_path("large"));
}
END_TEST

/* ---- a file system that looks like any other, but has no mappings */

/* The file is locked when the address range is reserved. */
static void refuse_mapping(void *arg)
{
        (void)arg;
        inject_fail(INJECT_MMAP, 1, ENODEV, 1);
}

static void refuse_mapping_soon(void)
{
        inject_start();
        inject_before(INJECT_FLOCK, refuse_mapping, NULL);
}

START_TEST(what_can_not_be_mapped_goes_by_calls)
{
        static const uint32_t engines[] = {RMMAP_ENGINE_AUTO, RMMAP_ENGINE_PWRITE,
                                           RMMAP_ENGINE_MAP};
        uint32_t flags = _i % 2 ? RMMAP_CATCH_FAULTS : 0, engine = engines[_i / 2];
        struct rmmap_options options = test_options(flags, engine);
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_file *file = UNTOUCHED;
        const void *view;
        char found[4];

        refuse_mapping_soon();
        if (engine == RMMAP_ENGINE_MAP) {
                int err = rmmap_create(test_path("unmapped"), SIZE, &options, &file);

                ck_assert(err == -ENODEV || err == -EOPNOTSUPP); /* where nothing is reserved */
                ck_assert_ptr_eq(file, UNTOUCHED);
                return;
        }
        ck_ok(rmmap_create(test_path("unmapped"), SIZE, &options, &file));
        ck_assert_int_eq(inject_failed(), 1);
        ck_ok(rmmap_describe(file, &info));
        ck_assert_uint_eq(info.engine, RMMAP_ENGINE_PWRITE);
        ck_assert(!(info.facts & RMMAP_FACT_MAPPED));
        ck_ok(rmmap_raw_write(file, 5, "none", 4));
        ck_ok(rmmap_raw_read(file, 5, found, 4, NULL));
        ck_assert_mem_eq(found, "none", 4);
        ck_is(rmmap_raw_view(file, &view), -EOPNOTSUPP);
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
        options.flags |= RMMAP_POPULATE;
        refuse_mapping_soon();
        ck_is(rmmap_create(test_path("unmapped"), SIZE, &options, &file), -EOPNOTSUPP);
}
END_TEST

/* ---- what a refused create leaves, and what others do to one that works */

/* An older file keeps its content when the error could be known before. */
START_TEST(a_refused_create_leaves_an_older_file)
{
        struct rmmap_options options = test_options(RMMAP_NO_PREALLOCATE, RMMAP_ENGINE_MAP);
        const char *path = test_file("older", SIZE);
        struct rmmap_file *file;

        inject_start();
        ck_is(rmmap_create(path, 4096, &options, &file), -EOPNOTSUPP);
        old_file_is_whole(path);
        options.engine = RMMAP_ENGINE_AUTO;
        if (rmmap_create(path, UINT64_C(1) << 45, &options, &file) == 0) { /* ext4 ends at 2^44 */
                rmmap_release(file);
                skip_part("a file of 32 TiB can be here");
                return;
        }
        old_file_is_whole(path);
}
END_TEST

static atomic_bool stop;

static void *keep_opening(void *path)
{
        struct rmmap_file *file;

        while (!atomic_load(&stop))
                if (rmmap_open(path, NULL, &file) == 0)
                        rmmap_release(file);
        return NULL;
}

/* Another process opens a new file for a moment, finds it empty, and closes it. */
START_TEST(a_creator_outlasts_openers)
{
        char *path = (char *)(uintptr_t)test_path("contended");
        struct rmmap_file *file;
        pthread_t opener;
        int rounds = test_is_interpreted() ? 100 : 2000, failed = 0;

        inject_start();
        atomic_store(&stop, false);
        ck_assert_int_eq(pthread_create(&opener, NULL, keep_opening, path), 0);
        for (int round = 0; round < rounds; round++) {
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

int main(void)
{
        Suite *suite = suite_create("steps");
        TCase *core = tcase_create("core");

        inject_start();
        tcase_add_loop_test(core, what_has_the_name_last, 0, 3);
        tcase_add_test(core, what_has_the_name_last_is_kept_alone);
        tcase_add_test(core, a_file_that_cannot_be_locked_keeps_its_name);
        tcase_add_test(core, a_new_file_that_cannot_be_locked_goes);
        tcase_add_test(core, a_lock_that_is_tested_comes_back);
#if HAVE_DECL_FLOCK && HAVE_DECL_F_OFD_SETLK
        tcase_add_loop_test(core, nobody_gets_in_while_a_lock_changes, 0, 4);
        tcase_add_test(core, a_lock_of_the_whole_file);
#endif
        tcase_add_loop_test(core, a_lease_is_waited_for, 0, WAYS);
        tcase_add_test(core, space_is_reserved_in_pieces);
        tcase_add_loop_test(core, what_can_not_be_mapped_goes_by_calls, 0, 6);
        tcase_add_test(core, a_refused_create_leaves_an_older_file);
        tcase_add_test(core, a_creator_outlasts_openers);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
