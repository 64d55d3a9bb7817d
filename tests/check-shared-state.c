/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The state file of the shared allocator: where it starts, what is wrong with it, power cuts. */
#include <fcntl.h>
#include <unistd.h>

#include "child.h"
#include "fault/inject.h"
#include "place.h"
#include "sharing.h"

#define STATE_SIZE 12288
#define COUNTER_AT 4096
#define SESSION_AT 4160
#define MARK_AT 8192

static uint64_t word_at(off_t offset)
{
        int fd = open(test_path("state"), O_RDONLY | O_CLOEXEC);
        uint64_t word = 0;

        ck_assert_int_eq(pread(fd, &word, sizeof(word), offset), sizeof(word));
        close(fd);
        return word;
}

static void set_word(off_t offset, uint64_t word)
{
        int fd = open(test_path("state"), O_WRONLY | O_CLOEXEC);

        ck_assert_int_eq(pwrite(fd, &word, sizeof(word), offset), sizeof(word));
        close(fd);
}

static uint64_t mark(void)
{
        return (word_at(MARK_AT) & ((UINT64_C(1) << 40) - 1)) * UNIT;
}

/* By which the handles of one state file know of each other. */
#if HAVE_DECL_F_OFD_SETLK
#define LACKS_LOCKS() ((void)0)
#else
#define LACKS_LOCKS() FLOOR_LACKS("locks of open file descriptions")
#endif

/* ---- where it starts */

START_TEST(where_it_starts)
{
        struct rmmap_options options = shared_options(0);
        struct rmmap_range range;
        struct rmmap_file *file;

        /* Content that is there is never handed out; the first handle decides. */
        test_file("data", SIZE);
        ck_is(open_data(RMMAP_READ_ONLY, &file), -ENOENT);
        ck_ok(open_data(0, &file));
        ck_assert_uint_eq(rmmap_remaining(file), 0);
        rmmap_release(file);
        ck_ok(open_data(RMMAP_REWRITE, &file));
        ck_assert_uint_eq(rmmap_remaining(file), 0);
        rmmap_release(file);
        ck_assert_int_eq(unlink(test_path("state")), 0);
        options.allocate_from = 5000;
        ck_ok(rmmap_open(test_path("data"), &options, &file));
        take(file, 1, 2 * UNIT);
        rmmap_release(file);
        ck_ok(open_data(RMMAP_READ_ONLY, &file));
        ck_is(rmmap_allocate(file, 1, &range), -EROFS); /* nobody could have it any more */
        ck_is(rmmap_allocate_exact(file, UNIT, &range), -EROFS);
        ck_assert_uint_eq(rmmap_allocated(file), 3 * UNIT);
        rmmap_release(file);
        /* A file that is cut starts anew. */
        ck_ok(make("data", SIZE, 0, &file));
        take(file, 1, 0);
        ck_assert_uint_eq(mark(), 0);
        rmmap_release(file);
        ck_is(make("data", SIZE + UNIT, 0, &file), -ESTALE);
}
END_TEST

/* ---- a state that is wrong */

static void damage(off_t offset)
{
        set_word(offset, word_at(offset) ^ 1);
}

START_TEST(a_state_that_is_wrong)
{
        struct rmmap_file *file;

        ck_ok(make("data", SIZE, 0, &file));
        take(file, 1, 0);
        rmmap_release(file);
        switch (_i) {
        case 0: /* cut */
                ck_assert_int_eq(truncate(test_path("state"), STATE_SIZE - 1), 0);
                break;
        case 1: /* empty */
                ck_assert_int_eq(truncate(test_path("state"), 0), 0);
                break;
        case 2: /* longer */
                ck_assert_int_eq(truncate(test_path("state"), STATE_SIZE + 1), 0);
                break;
        case 3: /* the version */
                damage(7);
                break;
        case 4:
                damage(16);
                break;
        case 5: /* the checksum */
                damage(8 * 9);
                break;
        case 6:
                damage(COUNTER_AT);
                break;
        case 7:
                damage(MARK_AT);
                break;
        default: /* only in the checksum's bits */
                damage(MARK_AT + 5);
        }
        ck_is(open_data(0, &file), -EBADMSG);
        ck_is(open_data(RMMAP_READ_ONLY, &file), -EBADMSG);
        ck_is(keep(SIZE, 0, 0, &file), -EBADMSG);
        ck_is(make("data", SIZE, 0, &file), -EBADMSG);
        ck_assert(exists("data"));
}
END_TEST

/* The next file may have its inode. */
START_TEST(a_state_of_a_file_that_is_gone)
{
        struct rmmap_file *file;

        FLOOR_LACKS("birth times");
        ck_ok(make("data", SIZE, 0, &file));
        rmmap_release(file);
        ck_assert_int_eq(unlink(test_path("data")), 0);
        ck_is(make("data", SIZE, 0, &file), -ESTALE);
}
END_TEST

START_TEST(a_state_of_another_file)
{
        struct rmmap_file *file;

        ck_ok(make("data", SIZE, 0, &file));
        rmmap_release(file);
        ck_is(make("other", SIZE, 0, &file), -ESTALE);
        ck_assert(!exists("other"));
        ck_assert(exists("state"));
        ck_is(keep(SIZE + UNIT, 0, 0, &file), -ESTALE);
        ck_is(keep(SIZE, 2 * SIZE, 0, &file), -ESTALE);
        ck_assert_int_eq(truncate(test_path("data"), SIZE - UNIT), 0);
        ck_is(open_data(0, &file), -ESTALE);
        ck_assert_int_eq(unlink(test_path("state")), 0);
        ck_assert_int_eq(symlink("elsewhere", test_path("state")), 0);
        ck_is(make("data", SIZE, 0, &file), -ELOOP);
}
END_TEST

/* A call that fails and removes the file that it made also removes the state that it made. */
START_TEST(nothing_is_left_of_a_failure)
{
        struct rmmap_file *file;

        inject_start();
        inject_fail(INJECT_FTRUNCATE, 1, EIO, 1);
        ck_is(_i == 0 ? make("data", SIZE, 0, &file) : keep(SIZE, 0, 0, &file), -EIO);
        ck_assert_int_eq(inject_failed(), 1);
        ck_assert(!exists("data"));
        ck_assert(!exists("state"));
        ck_ok(make("data", SIZE, 0, &file));
        rmmap_release(file);
}
END_TEST

/* ---- power cuts, as the state file shows them */

START_TEST(the_mark_is_ahead_of_every_sync)
{
        struct rmmap_file *file;
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        unsigned char data[4096] = {1};
        uint64_t counted, session;

        ck_ok(make("data", SIZE, 0, &file));
        ck_assert_uint_eq(mark(), 0);
        range = take(file, UNIT, 0);
        ck_ok(rmmap_write_range(file, range, data, sizeof(data), &receipt));
        inject_start();
        switch (_i) {
        case 0:
                ck_ok(rmmap_sync_range(file, receipt));
                break;
        case 1:
                ck_ok(rmmap_sync_all(file));
                break;
        default:
                ck_ok(rmmap_sync_all(file)); /* what a created file owes */
                range = take(file, UNIT, UNIT);
                ck_ok(rmmap_write_range_durable(file, range, data, sizeof(data), NULL));
        }
        counted = (uint64_t)(_i == 2 ? 2 : 1) * UNIT;
        ck_assert_uint_ge(mark(), counted);
        ck_assert_uint_le(mark(), counted + SIZE / 16);
        /* Up to the mark no sync costs anything more. */
        session = mark();
        inject_start();
        ck_ok(rmmap_sync_all(file));
        ck_assert_uint_eq(mark(), session);
        rmmap_release(file);
}
END_TEST

/* Three are out and synced. Returns the mark. */
static uint64_t close_behind_three_units(void)
{
        struct rmmap_file *file;
        uint64_t marked;

        ck_ok(make("data", SIZE, 0, &file));
        take(file, 3 * UNIT, 0);
        ck_ok(rmmap_sync_all(file));
        marked = mark();
        ck_assert_uint_ge(marked, 3 * UNIT);
        rmmap_release(file);
        return marked;
}

START_TEST(after_a_power_cut_it_goes_on_at_the_mark)
{
        struct rmmap_file *file;
        uint64_t marked = close_behind_three_units();

        /* The disk has an older counter, and the session of another boot. */
        set_word(COUNTER_AT, UNIT);
        set_word(SESSION_AT, 12345);
        ck_ok(open_data(0, &file));
        take(file, 1, marked);
        rmmap_release(file);
        /* A newer one than the mark stays. */
        set_word(COUNTER_AT, 40 * UNIT);
        set_word(SESSION_AT, 12345);
        ck_ok(open_data(0, &file));
        take(file, 1, 40 * UNIT);
        rmmap_release(file);
}
END_TEST

/* Closed, but the disk has an older counter. */
START_TEST(a_counter_that_was_lost_is_not_taken_for_a_closed_one)
{
        struct rmmap_file *file;
        uint64_t marked = close_behind_three_units();

        set_word(COUNTER_AT, UNIT);
        ck_ok(open_data(0, &file));
        take(file, 1, marked);
        rmmap_release(file);
}
END_TEST

static int takes_elsewhere(void *arg)
{
        struct rmmap_range range;
        struct rmmap_file *file;

        if (!place_private())
                return CHILD_SKIPPED;
        child_is(open_data(0, &file), 0);
        child_is(rmmap_allocate(file, 1, &range), 0);
        child_expect(rmmap_range_start(range) == *(uint64_t *)arg);
        rmmap_release(file);
        return 0;
}

/* Another mount namespace has other mounts, and so another session. */
START_TEST(where_mounts_are_others_nothing_is_skipped)
{
        LACKS_LOCKS();
        struct rmmap_file *file;
        uint64_t next = UNIT;

        ck_ok(make("data", SIZE, 0, &file));
        take(file, 1, 0);
        ck_ok(rmmap_sync_all(file));
        ck_child(takes_elsewhere, &next); /* while it is open here */
        rmmap_release(file);
        next = word_at(COUNTER_AT);
        ck_child(takes_elsewhere, &next);
        next = word_at(COUNTER_AT);
        ck_ok(open_data(0, &file));
        take(file, 1, next);
        rmmap_release(file);
        ck_assert_uint_le(next, 3 * UNIT);
}
END_TEST

static bool synced_the_counter(void)
{
        bool synced = false;

        for (int i = 0; i < inject_total(); i++)
                synced = synced ||
                         (inject_record(i).call == INJECT_MSYNC && inject_record(i).length > UNIT);
        return synced;
}

/* Else the disk could say that the file is closed at a counter that was passed. */
START_TEST(the_first_sync_writes_the_counter)
{
        LACKS_LOCKS();
        struct rmmap_file *file;
        struct rmmap_range range;

        ck_ok(make("data", SIZE, 0, &file));
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
        ck_ok(open_data(0, &file));
        range = take(file, UNIT, 0);
        inject_start();
        ck_ok(rmmap_sync_within(file, range, 0, 1));
        ck_assert(synced_the_counter());
        inject_start();
        ck_ok(rmmap_sync_within(file, range, 0, 1));
        ck_assert(!synced_the_counter());
        rmmap_release(file);
}
END_TEST

/* By a process that couldn't know that this one has it open. */
START_TEST(a_file_that_was_told_closed_is_opened_by_the_next_sync)
{
        struct rmmap_file *file;
        struct rmmap_range range;

        ck_ok(make("data", SIZE, 0, &file));
        range = take(file, UNIT, 0);
        ck_ok(rmmap_sync_all(file));
        set_word(SESSION_AT, 2);
        inject_start();
        ck_ok(rmmap_sync_within(file, range, 0, 1));
        ck_assert(synced_the_counter());
        ck_assert_uint_eq(word_at(SESSION_AT), 0);
        rmmap_release(file);
}
END_TEST

/* Its pages are gone: closing touches them by calls only. */
START_TEST(closing_a_file_that_was_cut)
{
        struct rmmap_file *file;

        ck_ok(make("data", SIZE, 0, &file));
        ck_assert_int_eq(truncate(test_path("state"), (off_t)UNIT), 0);
        rmmap_release(file);
}
END_TEST

static int opens_and_closes(void *arg)
{
        int state = open(test_path("state"), O_RDONLY | O_CLOEXEC);
        struct rmmap_file *file;
        uint64_t word;

        (void)arg;
        for (int round = 0; round < (test_sanitized() ? 100 : 1000); round++) {
                child_is(open_data(0, &file), 0);
                child_expect(pread(state, &word, sizeof(word), SESSION_AT) == sizeof(word));
                child_expect(word == 0 || word % 2 == 1); /* not as if it were closed */
                rmmap_release(file);
        }
        return 0;
}

START_TEST(nobody_has_a_closed_file)
{
        struct rmmap_file *file;
        pid_t children[3];

        ck_ok(make("data", SIZE, 0, &file));
        rmmap_release(file);
        for (int i = 0; i < 3; i++)
                children[i] = child_start(opens_and_closes, NULL);
        for (int i = 0; i < 3; i++)
                ck_assert_int_eq(child_wait(children[i]), 0);
        ck_assert_uint_eq(word_at(SESSION_AT) % 2, 0);
}
END_TEST

/* Without a power cut nothing is skipped. */
START_TEST(a_process_more_or_less_skips_nothing)
{
        LACKS_LOCKS();
        struct rmmap_file *file;

        ck_ok(make("data", SIZE, 0, &file));
        take(file, UNIT, 0);
        ck_ok(rmmap_sync_all(file));
        ck_assert_uint_gt(mark(), UNIT);
        rmmap_release(file);
        ck_ok(open_data(0, &file));
        take(file, 1, UNIT);
        rmmap_release(file);
}
END_TEST

/* The mark can't be made durable: the data isn't either, and the error stays. */
START_TEST(a_mark_that_fails_stays_an_error)
{
        struct rmmap_file *file;
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        unsigned char data[4096] = {1};

        ck_ok(make("data", SIZE, 0, &file));
        range = take(file, UNIT, 0);
        ck_ok(rmmap_write_range(file, range, data, sizeof(data), &receipt));
        inject_start();
        inject_fail(INJECT_MSYNC, 1, EIO, 1);
        ck_is(rmmap_sync_range(file, receipt), -EIO);
        ck_is(rmmap_sync_all(file), -EIO);
        ck_is(rmmap_error(file), -EIO);
        rmmap_release(file);
}
END_TEST

/* Bytes that this process has made dirty. */
static long long dirtied(void)
{
        FILE *io = fopen("/proc/self/io", "re");
        long long bytes = -1;
        char line[80];

        while (io != NULL && fgets(line, sizeof(line), io) != NULL)
                if (sscanf(line, "write_bytes: %lld", &bytes) == 1)
                        break;
        if (io != NULL)
                fclose(io);
        return bytes;
}

/* Their write-back may have failed before, which nobody tells a new handle. */
START_TEST(the_first_sync_of_a_handle_writes_pages_that_seem_clean)
{
        struct rmmap_file *first, *second;
        struct rmmap_range range;
        long long before = dirtied();

        ck_ok(make("data", SIZE, 0, &first));
        range = take(first, UNIT, 0);
        ck_ok(rmmap_sync_all(first));
        if (before < 0 || dirtied() == before) {
                rmmap_release(first);
                skip_part("the system doesn't count bytes that become dirty here");
                return;
        }
        ck_ok(rmmap_unclaim_range(first, range));
        ck_ok(open_data(0, &second));
        ck_ok(rmmap_claim_range(second, 0, UNIT, &range));
        before = dirtied();
        ck_ok(rmmap_sync_within(second, range, 0, 1));
        ck_assert_int_ge(dirtied() - before, 2 * 4096);
        before = dirtied();
        ck_ok(rmmap_sync_within(second, range, 0, 1));
        ck_assert_int_eq(dirtied() - before, 0);
        rmmap_release(first);
        rmmap_release(second);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("shared-state");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 60);
        tcase_add_checked_fixture(core, start_empty, NULL);
        tcase_add_test(core, where_it_starts);
        tcase_add_loop_test(core, a_state_that_is_wrong, 0, 9);
        tcase_add_test(core, a_state_of_a_file_that_is_gone);
        tcase_add_test(core, a_state_of_another_file);
        tcase_add_loop_test(core, nothing_is_left_of_a_failure, 0, 2);
        tcase_add_loop_test(core, the_mark_is_ahead_of_every_sync, 0, 3);
        tcase_add_test(core, after_a_power_cut_it_goes_on_at_the_mark);
        tcase_add_test(core, a_counter_that_was_lost_is_not_taken_for_a_closed_one);
        tcase_add_test(core, where_mounts_are_others_nothing_is_skipped);
        tcase_add_test(core, the_first_sync_writes_the_counter);
        tcase_add_test(core, a_file_that_was_told_closed_is_opened_by_the_next_sync);
        tcase_add_test(core, closing_a_file_that_was_cut);
        tcase_add_test(core, nobody_has_a_closed_file);
        tcase_add_test(core, a_process_more_or_less_skips_nothing);
        tcase_add_test(core, a_mark_that_fails_stays_an_error);
        tcase_add_test(core, the_first_sync_of_a_handle_writes_pages_that_seem_clean);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
