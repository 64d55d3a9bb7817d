/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Tests of programs that run on Windows, which can't run there. Those that call a function that
 * Windows lacks end by themselves: posix.h. Whole programs are in tests/Makefile.inc.
 */
#ifndef TEST_LEFT_OUT_H
#define TEST_LEFT_OUT_H

/* Of a loop test only first to end - 1, unless end is 0. */
static const struct {
        const char *test, *reason;
        int first, end;
} left_out[] = {
        {"a_lease_is_waited_for", "Windows has no leases", 0, 0},
        {"an_error_of_a_sync_stays", "Windows syncs no directories", 1, 2},
        {"below_a_plain_file", "Windows says that there is no such file", 0, 0},
        {"synced_before_and_after", "Windows syncs no directories", 0, 0},
        {"with_permissions", "Windows has no modes", 0, 0},
        {"without_a_sync", "Windows syncs no directories", 0, 0},
        {"a_lock_that_is_tested_comes_back", "Windows has another error for a locked file", 0, 0},
        {"all_is_more_than_a_range", "Windows syncs a mapping by two calls", 0, 0},
        {"far_ranges_beside_much_else", "Windows syncs a mapping by two calls", 0, 0},
        {"no_directory_can_be_synced", "Windows syncs no directories", 0, 0},
        {"the_first_error_stays_though_a_second_comes", "Windows syncs a mapping by two calls", 0,
         0},
        {"the_first_sync_of_a_created_file_saves_its_size_and_name", "Windows syncs no directories",
         0, 0},
        {"the_mode_is_under_the_umask", "Windows has no modes", 0, 0},
        {"ranges_are_joined", "Windows syncs a mapping by two calls", 0, 1},
        {"receipts_far_apart", "Windows syncs a mapping by two calls", 0, 0},
        {"space_is_reserved_in_pieces", "Windows interrupts no call", 0, 0},
        {"the_error_of_a_sync_stays", "Windows syncs no directories", 1, 2},
        {"paths_that_are_too_long", "Windows takes dots out of a path first", 0, 0},
        {"who_syncs_often_is_bet_on_once", "Windows can't drop page table entries", 1, 2},
        {"who_syncs_often_is_bet_on_once", "Windows can't drop page table entries", 3, 4},
        {"whole_jobs_without_it", "Windows tells of a file whether it is coherent", 18, 27},
        {"whole_jobs_without_it", "Windows has one source of random bytes only", 27, 36},
};

#endif
