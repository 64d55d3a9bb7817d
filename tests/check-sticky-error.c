/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel tells of lost data once. Whoever meets that error gets it, and so does every later
 * sync: of the handle, its clones, other threads, forked children.
 */
#include <unistd.h>

#include "fault/sticky.h"

static const int errors[] = {EIO, ENOSPC, EDQUOT, ESTALE};

/* Holds D.3. */
START_TEST(an_error_of_fsync_stays)
{
        struct rmmap_range range;
        struct rmmap_file *file = sticky_created(&range);

        /* Of the file or of its directory, which the first sync of a created file syncs, too. */
        for (int k = 1; k <= 2; k++) {
                inject_fail(INJECT_FSYNC, k, errors[_i], 1);
                ck_is(rmmap_sync_all(file), -errors[_i]);
                ck_assert_int_eq(inject_count(INJECT_FSYNC), k);
                sticky_is_latched(file, range, -errors[_i]);
                rmmap_release(file);
                file = sticky_created(&range);
        }
        rmmap_release(file);
}
END_TEST

START_TEST(an_error_of_fdatasync_stays)
{
        struct rmmap_range range;
        struct rmmap_file *file = sticky_saved(&range);

        inject_fail(INJECT_FDATASYNC, 1, errors[_i], 1);
        ck_is(rmmap_sync_all(file), -errors[_i]);
        sticky_is_latched(file, range, -errors[_i]);
        rmmap_release(file);
}
END_TEST

START_TEST(an_error_of_msync_stays)
{
        struct rmmap_range range;
        struct rmmap_file *file = sticky_saved(&range);
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        if (info.facts & RMMAP_FACT_MAPPED) {
                inject_fail(INJECT_MSYNC, 1, errors[_i], 1);
                ck_is(rmmap_sync_within(file, range, 0, 4096), -errors[_i]);
                sticky_is_latched(file, range, -errors[_i]);
        } else {
                skip_part("no mapping on this file system");
        }
        rmmap_release(file);
}
END_TEST

START_TEST(an_error_of_a_durable_write_stays)
{
        struct rmmap_range range;
        struct rmmap_file *file = sticky_saved(&range);
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        if (INJECT_HAS_PWRITEV2 && (info.facts & RMMAP_FACT_RESERVED)) {
                inject_fail(INJECT_PWRITEV2, 1, errors[_i], 1);
                ck_is(rmmap_write_range_durable(file, range, sticky_other_data, 4096, NULL),
                      -errors[_i]);
                ck_assert_int_eq(inject_sync_count(), 1);
                sticky_is_latched(file, range, -errors[_i]);
        } else {
                skip_part("space is not reserved, or libc has no pwritev2: no write that syncs");
        }
        rmmap_release(file);
}
END_TEST

/* Before it 0, from it on the error: whichever call of a job meets it. */
START_TEST(whichever_call_meets_it)
{
        for (int k = 1; k <= 6; k++) {
                struct rmmap_range range;
                struct rmmap_file *file = sticky_saved(&range);

                inject_fail(INJECT_FDATASYNC, k, EIO, 1);
                for (int i = 1; i <= 8; i++) {
                        ck_ok(rmmap_write_range(file, range, sticky_data, sizeof(sticky_data),
                                                NULL));
                        ck_is(rmmap_sync_all(file), i < k ? 0 : -EIO);
                        ck_assert_int_eq(sticky_error_of(file), i < k ? 0 : -EIO);
                }
                rmmap_release(file);
        }
}
END_TEST

START_TEST(another_handle_has_its_own)
{
        struct rmmap_range range;
        struct rmmap_file *file = sticky_saved(&range), *other;

        ck_ok(rmmap_open(test_path("sticky"), NULL, &other));
        inject_fail(INJECT_FDATASYNC, 1, EIO, 1);
        ck_is(rmmap_sync_all(file), -EIO);
        ck_ok(rmmap_sync_all(other));
        ck_assert_int_eq(sticky_error_of(other), 0);
        rmmap_release(other);
        ck_ok(rmmap_open(test_path("sticky"), NULL, &other)); /* nor a new one */
        ck_ok(rmmap_sync_all(other));
        ck_is(rmmap_sync_all(file), -EIO);
        rmmap_release(other);
        rmmap_release(file);
}
END_TEST

/* ---- over fork: one open file description, so one error */

static int meet_error(void *arg)
{
        inject_fail(INJECT_FDATASYNC, 1, ENOSPC, 1);
        child_is(rmmap_sync_all(arg), -ENOSPC);
        return 0;
}

START_TEST(a_child_meets_it_for_its_parent)
{
        struct rmmap_range range;
        struct rmmap_file *file = sticky_saved(&range);

        ck_child(meet_error, file);
        ck_assert_int_eq(sticky_error_of(file), -ENOSPC);
        sticky_is_latched(file, range, -ENOSPC);
        rmmap_release(file);
}
END_TEST

static int ready_pipe[2];

static int wait_and_sync(void *arg)
{
        char go;

        child_is((int)read(ready_pipe[0], &go, 1), 1);
        child_is(rmmap_sync_all(arg), -EIO);
        return 0;
}

START_TEST(a_parent_meets_it_for_its_child)
{
        struct rmmap_range range;
        struct rmmap_file *file = sticky_saved(&range);
        pid_t child;

        ck_assert_int_eq(pipe(ready_pipe), 0);
        child = child_start(wait_and_sync, file);
        inject_fail(INJECT_FDATASYNC, 1, EIO, 1);
        ck_is(rmmap_sync_all(file), -EIO);
        ck_assert_int_eq(write(ready_pipe[1], "!", 1), 1);
        ck_assert_int_eq(child_wait(child), 0);
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("sticky-error");
        TCase *core = tcase_create("core");
        const int error_count = sizeof(errors) / sizeof(errors[0]);

        inject_start();
        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, an_error_of_fsync_stays, 0, error_count);
        tcase_add_loop_test(core, an_error_of_fdatasync_stays, 0, error_count);
        tcase_add_loop_test(core, an_error_of_msync_stays, 0, error_count);
        tcase_add_loop_test(core, an_error_of_a_durable_write_stays, 0, error_count);
        tcase_add_test(core, whichever_call_meets_it);
        tcase_add_test(core, another_handle_has_its_own);
        if (test_fork_confuses_tool()) {
                skip_part("helgrind and DRD take a child's threads for its parent's");
        } else {
                tcase_add_test(core, a_child_meets_it_for_its_parent);
                tcase_add_test(core, a_parent_meets_it_for_its_child);
        }
        suite_add_tcase(suite, core);
        return test_run(suite);
}
