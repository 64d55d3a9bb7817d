/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel reports lost data once. The call that receives the error returns it, and so does every
 * later sync: of the handle, of its clones, in other threads. The call that receives it may be one
 * that only starts write-back.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "fault/sticky.h"

static const int errors[] = {EIO, ENOSPC, EDQUOT, ESTALE};

/* Holds D.3. */
START_TEST(an_error_of_fsync_stays)
{
        struct rmmap_range range;
        struct rmmap_file *file = sticky_created(&range);

        /* The first sync of a created file syncs the file and its directory. */
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

/* Syncs return 0 until some call receives the error, and the error from then on. */
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

/* ---- calls that only start write-back: ext4 reports some errors to them alone */

#define LARGE ((size_t)256 << 10) /* is written behind */

static int flush_all(struct rmmap_file *file, struct rmmap_range range)
{
        (void)range;
        return rmmap_flush(file);
}

static int flush_range(struct rmmap_file *file, struct rmmap_range range)
{
        struct rmmap_receipt receipt;
        int err = rmmap_mark_written(file, range, &receipt);

        return err != 0 ? err : rmmap_flush_range(file, receipt);
}

static int flush_raw(struct rmmap_file *file, struct rmmap_range range)
{
        return rmmap_raw_flush(file, rmmap_range_start(range), 10);
}

static unsigned char large[LARGE];

static int write_behind(struct rmmap_file *file, struct rmmap_range range)
{
        struct rmmap_receipt untouched = {{7, 7, 7, 7}};
        int err = rmmap_write_range(file, range, large, LARGE, &untouched);

        ck_assert(err == 0 || untouched.opaque[3] == 7);
        return err;
}

static int write_pieces_behind(struct rmmap_file *file, struct rmmap_range range)
{
        struct iovec pieces[] = {{large, LARGE / 2}, {large, LARGE / 2}};

        return rmmap_writev_range(file, range, pieces, 2, NULL);
}

static int write_within_behind(struct rmmap_file *file, struct rmmap_range range)
{
        return rmmap_write_within(file, range, 0, large, LARGE);
}

static int write_raw_behind(struct rmmap_file *file, struct rmmap_range range)
{
        return rmmap_raw_write(file, rmmap_range_start(range), large, LARGE);
}

static int fill_behind(struct rmmap_file *file, struct rmmap_range range)
{
        (void)range;
        return rmmap_raw_fill(file, 1);
}

static int read_behind(struct rmmap_file *file, struct rmmap_range range)
{
        int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC), err;
        uint64_t done = 0;

        err = rmmap_write_range_from_fd(file, range, fd, &done, NULL);
        close(fd);
        return err;
}

static const struct {
        int (*start)(struct rmmap_file *file, struct rmmap_range range);
        bool only_better; /* only improves speed: a missing call is no error */
} starts[] = {
        {flush_all, false},       {flush_range, false},        {flush_raw, false},
        {write_behind, true},     {write_pieces_behind, true}, {write_within_behind, true},
        {write_raw_behind, true}, {fill_behind, true},         {read_behind, true},
};
#define STARTS ((int)(sizeof(starts) / sizeof(starts[0])))

static struct rmmap_file *written_behind(struct rmmap_range *range)
{
        struct rmmap_options options = test_options(RMMAP_WRITE_BEHIND, 0);
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("sticky"), 2 * LARGE, &options, &file));
        ck_ok(rmmap_allocate(file, LARGE, range));
        ck_ok(rmmap_raw_write(file, 0, sticky_data, sizeof(sticky_data)));
        ck_ok(rmmap_sync_all(file));
        inject_start();
        return file;
}

/* Holds D.3, D.4. */
START_TEST(an_error_of_starting_to_write_stays)
{
        FLOOR_LACKS("start of write-back");
        struct rmmap_range range, page, rest;
        struct rmmap_file *file = written_behind(&range);

        inject_fail(INJECT_SYNC_FILE_RANGE, 1, ENOSPC, 1);
        ck_is(starts[_i].start(file, range), -ENOSPC);
        ck_assert_int_eq(sticky_error_of(file), -ENOSPC);
        ck_assert_int_eq(rmmap_range_split_up(range, 4096, &page, &rest), RMMAP_SPLIT_BOTH);
        ck_ok(rmmap_write_range(file, page, sticky_data, 4096, NULL));
        sticky_is_latched(file, page, -ENOSPC);
        ck_ok(starts[_i].start(file, range)); /* flush ignores earlier errors */
        ck_is(rmmap_sync_all(file), -ENOSPC);
        rmmap_release(file);
}
END_TEST

START_TEST(where_it_cannot_be_had_nothing_stays)
{
        FLOOR_LACKS("start of write-back");
        static const int refusals[] = {ENOSYS, EOPNOTSUPP, EPERM, EINVAL, EACCES};

        for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
                struct rmmap_range range;
                struct rmmap_file *file = written_behind(&range);

                inject_fail(INJECT_SYNC_FILE_RANGE, 1, refusals[i], 1);
                ck_is(starts[_i].start(file, range), starts[_i].only_better ? 0 : -EOPNOTSUPP);
                ck_assert_int_eq(inject_failed(), 1);
                ck_ok(rmmap_sync_all(file));
                rmmap_release(file);
        }
}
END_TEST

/* ---- a sync that comes while another call has the error and hasn't latched it yet */

struct meanwhile {
        struct rmmap_file *file;
        struct rmmap_range range;
        pthread_t thread;
        int way, answer;
        atomic_bool over;
};

static void *sync_meanwhile(void *arg)
{
        struct meanwhile *meanwhile = arg;

        meanwhile->answer = meanwhile->way == 0
                                    ? rmmap_sync_all(meanwhile->file)
                                    : rmmap_write_range_durable(meanwhile->file, meanwhile->range,
                                                                large, LARGE, NULL);
        atomic_store(&meanwhile->over, true);
        return NULL;
}

static void start_sync(void *arg)
{
        struct meanwhile *meanwhile = arg;

        ck_assert_int_eq(pthread_create(&meanwhile->thread, NULL, sync_meanwhile, meanwhile), 0);
        /* Time enough to return a wrong result. */
        for (int i = 0; i < 200 && !atomic_load(&meanwhile->over); i++)
                test_pause();
}

START_TEST(a_sync_waits_for_who_starts_to_write)
{
        FLOOR_LACKS("start of write-back");
        struct meanwhile meanwhile = {.way = _i, .answer = 1};

        meanwhile.file = written_behind(&meanwhile.range);
        inject_before(INJECT_SYNC_FILE_RANGE, start_sync, &meanwhile);
        inject_fail(INJECT_SYNC_FILE_RANGE, 1, EIO, 1);
        ck_is(rmmap_raw_flush(meanwhile.file, 0, 4096), -EIO);
        ck_assert_int_eq(pthread_join(meanwhile.thread, NULL), 0);
        ck_is(meanwhile.answer, -EIO);
        rmmap_release(meanwhile.file);
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
        tcase_add_loop_test(core, an_error_of_starting_to_write_stays, 0, STARTS);
        tcase_add_loop_test(core, where_it_cannot_be_had_nothing_stays, 0, STARTS);
        tcase_add_loop_test(core, a_sync_waits_for_who_starts_to_write, 0, 2);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
