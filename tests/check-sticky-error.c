/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The kernel reports lost data once. The call that receives the error returns it, and so does every
 * later sync: of the handle, of its clones, in other threads, and in those that waited in a sync
 * while it occurred. The call that receives it may be one that only starts write-back.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "fault/sticky.h"
#include "fault/together.h"
#include "place.h"

#define THREADS TOGETHER
#define LARGE ((size_t)256 << 10) /* is written behind */

static unsigned char large[LARGE];

ACT(sync_all, rmmap_sync_all(file))
ACT(sync_within, rmmap_sync_within(file, range, 0, 1))
ACT(write_durable,
    rmmap_write_range_durable(file, range, sticky_other_data, sizeof(sticky_other_data), NULL))

/* The k-th call of that kind fails, in an act on a file that was synced before or not. */
static const struct {
        enum injected call;
        int k;
        bool synced;
        act_function *act;
        uint32_t fact; /* without it there is no such call */
} firsts[] = {
        {INJECT_FSYNC, 1, false, sync_all, 0},
        {INJECT_FSYNC, 2, false, sync_all, 0}, /* of the directory */
        {INJECT_FDATASYNC, 1, true, sync_all, 0},
        {INJECT_MSYNC, 1, true, sync_within, RMMAP_FACT_MAPPED},
        {INJECT_PWRITEV2, 1, true, write_durable, RMMAP_FACT_RESERVED},
};
#define FIRSTS ((int)(sizeof(firsts) / sizeof(firsts[0])))

/* Holds D.3. */
START_TEST(the_error_of_a_sync_stays)
{
        static const int errors[] = {EIO, ENOSPC, EDQUOT, ESTALE};
        enum injected call = firsts[_i].call;

        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
                struct rmmap_range range;
                struct rmmap_file *file =
                        firsts[_i].synced ? sticky_saved(&range) : sticky_created(&range);

                if ((described(file).facts & firsts[_i].fact) != firsts[_i].fact ||
                    (call == INJECT_PWRITEV2 && !INJECT_HAS_PWRITEV2)) {
                        skip_part("space is not reserved, or no mapping, or libc has no pwritev2: "
                                  "no write that syncs");
                        rmmap_release(file);
                        return;
                }
                inject_fail(call, firsts[_i].k, errors[i], 1);
                ck_is(firsts[_i].act(file, range), -errors[i]);
                ck_assert_int_eq(inject_count(call), firsts[_i].k);
                sticky_is_latched(file, range, -errors[i]);
                rmmap_release(file);
        }
}
END_TEST

static int error_in_child(void *file)
{
        child_is(rmmap_error(file), -EIO);
        child_is(inject_total(), 0);
        return 0;
}

/* Without a sync, and at any time. Holds D.3. */
START_TEST(the_error_is_told_without_io)
{
        struct rmmap_range range;
        struct rmmap_file *file = sticky_saved(&range);

        ck_ok(rmmap_error(file));
        inject_fail(INJECT_FDATASYNC, 1, EIO, 1);
        ck_ok(rmmap_error(file)); /* nobody has met it */
        ck_is(rmmap_sync_all(file), -EIO);
        inject_start();
        ck_is(rmmap_error(file), -EIO);
        ck_is(rmmap_error(file), -EIO);
        ck_child(error_in_child, file);
        ck_assert_int_eq(inject_total(), 0);
        rmmap_release(file);
}
END_TEST

struct forked {
        struct rmmap_file *file;
        int ready[2], go[2];
};

/* Looks when the parent has got the error. */
static int look_later(void *arg)
{
        struct forked *forked = arg;
        char byte = 0;

        child_is(rmmap_error(forked->file), 0);
        child_is((int)write(forked->ready[1], &byte, 1), 1);
        child_is((int)read(forked->go[0], &byte, 1), 1);
        child_is(rmmap_error(forked->file), 0);
        return 0;
}

static void *fail_meanwhile(void *arg)
{
        struct forked *forked = arg;
        char byte = 0;

        if (read(forked->ready[0], &byte, 1) != 1 || rmmap_sync_all(forked->file) != -EIO ||
            write(forked->go[1], &byte, 1) != 1)
                return arg;
        return NULL;
}

/* The copy that a child has is as it was at the fork. */
START_TEST(a_child_has_no_later_error)
{
        struct rmmap_range range;
        struct forked forked = {.file = sticky_saved(&range)};
        pthread_t thread;
        void *failed;

        ck_assert_int_eq(pipe(forked.ready), 0);
        ck_assert_int_eq(pipe(forked.go), 0);
        inject_fail(INJECT_FDATASYNC, 1, EIO, 1);
        ck_assert_int_eq(pthread_create(&thread, NULL, fail_meanwhile, &forked), 0);
        ck_child(look_later, &forked);
        ck_assert_int_eq(pthread_join(thread, &failed), 0);
        ck_assert_ptr_null(failed);
        ck_is(rmmap_error(forked.file), -EIO);
        for (int i = 0; i < 2; i++) {
                close(forked.ready[i]);
                close(forked.go[i]);
        }
        rmmap_release(forked.file);
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

/* Unreadable memory of the caller is no error of the disk. */
START_TEST(bad_memory_is_no_lost_data)
{
        void *bad = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        struct rmmap_range range;
        struct rmmap_file *file = sticky_saved(&range);

        ck_assert_ptr_ne(bad, MAP_FAILED);
        if (!(described(file).facts & RMMAP_FACT_RESERVED)) {
                skip_part("space is not reserved here: no write that syncs in one call");
        } else if (test_under_valgrind()) {
                skip_part("valgrind complains of what is meant");
        } else {
                ck_is(rmmap_write_range_durable(file, range, bad, 4096, NULL), -EFAULT);
                ck_assert_int_eq(sticky_error_of(file), 0);
        }
        ck_ok(rmmap_sync_all(file));
        ck_ok(rmmap_write_range_durable(file, range, sticky_data, 4096, NULL));
        munmap(bad, 4096);
        rmmap_release(file);
}
END_TEST

/* ---- calls that only start write-back: ext4 reports some errors to them alone */

static int flush_range(struct rmmap_file *file, struct rmmap_range range)
{
        struct rmmap_receipt receipt;
        int err = rmmap_mark_written(file, range, &receipt);

        return err != 0 ? err : rmmap_flush_range(file, receipt);
}

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

static int read_behind(struct rmmap_file *file, struct rmmap_range range)
{
        int fd = open("/dev/zero", O_RDONLY | O_CLOEXEC), err;
        uint64_t done = 0;

        err = rmmap_write_range_from_fd(file, range, fd, &done, NULL);
        close(fd);
        return err;
}

ACT(flush_all, rmmap_flush(file))
ACT(flush_raw, rmmap_raw_flush(file, rmmap_range_start(range), 10))
ACT(write_within_behind, rmmap_write_within(file, range, 0, large, LARGE))
ACT(write_raw_behind, rmmap_raw_write(file, rmmap_range_start(range), large, LARGE))
ACT(fill_behind, rmmap_raw_fill(file, 1))

static act_function *const starts[] = {
        flush_all,           flush_range,      flush_raw,   write_behind, write_pieces_behind,
        write_within_behind, write_raw_behind, fill_behind, read_behind,
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
        struct rmmap_file *file;

        if (place_has_only_advice())
                return;
        file = written_behind(&range);
        inject_fail(INJECT_SYNC_FILE_RANGE, 1, ENOSPC, 1);
        ck_is(starts[_i](file, range), -ENOSPC);
        ck_assert_int_eq(sticky_error_of(file), -ENOSPC);
        ck_assert_int_eq(rmmap_range_split_up(range, 4096, &page, &rest), RMMAP_SPLIT_BOTH);
        ck_ok(rmmap_write_range(file, page, sticky_data, 4096, NULL));
        sticky_is_latched(file, page, -ENOSPC);
        ck_ok(starts[_i](file, range)); /* flush ignores earlier errors */
        ck_is(rmmap_sync_all(file), -ENOSPC);
        rmmap_release(file);
}
END_TEST

/* ---- a sync that comes while another call has the error and hasn't latched it yet */

ACT(write_large_durable, rmmap_write_range_durable(file, range, large, LARGE, NULL))

/* With time enough to return a wrong result. */
static void ask_meanwhile(void *arg)
{
        struct asker *asker = arg;

        asker_start(asker);
        for (int i = 0; i < 200 && !atomic_load(&asker->returned); i++)
                test_pause();
}

START_TEST(a_sync_waits_for_who_starts_to_write)
{
        FLOOR_LACKS("start of write-back");
        struct asker asker = {.ask = _i == 0 ? sync_all : write_large_durable};

        if (place_has_only_advice())
                return;
        asker.file = written_behind(&asker.range);
        inject_before(INJECT_SYNC_FILE_RANGE, ask_meanwhile, &asker);
        inject_fail(INJECT_SYNC_FILE_RANGE, 1, EIO, 1);
        ck_is(rmmap_raw_flush(asker.file, 0, 4096), -EIO);
        ck_assert_int_eq(pthread_join(asker.thread, NULL), 0);
        ck_is(asker.result, -EIO);
        rmmap_release(asker.file);
}
END_TEST

/* ---- threads that wait in a sync while the error occurs */

ACT(write_again, rmmap_write_range_durable(file, range, sticky_data, sizeof(sticky_data), NULL))

/* The first one asks for all, and is held in its batch while the others wait for the next. */
static void others_ask(struct rmmap_file *file, struct rmmap_range range, act_function *ask,
                       struct asker *askers)
{
        for (int i = 0; i < THREADS; i++)
                askers[i] = (struct asker){
                        .file = file, .ask = i == 0 ? sync_all : ask, .range = range};
        if (ask == sync_all)
                askers[5].ask = write_again;
        ask_together(file, askers);
}

/* Holds D.3. */
START_TEST(who_waits_gets_it_too)
{
        for (int round = 1; round <= 2; round++) {
                struct rmmap_range range;
                struct rmmap_file *file = sticky_saved(&range);
                struct asker askers[THREADS];

                /* A batch that succeeds doesn't clear the error. */
                inject_fail(INJECT_FDATASYNC, round, EIO, 1);
                others_ask(file, range, sync_all, askers);
                /* Threads of the good batch may see the next one's error already. */
                if (round == 1 || askers[0].result != 0)
                        ck_is(askers[0].result, -EIO);
                for (int i = 1; i < THREADS; i++)
                        ck_is(askers[i].result, -EIO);
                ck_assert_int_eq(inject_sync_count(), 2);
                sticky_is_latched(file, range, -EIO);
                rmmap_release(file);
        }
}
END_TEST

START_TEST(the_first_error_stays_though_a_second_comes)
{
        struct rmmap_range range;
        struct rmmap_file *file = sticky_saved(&range);
        struct asker askers[THREADS];

        if (described(file).facts & RMMAP_FACT_MAPPED) {
                inject_fail(INJECT_FDATASYNC, 1, EIO, 1); /* the batch that is held */
                /* The batch of all others. */
                inject_fail(INJECT_MSYNC, INJECT_CALLS_OF_SYNC, ENOSPC, 1);
                others_ask(file, range, sync_within, askers);
                ck_assert_int_eq(inject_count(INJECT_MSYNC), INJECT_CALLS_OF_SYNC);
                for (int i = 0; i < THREADS; i++)
                        ck_is(askers[i].result, -EIO);
                sticky_is_latched(file, range, -EIO);
        } else {
                skip_part("no mapping on this file system");
        }
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("sticky-error");
        TCase *core = tcase_create("core");

        inject_start();
        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, the_error_of_a_sync_stays, 0, FIRSTS);
        tcase_add_test(core, the_error_is_told_without_io);
        tcase_add_test(core, a_child_has_no_later_error);
        tcase_add_test(core, another_handle_has_its_own);
        tcase_add_test(core, bad_memory_is_no_lost_data);
        tcase_add_loop_test(core, an_error_of_starting_to_write_stays, 0, STARTS);
        tcase_add_loop_test(core, a_sync_waits_for_who_starts_to_write, 0, 2);
        tcase_add_test(core, who_waits_gets_it_too);
        tcase_add_test(core, the_first_error_stays_though_a_second_comes);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
