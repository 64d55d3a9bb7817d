/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The shared allocator: its contract, its state file, what is wrong with one, and growth. */
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "fault/inject.h"
#include "place.h"
#include "support.h"

#define UNIT ((uint64_t)RMMAP_ALIGNMENT)
#define SIZE (64 * UNIT)
#define STATE_SIZE 12288
#define COUNTER_AT 4096
#define SESSION_AT 4160
#define MARK_AT 8192

static struct rmmap_shared_config config = RMMAP_SHARED_CONFIG_INIT;

static struct rmmap_options shared_options(uint32_t flags)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        config.path = test_path("state");
        options.flags = flags;
        options.allocator = rmmap_shared_allocator();
        options.allocator_config = &config;
        return options;
}

static int make(const char *name, uint64_t size, uint32_t flags, struct rmmap_file **file)
{
        struct rmmap_options options = shared_options(flags);

        return rmmap_create(test_path(name), size, &options, file);
}

static int keep(uint64_t size, uint64_t max_size, uint64_t step, struct rmmap_file **file)
{
        struct rmmap_options options = shared_options(RMMAP_KEEP);

        options.max_size = max_size;
        options.grow_step = step;
        return rmmap_create(test_path("data"), size, &options, file);
}

static int open_data(uint32_t flags, struct rmmap_file **file)
{
        struct rmmap_options options = shared_options(flags);

        return rmmap_open(test_path("data"), &options, file);
}

static struct rmmap_range take(struct rmmap_file *file, uint64_t size, uint64_t start)
{
        struct rmmap_range range;

        ck_ok(rmmap_allocate(file, size, &range));
        ck_assert_uint_eq(rmmap_range_start(range), start);
        ck_assert_uint_eq(rmmap_range_length(range), rmmap_align_up(size));
        return range;
}

static bool exists(const char *name)
{
        return access(test_path(name), F_OK) == 0;
}

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

/* ---- the contract */

START_TEST(two_handles_share)
{
        struct rmmap_file *a, *b;
        struct rmmap_range range;

        ck_ok(make("data", SIZE, 0, &a));
        ck_ok(open_data(0, &b));
        take(a, 1, 0);
        take(b, 2 * UNIT, UNIT);
        take(a, UNIT + 1, 3 * UNIT);
        ck_assert_uint_eq(rmmap_allocated(b), 5 * UNIT);
        ck_assert_uint_eq(rmmap_remaining(a), SIZE - 5 * UNIT);
        ck_is(rmmap_allocate_exact(b, SIZE, &range), -ENOSPC);
        ck_ok(rmmap_allocate_exact(b, UNIT, &range));
        ck_ok(rmmap_allocate(a, SIZE, &range));
        ck_assert_uint_eq(rmmap_range_length(range), SIZE - 6 * UNIT);
        ck_is(rmmap_allocate(a, 1, &range), -ENOSPC);
        ck_is(rmmap_allocate(b, 1, &range), -ENOSPC);
        ck_assert_uint_eq(rmmap_remaining(b), 0);
        rmmap_release(a);
        rmmap_release(b);
        ck_ok(open_data(0, &a));
        ck_assert_uint_eq(rmmap_allocated(a), SIZE);
        rmmap_release(a);
}
END_TEST

START_TEST(claims_and_encoded_ranges)
{
        unsigned char bytes[RMMAP_RANGE_ENCODED_SIZE];
        struct rmmap_range mine, theirs, again;
        struct rmmap_file *a, *b;
        bool many = _i != 0;

        ck_ok(make("data", SIZE, many ? RMMAP_SHARED_CLAIMS : 0, &a));
        ck_ok(open_data(many ? RMMAP_SHARED_CLAIMS : 0, &b));
        mine = take(a, 2 * UNIT, 0);
        theirs = take(b, 2 * UNIT, 2 * UNIT);
        ck_ok(rmmap_range_encode(theirs, bytes, sizeof(bytes)));
        ck_is(rmmap_claim_range(a, 0, UNIT, &again), -EBUSY);
        ck_is(rmmap_claim_range(a, 0, 3 * UNIT, &again), -EBUSY);
        ck_is(rmmap_claim_range(a, 2 * UNIT, 5 * UNIT, &again), -ERANGE);
        ck_ok(rmmap_range_decode(a, bytes, sizeof(bytes), &again));
        ck_is(rmmap_range_decode(a, bytes, sizeof(bytes), &theirs), many ? 0 : -EBUSY);
        ck_ok(rmmap_unclaim_range(a, mine));
        ck_ok(rmmap_claim_range(a, 0, UNIT, &mine));
        ck_is(rmmap_give_back_range(a, mine), -EOPNOTSUPP);
        ck_is(rmmap_trim(a), -EOPNOTSUPP); /* also while another handle has the file */
        rmmap_release(a);
        rmmap_release(b);
}
END_TEST

START_TEST(what_it_lacks)
{
        const struct rmmap_allocator_ops *ops = rmmap_shared_allocator();
        unsigned char bytes[256];
        size_t length = sizeof(bytes);
        struct rmmap_range range;
        struct rmmap_file *file;

        ck_assert_str_eq(ops->name, "shared");
        ck_ok(make("data", SIZE, 0, &file));
        ck_is(rmmap_allocator_save(file, bytes, &length), -EOPNOTSUPP);
        ck_is(rmmap_allocator_restore(file, bytes, length), -EOPNOTSUPP);
        ck_is(rmmap_allocate_at(file, 0, UNIT, &range), -EOPNOTSUPP);
        rmmap_release(file);
}
END_TEST

/* Without a handle there is no file, and nothing that could be handed out. */
START_TEST(without_a_handle)
{
        const struct rmmap_allocator_ops *ops = rmmap_shared_allocator();
        struct rmmap_allocator_args args = {.size = sizeof(args), .total = SIZE, .alignment = UNIT};
        uint64_t start, end;
        void *state;

        config.path = test_path("state");
        ck_is(ops->create(&args, &state), -EINVAL);
        ck_is(ops->create(NULL, &state), -EINVAL);
        args.config = &config;
        args.total = (UINT64_C(1) << 47) + UNIT;
        ck_is(ops->create(&args, &state), -EFBIG);
        args.total = SIZE;
        args.alignment = 2 * UNIT;
        ck_is(ops->create(&args, &state), -EINVAL);
        args.alignment = UNIT;
        ck_ok(ops->create(&args, &state));
        ck_is(ops->allocate(state, 1, 0, &start, &end), -EOPNOTSUPP);
        ck_is(ops->claim(state, 0, UNIT), -EOPNOTSUPP);
        ck_assert_uint_eq(ops->remaining(state), 0);
        ops->destroy(state);
        ops->destroy(NULL);
        ck_assert(!exists("state"));
}
END_TEST

START_TEST(what_a_config_must_have)
{
        struct rmmap_options options = shared_options(0);
        struct rmmap_shared_config bad = RMMAP_SHARED_CONFIG_INIT;
        struct rmmap_file *file;

        options.allocator_config = NULL;
        ck_is(rmmap_create(test_path("data"), SIZE, &options, &file), -EINVAL);
        options.allocator_config = &bad;
        ck_is(rmmap_create(test_path("data"), SIZE, &options, &file), -EINVAL);
        bad.path = config.path;
        bad.size--;
        ck_is(rmmap_create(test_path("data"), SIZE, &options, &file), -EINVAL);
        ck_assert(!exists("data"));
        ck_assert(!exists("state"));
}
END_TEST

/* ---- the state file */

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

/* ---- growth */

START_TEST(a_shorter_handle_follows)
{
        unsigned char bytes[RMMAP_RANGE_ENCODED_SIZE];
        struct rmmap_file *a, *b, *c;
        struct rmmap_range range;

        ck_ok(keep(2 * UNIT, SIZE, 0, &a));
        ck_ok(keep(2 * UNIT, SIZE, 2 * UNIT, &b));
        ck_ok(keep(2 * UNIT, SIZE, 0, &c));
        take(a, 2 * UNIT, 0);
        ck_is(rmmap_allocate(a, 1, &range), -ENOSPC);
        take(b, 3 * UNIT, 2 * UNIT);
        ck_assert_uint_eq(rmmap_size(b), 6 * UNIT);
        take(a, 1, 5 * UNIT);
        ck_assert_uint_eq(rmmap_size(a), 6 * UNIT);
        range = take(b, UNIT, 6 * UNIT);
        ck_ok(rmmap_range_encode(range, bytes, sizeof(bytes)));
        ck_ok(rmmap_range_decode(c, bytes, sizeof(bytes), &range));
        ck_assert_uint_eq(rmmap_size(c), 8 * UNIT);
        ck_is(rmmap_claim_range(a, 8 * UNIT, 9 * UNIT, &range), -ERANGE);
        rmmap_release(a);
        rmmap_release(b);
        /* A new handle finds a longer file than that of the state. */
        ck_ok(keep(2 * UNIT, SIZE, 0, &a));
        ck_assert_uint_eq(rmmap_size(a), 8 * UNIT);
        ck_assert_uint_eq(rmmap_allocated(a), 7 * UNIT);
        rmmap_release(a);
        rmmap_release(c);
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

/* By which the handles of one state file know of each other. */
#if HAVE_DECL_F_OFD_SETLK
#define LACKS_LOCKS() ((void)0)
#else
#define LACKS_LOCKS() FLOOR_LACKS("locks of open file descriptions")
#endif

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

/* ---- several processes */

#define PROCESSES 8

/* On the page that all processes of a test share. */
static struct meeting {
        atomic_int go;
        atomic_uchar owner[SIZE / UNIT];
} * meeting;

static int open_and_take(void *arg)
{
        struct rmmap_options options = shared_options(RMMAP_KEEP);
        struct rmmap_range range;
        struct rmmap_file *file;

        (void)arg;
        while (!atomic_load(&meeting->go))
                ;
        child_is(rmmap_create(test_path("data"), SIZE, &options, &file), 0);
        for (;;) {
                int err = rmmap_allocate(file, UNIT, &range);

                if (err == -ENOSPC)
                        break;
                child_is(err, 0);
                child_is(atomic_fetch_add(&meeting->owner[rmmap_range_start(range) / UNIT], 1), 0);
        }
        rmmap_release(file);
        return 0;
}

START_TEST(many_open_it_first)
{
        pid_t child[PROCESSES];

        meeting = mmap(NULL, sizeof(*meeting), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                       -1, 0);
        ck_assert_ptr_ne(meeting, MAP_FAILED);
        for (int i = 0; i < PROCESSES; i++)
                child[i] = child_start(open_and_take, NULL);
        atomic_store(&meeting->go, 1);
        for (int i = 0; i < PROCESSES; i++)
                ck_assert_int_eq(child_wait(child[i]), 0);
        for (size_t i = 0; i < SIZE / UNIT; i++)
                ck_assert_uint_eq(atomic_load(&meeting->owner[i]), 1);
}
END_TEST

static int in_the_child(void *arg)
{
        struct rmmap_file *inherited = arg, *own;
        struct rmmap_range range;

        child_is(rmmap_allocate(inherited, 1, &range), -EPERM);
        child_is(open_data(0, &own), 0);
        child_is(rmmap_allocate(own, 1, &range), 0);
        child_expect(rmmap_range_start(range) == UNIT);
        rmmap_release(own);
        rmmap_release(inherited);
        return 0;
}

START_TEST(a_forked_child)
{
        struct rmmap_file *file;

        ck_ok(make("data", SIZE, 0, &file));
        take(file, 1, 0);
        ck_child(in_the_child, file);
        take(file, 1, 2 * UNIT);
        ck_ok(rmmap_close(file));
}
END_TEST

/* A test that runs in a process of its own uses the directory of the others. */
static void start_empty(void)
{
        unlink(test_path("data"));
        unlink(test_path("other"));
        unlink(test_path("state"));
}

int main(void)
{
        Suite *suite = suite_create("shared");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 60);
        tcase_add_checked_fixture(core, start_empty, NULL);
        tcase_add_test(core, two_handles_share);
        tcase_add_loop_test(core, claims_and_encoded_ranges, 0, 2);
        tcase_add_test(core, what_it_lacks);
        tcase_add_test(core, without_a_handle);
        tcase_add_test(core, what_a_config_must_have);
        tcase_add_test(core, where_it_starts);
        tcase_add_loop_test(core, a_state_that_is_wrong, 0, 9);
        tcase_add_test(core, a_state_of_another_file);
        tcase_add_test(core, a_state_of_a_file_that_is_gone);
        tcase_add_loop_test(core, nothing_is_left_of_a_failure, 0, 2);
        tcase_add_test(core, a_shorter_handle_follows);
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
        tcase_add_loop_test(core, many_open_it_first, 0, 20);
        tcase_add_test(core, a_forked_child);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
