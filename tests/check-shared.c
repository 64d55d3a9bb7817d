/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The shared allocator: its contract, creates that fail, growth, and several processes. */
#include <fcntl.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "fault/inject.h"
#include "sharing.h"

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

/* ---- a create that comes to nothing */

static int create_refused(void)
{
        struct rmmap_options options = shared_options(RMMAP_NO_PREALLOCATE);
        struct rmmap_file *file;

        options.engine = RMMAP_ENGINE_MAP; /* not without reserved space */
        return rmmap_create(test_path("data"), SIZE, &options, &file);
}

/* An older file, of which three units are out. with_state: its state says so; else all is. */
static void make_older(bool with_state)
{
        unsigned char data[3 * UNIT];
        struct rmmap_receipt receipt;
        struct rmmap_range range;
        struct rmmap_file *file;

        start_empty();
        if (!with_state) {
                test_file("data", SIZE);
                return;
        }
        ck_ok(make("data", SIZE, 0, &file));
        range = take(file, 3 * UNIT, 0);
        memset(data, 'o', sizeof(data));
        ck_ok(rmmap_write_range(file, range, data, sizeof(data), &receipt));
        ck_ok(rmmap_sync_range(file, receipt));
        rmmap_release(file);
}

static void expect_older_is_out(bool with_state)
{
        struct rmmap_file *file;

        ck_ok(keep(SIZE, 0, 0, &file));
        ck_assert_uint_ge(rmmap_allocated(file), with_state ? 3 * UNIT : SIZE);
        rmmap_release(file);
}

START_TEST(a_create_that_is_refused_hands_nothing_out_again)
{
        bool with_state = _i != 0;

        make_older(with_state);
        ck_is(create_refused(), -EOPNOTSUPP);
        ck_assert(exists("state") == with_state);
        expect_older_is_out(with_state);
}
END_TEST

/* Also after a create that got no further than the cut. */
static void expect_all_is_left(void)
{
        struct rmmap_file *file;

        ck_ok(keep(SIZE, 0, 0, &file));
        ck_assert_uint_eq(rmmap_allocated(file), 0);
        rmmap_release(file);
}

START_TEST(a_create_that_fails_after_the_cut)
{
        struct rmmap_file *file;

        make_older(true);
        inject_start();
        inject_fail(INJECT_FTRUNCATE, 2, ENOSPC, 1);
        ck_is(make("data", SIZE, 0, &file), -ENOSPC);
        expect_all_is_left();
}
END_TEST

static void die(void *arg)
{
        (void)arg;
        _exit(1);
}

static int creates_and_dies(void *step)
{
        struct rmmap_file *file;

        inject_start();
        inject_at(*(const int *)step, die, NULL);
        child_is(make("data", SIZE, 0, &file), 0);
        _exit(0);
}

START_TEST(a_create_that_is_killed_hands_nothing_out_again)
{
        bool with_state = _i != 0;
        int step = 0, whole = 0, cut = 0, status;

        do {
                unsigned char found[2] = {0};
                int fd;

                make_older(with_state);
                step++;
                status = child_wait(child_start(creates_and_dies, &step));
                fd = open(test_path("data"), O_RDONLY | O_CLOEXEC);
                ck_assert_int_ge(pread(fd, found, sizeof(found), UNIT + 1), 0);
                close(fd);
                if (found[0] == 0 && found[1] == 0) {
                        expect_all_is_left();
                        cut++;
                } else {
                        expect_older_is_out(with_state);
                        whole++;
                }
        } while (status != 0);
        ck_assert_int_gt(whole, 5);
        ck_assert_int_gt(cut, 2);
}
END_TEST

START_TEST(a_keep_that_fails_leaves_nothing)
{
        struct rmmap_file *file;
        int err = -ENOMEM;

        for (int k = 1; err == -ENOMEM; k++) {
                inject_start();
                inject_fail(INJECT_MMAP, k, ENOMEM, 1);
                err = keep(SIZE, 0, 0, &file);
                ck_assert(err == 0 || (!exists("data") && !exists("state")));
                ck_assert(err != 0 || k > 2); /* the file's and the state's addresses */
        }
        ck_ok(err);
        rmmap_release(file);
        inject_start(); /* no mapping of a later test fails */
}
END_TEST

/* Else a power cut could leave the old content beside a state that hands it out. */
START_TEST(the_cut_is_durable_before_the_state_starts_anew)
{
        struct rmmap_file *file;
        int msyncs = 0, syncs_of_data = 0;

        make_older(true);
        inject_start();
        ck_ok(make("data", SIZE, 0, &file));
        for (int i = 0; i < inject_total(); i++) {
                struct inject_record record = inject_record(i);

                syncs_of_data += record.call != INJECT_MSYNC && !record.directory &&
                                 record.inode == test_inode(test_path("data"));
                msyncs += record.call == INJECT_MSYNC;
                ck_assert(msyncs == 0 || syncs_of_data > 0);
        }
        ck_assert_int_gt(msyncs, 0);
        take(file, 1, 0);
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
        tcase_add_loop_test(core, a_create_that_is_refused_hands_nothing_out_again, 0, 2);
        tcase_add_loop_test(core, a_create_that_is_killed_hands_nothing_out_again, 0, 2);
        tcase_add_test(core, a_create_that_fails_after_the_cut);
        tcase_add_test(core, a_keep_that_fails_leaves_nothing);
        tcase_add_test(core, the_cut_is_durable_before_the_state_starts_anew);
        tcase_add_test(core, a_shorter_handle_follows);
        tcase_add_loop_test(core, many_open_it_first, 0, 20);
        tcase_add_test(core, a_forked_child);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
