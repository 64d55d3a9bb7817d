/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One batch serves all threads that ask for durability at the same time. */
#include "fault/together.h"
#include "sync-set.h"

#define THREADS TOGETHER
#define MIB (UINT64_C(1) << 20)
#define SIZE (64 * MIB)

static const unsigned char together[4096] = "together";

ACT(ask_for_all, rmmap_sync_all(file))
ACT(ask_for_range, rmmap_sync_within(file, range, 0, rmmap_range_length(range)))
ACT(ask_by_writing, rmmap_write_range_durable(file, range, together, sizeof(together), NULL))

static void all_are_served(struct rmmap_file *file, struct asker *askers)
{
        inject_start();
        ask_together(file, askers);
        for (int i = 0; i < THREADS; i++)
                ck_ok(askers[i].result);
}

/* Ranges of one page each, this many bytes apart; the file's name is saved already. */
static struct rmmap_file *ready(struct asker *askers, uint64_t apart, act_function *ask)
{
        struct rmmap_range all;
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("group"), SIZE, NULL, &file));
        ck_ok(rmmap_allocate(file, SIZE, &all));
        ck_ok(rmmap_unclaim_range(file, all));
        ck_ok(rmmap_sync_all(file));
        for (uint64_t i = 0; i < THREADS; i++) {
                askers[i] = (struct asker){.file = file, .ask = ask};
                ck_ok(rmmap_claim_range(file, i * apart, i * apart + 4096, &askers[i].range));
                ck_ok(rmmap_write_within(file, askers[i].range, 0, "x", 1));
        }
        return file;
}

/* The running batch doesn't serve a request; one more batch serves all of them. */
/* Holds C.3. */
START_TEST(two_rounds_serve_eight)
{
        struct asker askers[THREADS];
        struct rmmap_file *file = ready(askers, MIB, ask_for_all);
        struct rmmap_info before = described(file), after;

        all_are_served(file, askers);
        after = described(file);
        ck_assert_uint_eq(after.sync_calls - before.sync_calls, THREADS);
        ck_assert_uint_eq(after.sync_rounds - before.sync_rounds, 2);
        ck_assert_int_eq(inject_sync_count(), 2);
        rmmap_release(file);
}
END_TEST

static bool covers(int n, struct rmmap_file *file, struct rmmap_range range)
{
        return serves(n * INJECT_CALLS_OF_SYNC, file, rmmap_range_start(range),
                      rmmap_range_end(range));
}

/* How often less than everything was synced. */
static int ranges_synced(void)
{
        int count = 0;

        for (int n = 0; n < inject_total(); n++)
                count += inject_record(n).call == INJECT_MSYNC && inject_record(n).length < SIZE;
        return count;
}

/* Neighbours are synced in one call; distant ranges by syncing everything, if little is dirty. */
START_TEST(ranges_are_joined)
{
        static const uint64_t apart[] = {4096, 3 * 4096, MIB, 8 * MIB};
        struct asker askers[THREADS];
        struct rmmap_file *file = ready(askers, apart[_i], ask_for_range);

        all_are_served(file, askers);
        ck_assert_int_eq(inject_sync_count(), 2);
        ck_assert(covers(0, file, askers[0].range));
        for (int i = 1; i < THREADS; i++)
                ck_assert(covers(1, file, askers[i].range));
        if (apart[_i] == 4096) /* and not more than was asked for */
                ck_assert_int_eq(ranges_synced(), 2);
        rmmap_release(file);
}
END_TEST

/* Other dirty data isn't waited for when it is much: each range is synced by itself. */
static void dirty_much(struct rmmap_file *file)
{
        static const unsigned char data[MIB] = "dirty";

        for (uint64_t i = 0; i < 6; i++)
                ck_ok(rmmap_raw_write(file, i * 8 * MIB + MIB, data, sizeof(data)));
}

START_TEST(far_ranges_beside_much_else)
{
        struct asker askers[THREADS];
        struct rmmap_file *file = ready(askers, 8 * MIB, ask_for_range);

        dirty_much(file);
        all_are_served(file, askers);
        ck_assert_int_eq(inject_sync_count(), THREADS);
        ck_assert_int_eq(ranges_synced(), THREADS);
        for (int i = 0; i < THREADS; i++) {
                int covered = 0;

                for (int n = 0; n < THREADS; n++)
                        covered += covers(n, file, askers[i].range);
                ck_assert_int_ge(covered, 1);
        }
        rmmap_release(file);
}
END_TEST

/* One caller's distant receipts; with more than the set holds, everything is synced. */
START_TEST(receipts_far_apart)
{
        struct rmmap_receipt receipts[THREADS + 1];
        struct asker askers[THREADS];
        struct rmmap_file *file = ready(askers, 6 * MIB, ask_for_range);
        struct rmmap_range range;

        for (int i = 0; i < THREADS; i++)
                ck_ok(rmmap_mark_written(file, askers[i].range, &receipts[i]));
        ck_ok(rmmap_claim_range(file, SIZE - 4096, SIZE, &range));
        ck_ok(rmmap_mark_written(file, range, &receipts[THREADS]));
        dirty_much(file);
        inject_start();
        ck_ok(rmmap_sync_ranges(file, receipts, THREADS));
        ck_assert_int_eq(inject_sync_count(), THREADS);
        for (int i = 0; i < THREADS; i++)
                ck_assert(covers(i, file, askers[i].range));
        dirty_much(file);
        inject_start();
        ck_ok(rmmap_sync_ranges(file, receipts, THREADS + 1));
        ck_assert_int_eq(inject_sync_count(), 1);
        ck_assert_int_eq(ranges_synced(), 0);
        inject_start(); /* now little is dirty */
        ck_ok(rmmap_sync_ranges(file, receipts, 2));
        ck_assert_int_eq(inject_sync_count(), 1);
        ck_assert_int_eq(ranges_synced(), 0);
        rmmap_release(file);
}
END_TEST

/* ---- without a file: the set covers what was added, with eight ranges at most */

static bool work_covers(const struct sync_set *work, uint64_t start, uint64_t end)
{
        for (unsigned int i = 0; i < work->count; i++)
                if (work->ranges[i].start <= start && end <= work->ranges[i].end)
                        return true;
        return work->everything || start == end;
}

START_TEST(work_covers_what_was_added)
{
        uint64_t state = test_seed();

        for (int batch = 0; batch < 2000; batch++) {
                struct sync_set work = {.everything = false}, joined = {.everything = false};
                uint64_t starts[12], ends[12];

                for (int i = 0; i < 12; i++) {
                        starts[i] = test_random(&state) >> (20 + test_random(&state) % 40);
                        ends[i] = starts[i] + test_random(&state) % (2 * MIB);
                        if (test_random(&state) % 8 == 0)
                                ends[i] = starts[i];
                        sync_set_add(i % 2 == 0 ? &work : &joined, starts[i], ends[i]);
                }
                sync_set_join(&joined, &work);
                ck_assert_uint_le(joined.count, SYNC_SET_RANGES);
                for (int i = 0; i < 12; i++) {
                        struct sync_set_range span = sync_set_span(&joined, UINT64_MAX);

                        ck_assert(work_covers(&joined, starts[i], ends[i]));
                        ck_assert(starts[i] == ends[i] ||
                                  (span.start <= starts[i] && ends[i] <= span.end));
                }
        }
}
END_TEST

START_TEST(all_is_more_than_a_range)
{
        struct asker askers[THREADS];
        struct rmmap_file *file = ready(askers, 4096, ask_for_range);

        askers[4].ask = ask_for_all;
        all_are_served(file, askers);
        ck_assert_int_eq(inject_sync_count(), 2);
        ck_assert_int_eq(ranges_synced(), 1); /* the first batch */
        ck_assert(covers(1, file, askers[4].range));
        rmmap_release(file);
}
END_TEST

/* Some emulators have no pwritev2: a durable write then always takes two steps. */
static bool writes_in_one_call(struct asker *asker)
{
        inject_start();
        ck_ok(asker->ask(asker->file, asker->range));
        return inject_sync_count() == 1;
}

START_TEST(durable_writes_join)
{
        struct asker askers[THREADS];
        struct rmmap_file *file = ready(askers, 4096, ask_by_writing);
        /* The first thread's second step joins the others' batch, or has its own. */
        uint64_t most = writes_in_one_call(&askers[0]) ? 2 : 3;
        struct rmmap_info before = described(file), after;

        all_are_served(file, askers);
        after = described(file);
        ck_assert_uint_ge(after.sync_rounds - before.sync_rounds, 2);
        ck_assert_uint_le(after.sync_rounds - before.sync_rounds, most);
        for (int i = 1; i < THREADS; i++) {
                ck_assert(covers(1, file, askers[i].range));
                ck_assert(test_file_holds(test_path("group"), (uint64_t)i * 4096, "together", 8));
        }
        rmmap_release(file);
}
END_TEST

/* A thread that syncs alone pays only for its own data. */
START_TEST(one_after_the_other_is_a_round_each)
{
        struct asker askers[THREADS];
        struct rmmap_file *file = ready(askers, 4096, ask_for_range);
        struct rmmap_info before = described(file), after;

        for (int i = 0; i < THREADS; i++)
                ck_ok(askers[i].ask(file, askers[i].range));
        after = described(file);
        ck_assert_uint_eq(after.sync_calls - before.sync_calls, THREADS);
        ck_assert_uint_eq(after.sync_rounds - before.sync_rounds, THREADS);
        rmmap_release(file);
}
END_TEST

/* Every call that takes a lock, or might; except flush, which would wait at the gate. */
static void do_everything_but_sync(struct rmmap_file *file, struct rmmap_range range)
{
        unsigned char bytes[4096], state[128];
        size_t length = sizeof(state);
        struct rmmap_file *other = NULL;
        struct rmmap_range more;

        memset(bytes, 'e', sizeof(bytes));
        ck_is(rmmap_allocate(file, 4096, &more), -ENOSPC);
        ck_is(rmmap_allocate_exact(file, 4096, &more), -ENOSPC);
        ck_is(rmmap_claim_range(file, 0, 4096, &more), -EBUSY);
        ck_ok(rmmap_claim_range(file, SIZE - 4096, SIZE, &more));
        ck_ok(rmmap_unclaim_range(file, more));
        ck_ok(rmmap_write_range(file, range, bytes, sizeof(bytes), NULL));
        ck_ok(rmmap_write_within(file, range, 5, bytes, 100));
        ck_ok(rmmap_raw_read(file, rmmap_range_start(range), bytes, sizeof(bytes), NULL));
        ck_assert_uint_ne(described(file).sync_calls, 0);
        ck_ok(rmmap_allocator_save(file, state, &length));
        rmmap_release(rmmap_clone(file));
        ck_ok(rmmap_create(test_path("other"), 4096, NULL, &other));
        rmmap_release(other);
}

/* Holds A.4, A.5. A batch is held in its I/O: a call that waits for it would hang. */
START_TEST(nothing_else_waits_for_a_batch)
{
        struct asker askers[THREADS];
        struct rmmap_file *file = ready(askers, MIB, ask_for_all);

        inject_start();
        inject_close_gate();
        asker_start(&askers[0]);
        ck_assert(test_until(is_at_gate, NULL));
        do_everything_but_sync(file, askers[1].range);
        ck_assert_int_eq(inject_waiting(), 1);
        inject_open_gate();
        ck_assert_int_eq(pthread_join(askers[0].thread, NULL), 0);
        ck_ok(askers[0].result);
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("group-commit");
        TCase *core = tcase_create("core");

        inject_start();
        tcase_set_timeout(core, 120);
        tcase_add_test(core, two_rounds_serve_eight);
        tcase_add_loop_test(core, ranges_are_joined, 0, 4);
        tcase_add_test(core, far_ranges_beside_much_else);
        tcase_add_test(core, receipts_far_apart);
        tcase_add_test(core, work_covers_what_was_added);
        tcase_add_test(core, all_is_more_than_a_range);
        if (INJECT_HAS_PWRITEV2) /* a try that fails has a batch, too */
                tcase_add_test(core, durable_writes_join);
        else
                skip_part("libc has no pwritev2: no write that syncs");
        tcase_add_test(core, one_after_the_other_is_a_round_each);
        tcase_add_test(core, nothing_else_waits_for_a_batch);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
