/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What a forked child may do with inherited handles, and with handles of its own. */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fault/inject.h"
#include "inherited.h"
#include "place.h"

static const unsigned char other[4096] = "of the parent";

static int use_inherited(void *arg)
{
        struct inherited *inherited = arg;
        struct rmmap_file *file = inherited->file;
        struct rmmap_receipt receipt;
        struct rmmap_range claimed;
        unsigned char found[4096];
        void *bytes;

        child_expect(is_forked(file));
        child_is(rmmap_read_range(file, inherited->range, found, 4096, NULL), 0);
        child_expect(memcmp(found, other, 4096) == 0);
        child_is(rmmap_write_range(file, inherited->range, inherited_data, 4096, &receipt), 0);
        child_is(rmmap_range_data(file, inherited->range, &bytes), 0);
        child_expect(memcmp(bytes, inherited_data, 4096) == 0);
        child_is(rmmap_claim_range(file, 0, 4096, &claimed), -EPERM);
        child_is(rmmap_unclaim_range(file, inherited->range), -EPERM);
        rmmap_release(file);
        return 0;
}

/* Holds A.8. */
START_TEST(a_child_writes_and_reads)
{
        struct inherited inherited = inherited_make("uses");

        ck_ok(rmmap_write_range(inherited.file, inherited.range, other, 4096, NULL));
        ck_child(use_inherited, &inherited);
        ck_assert(test_file_holds(test_path("uses"), 0, inherited_data, 4096));
        ck_assert(!is_forked(inherited.file));
        rmmap_release(inherited.file);
}
END_TEST

/* No call reaches the kernel. check-errors has all of them; lengths are looked at later. */
static int inherited_syncs_nothing(void *arg)
{
        struct inherited *inherited = arg;
        struct rmmap_file *file = inherited->file;
        struct rmmap_receipt receipt, untouched = {{7, 7, 7, 7}};

        child_is(rmmap_mark_written(file, inherited->range, &receipt), 0);
        child_is(rmmap_sync_range(file, receipt), -EPERM);
        child_is(rmmap_sync_ranges(file, NULL, 0), -EPERM);
        child_is(rmmap_sync_within(file, inherited->range, 4000, 97), -EPERM);
        child_is(rmmap_sync_all(file), -EPERM);
        child_is(rmmap_raw_sync(file, INHERITED_SIZE, 1), -EPERM);
        child_is(rmmap_flush_range(file, receipt), -EPERM);
        child_is(rmmap_raw_flush(file, INHERITED_SIZE, 1), -EPERM);
        child_is(rmmap_write_range_durable(file, inherited->range, other, 1, &untouched), -EPERM);
        child_expect(untouched.opaque[3] == 7);
        child_is(inject_total(), 0);
        return 0;
}

/* A child's data is written by the kernel or by its parent, which receives the errors. */
static int write_without_behind(void *arg)
{
        struct inherited *inherited = arg;

        child_is(rmmap_raw_fill(inherited->file, 7), 0);
        child_is(inject_count(INJECT_SYNC_FILE_RANGE), 0);
        return 0;
}

START_TEST(a_child_makes_nothing_durable)
{
        FLOOR_LACKS("start of write-back");
        struct rmmap_options options = test_options(RMMAP_WRITE_BEHIND, 0);
        struct inherited inherited;

        ck_ok(rmmap_create(test_path("syncs"), 4 << 20, &options, &inherited.file));
        ck_ok(rmmap_allocate(inherited.file, 4096, &inherited.range));
        ck_ok(rmmap_write_range(inherited.file, inherited.range, inherited_data, 4096, NULL));
        inject_start();
        ck_child(inherited_syncs_nothing, &inherited);
        ck_child(write_without_behind, &inherited);
        ck_ok(rmmap_raw_fill(inherited.file, 8));
        if (!place_has_only_advice())
                ck_assert_int_gt(inject_count(INJECT_SYNC_FILE_RANGE), 0); /* the parent does */
        ck_ok(rmmap_sync_all(inherited.file));
        rmmap_release(inherited.file);
}
END_TEST

/* ---- each method of detecting a fork, in a process that opens its first file */

#define FORK_WAYS 3

/* The library tries three ways to detect a fork. refused: how many madvise calls fail. */
static const struct {
        int refused;
        bool seen_without_libc;
} fork_ways[FORK_WAYS] = {
        {0, true},  /* a page wiped at fork */
        {1, true},  /* a page that a child lacks */
        {2, false}, /* a fork handler */
};

static int be_known(void *arg)
{
        struct inherited *inherited = arg;

        child_expect(is_forked(inherited->file));
        child_is(inherited_allocates_nothing(inherited), 0);
        child_is(own_handle_works("of-known"), 0);
        child_expect(is_forked(inherited->file));
        return inherited_release(inherited);
}

/* By the bare system call, which libc and its handlers don't see. */
static int start_bare(int (*body)(void *), void *arg)
{
        int status;
        pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

        if (child == 0)
                _exit(body(arg));
        return child > 0 && waitpid(child, &status, 0) == child ? status : -1;
}

static int be_known_bare(void *arg)
{
        struct rmmap_range range;

        child_expect(is_forked(((struct inherited *)arg)->file));
        return rmmap_allocate(((struct inherited *)arg)->file, 4096, &range) == -EPERM ? 0 : 1;
}

static int be_first(void *arg)
{
        int way = *(int *)arg;
        struct inherited inherited;

        if (way == 1 && test_under_valgrind()) {
                skip_part("valgrind doesn't ask the kernel whether a page is there");
                return CHILD_SKIPPED;
        }
        inject_start();
        if (fork_ways[way].refused > 0)
                inject_fail(INJECT_MADVISE, 2, EINVAL, fork_ways[way].refused);
        inherited = inherited_make("known");
        child_expect(!is_forked(inherited.file));
        child_is(child_run(be_known, &inherited), 0);
        if (fork_ways[way].seen_without_libc && getenv("RMMAP_EMULATOR") != NULL)
                skip_part("an emulator of a process takes the advice and doesn't follow it");
        else if (fork_ways[way].seen_without_libc && !ON_FLOOR)
                child_is(start_bare(be_known_bare, &inherited), 0);
        child_expect(!is_forked(inherited.file));
        return inherited_release(&inherited);
}

START_TEST(a_child_is_known)
{
        int way = _i;

        ck_child(be_first, &way);
}
END_TEST

/* ---- generations: child, grandchild, and handles that come and go before */

static int as_grandchild(void *arg)
{
        struct inherited *both = arg;
        struct rmmap_range range;

        for (int i = 0; i < 2; i++) {
                child_expect(is_forked(both[i].file));
                child_is(rmmap_allocate(both[i].file, 4096, &range), -EPERM);
                child_is(rmmap_write_range(both[i].file, both[i].range, inherited_data, 4096, NULL),
                         0);
                child_is(rmmap_sync_all(both[i].file), -EPERM);
        }
        child_is(own_handle_works("of-grandchild"), 0);
        rmmap_release(both[0].file);
        child_is(own_handle_works("of-grandchild"), 0);
        rmmap_release(both[1].file);
        return own_handle_works("of-grandchild");
}

static int as_child(void *arg)
{
        struct inherited both[2] = {*(struct inherited *)arg, {NULL, {{0}}}};
        struct rmmap_range range;

        child_is(own_handle_works("of-child"), 0);
        child_is(rmmap_create(test_path("childs"), INHERITED_SIZE, NULL, &both[1].file), 0);
        child_is(rmmap_allocate(both[1].file, 4096, &both[1].range), 0);
        child_is(rmmap_write_range(both[0].file, both[1].range, inherited_data, 4096, NULL),
                 -EXDEV);
        child_is(child_run(as_grandchild, both), 0);
        child_expect(is_forked(both[0].file) && !is_forked(both[1].file));
        child_is(rmmap_allocate(both[1].file, 4096, &range), 0);
        child_is(rmmap_allocate(both[0].file, 4096, &range), -EPERM);
        rmmap_release(both[0].file);
        child_is(rmmap_allocate(both[1].file, 4096, &range), 0);
        rmmap_release(both[1].file);
        return own_handle_works("of-child");
}

START_TEST(children_of_children_and_their_own_handles)
{
        for (int round = 0; round < 3; round++) {
                struct inherited inherited = inherited_make("generations");
                struct rmmap_range range;

                ck_child(as_child, &inherited);
                ck_assert(!is_forked(inherited.file));
                ck_ok(rmmap_allocate(inherited.file, 4096, &range));
                rmmap_release(inherited.file);
                ck_assert_int_eq(own_handle_works("of-parent"), 0);
        }
}
END_TEST

static int pipe_ends[2];

static int use_after_parent(void *arg)
{
        struct inherited *inherited = arg;
        char go;

        child_is((int)read(pipe_ends[0], &go, 1), 1);
        child_is(rmmap_write_range(inherited->file, inherited->range, inherited_data, 4096, NULL),
                 0);
        rmmap_release(inherited->file);
        return 0;
}

START_TEST(each_releases_its_own)
{
        struct inherited inherited = inherited_make("releases");
        struct rmmap_receipt receipt;
        pid_t child;

        ck_child(inherited_release, &inherited);
        ck_ok(rmmap_write_range(inherited.file, inherited.range, other, 4096, &receipt));
        ck_ok(rmmap_sync_range(inherited.file, receipt));
        ck_assert(test_file_holds(test_path("releases"), 0, other, sizeof(other)));
        ck_assert_int_eq(pipe(pipe_ends), 0);
        child = child_start(use_after_parent, &inherited);
        rmmap_release(inherited.file);
        ck_assert_int_eq(write(pipe_ends[1], "!", 1), 1);
        ck_assert_int_eq(child_wait(child), 0);
        ck_assert(test_file_holds(test_path("releases"), 0, inherited_data, 4096));
}
END_TEST

/* ---- fork handlers of the program's, which may run before or after those of the library */

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

START_TEST(a_handler_of_fork_may_use_the_library)
{
        FLOOR_LACKS("word of a fork before its handlers");

        if (getenv("RMMAP_EMULATOR") != NULL) {
                skip_part("an emulator of a process takes the advice and doesn't follow it");
                return;
        }
        handler_result = -EINVAL;
        ck_assert_int_eq(pthread_atfork(NULL, NULL, use_in_handler), 0);
        ck_ok(rmmap_create(test_path("inherited"), 4096, NULL, &of_handler));
        ck_child(tell_result, NULL);
        of_handler = rmmap_release(of_handler);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("fork");
        TCase *core = tcase_create("core");

        if (test_fork_confuses_tool())
                test_skip_all("helgrind and DRD take a child's threads for its parent's");
        tcase_set_timeout(core, 120);
        /* First: where tests aren't forked, no file was opened before. */
        tcase_add_loop_test(core, a_child_is_known, 0, FORK_WAYS);
        tcase_add_test(core, a_child_writes_and_reads);
        tcase_add_test(core, a_child_makes_nothing_durable);
        tcase_add_test(core, children_of_children_and_their_own_handles);
        tcase_add_test(core, each_releases_its_own);
        tcase_add_test(core, a_handler_of_fork_may_use_the_library);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
