/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How warm a window is guessed to be, what that is good for, and what syncs teach. */
#include "child.h"
#include "patience.h"
#include "policy.h"
#include "windows.h"

#define MIB ((size_t)1 << 20)

START_TEST(large_writes_fill_by_one_pass)
{
        struct windows windows;

        ck_ok(windows_create(&windows, 5 * MIB)); /* two whole windows and a short one */
        ck_assert_uint_eq(windows.count, 3);
        windows_note_write(&windows, 0, MIB, 16);
        ck_assert_uint_lt(window_state(&windows, 0), WINDOW_FILLED);
        windows_note_write(&windows, MIB, 2 * MIB, 16); /* over a boundary */
        ck_assert_uint_eq(window_state(&windows, 0), WINDOW_FILLED);
        ck_assert_uint_gt(window_state(&windows, 1), WINDOW_COLD);
        ck_assert_uint_lt(window_state(&windows, 1), WINDOW_FILLED);
        ck_assert_uint_eq(window_state(&windows, 2), WINDOW_COLD);
        windows_note_write(&windows, 0, 5 * MIB, 16);
        ck_assert_uint_eq(window_state(&windows, 1), WINDOW_FILLED);
        window_set(&windows, 1, WINDOW_WARM);
        windows_note_write(&windows, 0, 5 * MIB, 16); /* a call there doesn't unmap it */
        ck_assert_uint_eq(window_state(&windows, 1), WINDOW_WARM);
        windows_destroy(&windows);
}
END_TEST

START_TEST(write_back_cools)
{
        struct windows windows, leftovers;

        ck_ok(windows_create(&windows, 12 * MIB));
        ck_ok(windows_create(&leftovers, 12 * MIB));
        for (size_t window = 0; window < 6; window++)
                window_set(&windows, window, window % 2 ? WINDOW_WARM : WINDOW_FILLED);
        for (size_t window = 1; window < 5; window++)
                ck_assert(!windows_note_writeback(&windows, &leftovers, window));
        for (size_t window = 1; window < 5; window++) {
                ck_assert_uint_eq(window_class(&windows, window * 2 * MIB), WINDOW_COLD);
                ck_assert_uint_eq(window_state(&leftovers, window),
                                  window % 2 ? WINDOW_LEFTOVERS : WINDOW_NO_LEFTOVERS);
        }
        ck_assert_uint_eq(window_state(&windows, 0), WINDOW_FILLED);
        ck_assert_uint_eq(window_state(&windows, 5), WINDOW_WARM);
        ck_assert_uint_eq(window_state(&leftovers, 5), WINDOW_NO_LEFTOVERS);
        windows_destroy(&leftovers);
        windows_destroy(&windows);
}
END_TEST

/* By the second sync of something that calls wrote there, however little; others don't count. */
START_TEST(what_a_sync_left_is_dropped)
{
        struct windows windows, leftovers;

        ck_ok(windows_create(&windows, 4 * MIB));
        ck_ok(windows_create(&leftovers, 4 * MIB));
        for (int durable = 0; durable < 4; durable++) {
                window_set(&windows, 1, WINDOW_WARM);
                ck_assert(!windows_note_writeback(&windows, &leftovers, 1));
                for (int i = 1; i <= 2; i++) {
                        ck_assert(!windows_note_writeback(&windows, &leftovers, 1));
                        if (durable & i) {
                                ck_assert_int_eq(windows_note_durable_write(&leftovers, 1), i == 2);
                                continue;
                        }
                        windows_note_write(&windows, 2 * MIB, 64, 0);
                        ck_assert_int_eq(windows_note_writeback(&windows, &leftovers, 1), i == 2);
                }
                ck_assert_uint_eq(window_state(&leftovers, 1), WINDOW_NO_LEFTOVERS);
                windows_note_write(&windows, 2 * MIB, 64, 0);
                ck_assert(!windows_note_writeback(&windows, &leftovers, 1));
                ck_assert(!windows_note_durable_write(&leftovers, 1));
        }
        windows_destroy(&leftovers);
        windows_destroy(&windows);
}
END_TEST

/* One pass fills, in whatever pieces; also the last window, of which less is there. */
START_TEST(reads_fill_by_one_pass)
{
        static const uint64_t pieces[] = {32768, 36 * 1024, 65536 + 4096, MIB, 3 * MIB};
        const uint64_t size = 4 * MIB + 40000;
        struct windows windows;

        for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
                ck_ok(windows_create(&windows, size));
                windows_note_read(&windows, 0, 2 * MIB / 2);
                ck_assert_uint_lt(window_state(&windows, 0), WINDOW_FILLED);
                for (uint64_t at = 0; at < size; at += pieces[i])
                        windows_note_read(&windows, at, min_u64(pieces[i], size - at));
                for (size_t window = 0; window < 3; window++)
                        ck_assert_uint_eq(window_state(&windows, window), WINDOW_FILLED);
                windows_destroy(&windows);
        }
}
END_TEST

START_TEST(small_writes_fill_after_some)
{
        struct windows windows;
        int writes = 0;

        ck_ok(windows_create(&windows, 4 * MIB));
        for (; window_state(&windows, 1) < WINDOW_FILLED && writes < 1000; writes++)
                windows_note_write(&windows, 2 * MIB + 64, 64, 16);
        ck_assert_int_eq(writes, 16);
        windows_note_write(&windows, 64, 64, 0); /* no more than that something was written */
        windows_note_write(&windows, 64, 64, 0);
        ck_assert_uint_eq(window_state(&windows, 0), WINDOW_COLD + 1);
        windows_set_warm(&windows);
        ck_assert_uint_eq(window_state(&windows, 0), WINDOW_WARM);
        windows_destroy(&windows);
}
END_TEST

/* A cold window that comes after a warm one is going to be filled, if it is begun at its start. */
START_TEST(windows_in_order)
{
        struct windows windows;

        ck_ok(windows_create(&windows, 6 * MIB));
        ck_assert_uint_eq(window_class(&windows, 2 * MIB), WINDOW_COLD);
        window_set(&windows, 0, WINDOW_FILLED);
        ck_assert_uint_eq(window_class(&windows, 2 * MIB), WINDOW_COLD);
        window_set(&windows, 0, WINDOW_WARM);
        ck_assert_uint_eq(window_class(&windows, 2 * MIB), WINDOW_FILLED);
        ck_assert_uint_eq(window_class(&windows, 2 * MIB + WINDOW_START), WINDOW_COLD);
        ck_assert_uint_eq(window_class(&windows, 4 * MIB), WINDOW_COLD);
        ck_assert_uint_eq(window_class(&windows, 1), WINDOW_WARM);
        windows_destroy(&windows);
}
END_TEST

START_TEST(what_each_state_is_good_for)
{
        const uint32_t unknown = RMMAP_PATTERN_UNKNOWN, dense = RMMAP_PATTERN_DENSE,
                       scattered = RMMAP_PATTERN_SCATTERED;

        for (uint32_t pattern = unknown; pattern <= RMMAP_PATTERN_RANDOM; pattern++) {
                for (int large = 0; large < 2; large++)
                        ck_assert_int_eq(policy_way(pattern, large, WINDOW_WARM), WAY_MAP);
                ck_assert_int_eq(policy_way(pattern, true, WINDOW_COLD), WAY_CALL);
                ck_assert_int_eq(policy_way(pattern, true, 100), WAY_CALL);
                ck_assert_int_eq(policy_way(pattern, true, WINDOW_FILLED), WAY_PREPARE);
        }
        ck_assert_int_eq(policy_way(unknown, false, WINDOW_COLD), WAY_CALL);
        ck_assert_int_eq(policy_way(unknown, false, WINDOW_FILLED), WAY_PREPARE);
        ck_assert_int_eq(policy_way(dense, false, WINDOW_COLD), WAY_PREPARE);
        ck_assert_int_eq(policy_way(scattered, false, WINDOW_FILLED), WAY_CALL);
        ck_assert_int_eq(policy_way(RMMAP_PATTERN_SEQUENTIAL, false, WINDOW_COLD), WAY_PREPARE);
        ck_assert_int_eq(policy_way(RMMAP_PATTERN_RANDOM, false, WINDOW_COLD), WAY_CALL);
}
END_TEST

/* ---- how soon a window is prepared, and what syncs teach */

static unsigned int after(struct patience *patience, uint64_t bet, uint64_t written)
{
        patience_note_prepared(patience, bet);
        patience_learn(patience, patience->written_before + written);
        return patience_step(patience);
}

START_TEST(lost_bets_make_patient)
{
        struct patience patience;

        patience_init(&patience);
        ck_assert(patience_is_hasty(&patience));
        ck_assert_uint_eq(after(&patience, 0, 1), PATIENCE_HASTY); /* no bet: nothing to learn */
        ck_assert_uint_eq(after(&patience, 2 * MIB, 2 * MIB), PATIENCE_HASTY);
        ck_assert_uint_eq(after(&patience, 2 * MIB, MIB / 2), PATIENCE_HASTY); /* not that bad */
        ck_assert_uint_eq(after(&patience, 2 * MIB, MIB / 2 - 1), PATIENCE_HASTY / 4);
        ck_assert(!patience_is_hasty(&patience));
        ck_assert_uint_eq(after(&patience, 0, 100 * MIB), PATIENCE_HASTY / 4);
        for (int i = 0; i < 5; i++)
                ck_assert_uint_ge(after(&patience, 2 * MIB, 4096), PATIENCE_CALM);
        ck_assert_uint_eq(patience_step(&patience), PATIENCE_CALM);
        for (int i = 0; i < 5; i++)
                after(&patience, 2 * MIB, MIB);
        ck_assert_uint_eq(patience_step(&patience), PATIENCE_HASTY);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("windows");
        TCase *core = tcase_create("core");

        tcase_add_test(core, large_writes_fill_by_one_pass);
        tcase_add_test(core, write_back_cools);
        tcase_add_test(core, what_a_sync_left_is_dropped);
        tcase_add_test(core, reads_fill_by_one_pass);
        tcase_add_test(core, small_writes_fill_after_some);
        tcase_add_test(core, windows_in_order);
        tcase_add_test(core, what_each_state_is_good_for);
        tcase_add_test(core, lost_bets_make_patient);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
