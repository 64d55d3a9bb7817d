/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Fork while other threads hold every lock in turn: a child must never wait forever. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "fault/inject.h"
#include "inherited.h"

static void *sync_once(void *arg)
{
        (void)!rmmap_sync_all(arg);
        return NULL;
}

static bool four_wait(const void *arg)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        return inject_waiting() == 1 && rmmap_describe(arg, &info) == 0 && info.sync_calls == 4;
}

static int use_amid_syncs(void *arg)
{
        struct inherited *inherited = arg;

        child_expect(is_forked(inherited->file));
        child_is(rmmap_write_range(inherited->file, inherited->range, inherited_data, 4096, NULL),
                 0);
        child_is(rmmap_sync_all(inherited->file), -EPERM);
        child_is(rmmap_flush(inherited->file), -EPERM);
        return inherited_release(arg);
}

/* One thread is in a batch, three wait for the next one; none of them exists in the child. */
/* Holds A.8. */
START_TEST(fork_amid_a_round)
{
        struct inherited inherited = inherited_make("amid");
        pthread_t threads[4];

        inject_start();
        inject_close_gate();
        for (int i = 0; i < 4; i++)
                ck_assert_int_eq(pthread_create(&threads[i], NULL, sync_once, inherited.file), 0);
        ck_assert(test_until(four_wait, inherited.file));
        ck_child(inherited_release, &inherited);
        ck_child(inherited_allocates_nothing, &inherited);
        ck_child(use_amid_syncs, &inherited);
        inject_open_gate();
        for (int i = 0; i < 4; i++)
                ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_ok(rmmap_sync_all(inherited.file));
        rmmap_release(inherited.file);
}
END_TEST

static int do_everything(void *arg)
{
        struct inherited *inherited = arg;

        child_is(rmmap_write_range(inherited->file, inherited->range, inherited_data, 4096, NULL),
                 0);
        child_is(rmmap_sync_all(inherited->file), -EPERM);
        child_is(own_handle_works("of-many"), 0);
        rmmap_release(inherited->file);
        return own_handle_works("of-many");
}

static atomic_bool stop;

static void *keep_syncing(void *arg)
{
        while (!atomic_load(&stop))
                (void)!rmmap_sync_all(arg);
        return NULL;
}

static void *keep_opening(void *arg)
{
        struct rmmap_file *file;

        while (!atomic_load(&stop))
                if (rmmap_open(arg, NULL, &file) == 0)
                        rmmap_release(file);
        return NULL;
}

static int work_alone(void *arg)
{
        return own_handle_works(arg);
}

/* Without other handles, each open and release sets up and removes the process-wide state. */
/* Holds A.6. */
START_TEST(fork_amid_first_opens_and_last_releases)
{
        char *path = (char *)(uintptr_t)test_file("opened", INHERITED_SIZE);
        int rounds = test_sanitized() ? 50 : 100;
        pthread_t thread;

        if (test_forked_child_cannot_allocate() != NULL) {
                skip_part("%s", test_forked_child_cannot_allocate());
                return;
        }
        atomic_store(&stop, false);
        ck_assert_int_eq(pthread_create(&thread, NULL, keep_opening, path), 0);
        for (int i = 0; i < rounds; i++)
                ck_child(work_alone, (char *)(uintptr_t) "alone");
        atomic_store(&stop, true);
        ck_assert_int_eq(pthread_join(thread, NULL), 0);
}
END_TEST

START_TEST(fork_at_any_time)
{
        char *path = (char *)(uintptr_t)test_file("opened", INHERITED_SIZE);
        struct inherited inherited = inherited_make("any-time");
        int rounds = test_sanitized() ? 20 : 40;
        pthread_t threads[4];

        if (test_forked_child_cannot_allocate() != NULL) {
                skip_part("%s", test_forked_child_cannot_allocate());
                rmmap_release(inherited.file);
                return;
        }
        atomic_store(&stop, false);
        for (int i = 0; i < 4; i++)
                ck_assert_int_eq(pthread_create(&threads[i], NULL,
                                                i < 2 ? keep_syncing : keep_opening,
                                                i < 2 ? (void *)inherited.file : path),
                                 0);
        for (int i = 0; i < rounds; i++)
                ck_child(do_everything, &inherited);
        atomic_store(&stop, true);
        for (int i = 0; i < 4; i++)
                ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        rmmap_release(inherited.file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("fork-threads");
        TCase *core = tcase_create("core");

        if (test_fork_confuses_tool())
                test_skip_all("helgrind and DRD take a child's threads for its parent's");
        inject_start();
        tcase_set_timeout(core, 100);
        tcase_add_test(core, fork_amid_a_round);
        tcase_add_test(core, fork_amid_first_opens_and_last_releases);
        tcase_add_test(core, fork_at_any_time);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
