/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The assumed state of regions, the paths that follow from it, and what syncs teach. */
#include "child.h"
#include "mapped-ring.h"
#include "page-state.h"
#include "populate-threshold.h"

#define MIB ((size_t)1 << 20)

START_TEST(large_writes_fill_by_one_pass)
{
        struct page_state regions;

        ck_ok(page_state_create(&regions, 5 * MIB,
                                5 * MIB)); /* two whole regions and a short one */
        page_state_note_write(&regions, 0, MIB, 16);
        ck_assert_uint_lt(region_state(&regions, 0), REGION_FILLED);
        page_state_note_write(&regions, MIB, 2 * MIB, 16); /* over a boundary */
        ck_assert_uint_eq(region_state(&regions, 0), REGION_FILLED);
        ck_assert_uint_gt(region_state(&regions, 1), REGION_COLD);
        ck_assert_uint_lt(region_state(&regions, 1), REGION_FILLED);
        ck_assert_uint_eq(region_state(&regions, 2), REGION_COLD);
        page_state_note_write(&regions, 0, 5 * MIB, 16);
        ck_assert_uint_eq(region_state(&regions, 1), REGION_FILLED);
        region_set(&regions, 1, REGION_MAPPED);
        page_state_note_write(&regions, 0, 5 * MIB, 16); /* a call there doesn't unmap it */
        ck_assert_uint_eq(region_state(&regions, 1), REGION_MAPPED);
        page_state_destroy(&regions);
}
END_TEST

/* The page table entries of regions that were mapped are to be dropped. */
START_TEST(write_back_cools)
{
        struct page_state regions;

        ck_ok(page_state_create(&regions, 12 * MIB, 12 * MIB));
        for (size_t region = 0; region < 6; region++)
                region_set(&regions, region, region % 2 ? REGION_MAPPED : REGION_FILLED);
        for (size_t region = 1; region < 5; region++)
                ck_assert_int_eq(page_state_note_writeback(&regions, region), region % 2);
        for (size_t region = 1; region < 5; region++) {
                ck_assert_uint_eq(region_class(&regions, region * 2 * MIB), REGION_COLD);
                ck_assert(!page_state_note_writeback(&regions, region));
        }
        ck_assert_uint_eq(region_state(&regions, 0), REGION_FILLED);
        ck_assert_uint_eq(region_state(&regions, 5), REGION_MAPPED);
        page_state_destroy(&regions);
}
END_TEST

/* One pass fills, with pieces of any size; also in the last region, which is shorter. */
START_TEST(reads_fill_by_one_pass)
{
        static const uint64_t pieces[] = {32768, 36 * 1024, 65536 + 4096, MIB, 3 * MIB};
        const uint64_t size = 4 * MIB + 40000;
        struct page_state regions;

        for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
                ck_ok(page_state_create(&regions, size, size));
                page_state_note_read(&regions, 0, 2 * MIB / 2);
                ck_assert_uint_lt(region_state(&regions, 0), REGION_FILLED);
                for (uint64_t at = 0; at < size; at += pieces[i])
                        page_state_note_read(&regions, at, min_u64(pieces[i], size - at));
                for (size_t region = 0; region < 3; region++)
                        ck_assert_uint_eq(region_state(&regions, region), REGION_FILLED);
                page_state_destroy(&regions);
        }
}
END_TEST

START_TEST(small_writes_fill_after_some)
{
        struct page_state regions;
        int writes = 0;

        ck_ok(page_state_create(&regions, 4 * MIB, 4 * MIB));
        for (; region_state(&regions, 1) < REGION_FILLED && writes < 1000; writes++)
                page_state_note_write(&regions, 2 * MIB + 64, 64, 16);
        ck_assert_int_eq(writes, 16);
        page_state_note_write(&regions, 64, 64, 0); /* only records that there was a write */
        page_state_note_write(&regions, 64, 64, 0);
        ck_assert_uint_eq(region_state(&regions, 0), REGION_COLD + 1);
        page_state_set_mapped(&regions);
        ck_assert_uint_eq(region_state(&regions, 0), REGION_MAPPED);
        page_state_destroy(&regions);
}
END_TEST

/* A cold region after a mapped one counts as filled if the write begins at its start. */
START_TEST(page_state_in_order)
{
        struct page_state regions;

        ck_ok(page_state_create(&regions, 6 * MIB, 6 * MIB));
        ck_assert_uint_eq(region_class(&regions, 2 * MIB), REGION_COLD);
        region_set(&regions, 0, REGION_FILLED);
        ck_assert_uint_eq(region_class(&regions, 2 * MIB), REGION_COLD);
        region_set(&regions, 0, REGION_MAPPED);
        ck_assert_uint_eq(region_class(&regions, 2 * MIB), REGION_FILLED);
        ck_assert_uint_eq(region_class(&regions, 2 * MIB + REGION_START), REGION_COLD);
        ck_assert_uint_eq(region_class(&regions, 4 * MIB), REGION_COLD);
        ck_assert_uint_eq(region_class(&regions, 1), REGION_MAPPED);
        page_state_destroy(&regions);
}
END_TEST

/* ---- the threshold for populating, and what syncs teach */

static unsigned int after(struct populate_threshold *threshold, uint64_t populated,
                          uint64_t written)
{
        populate_note(threshold, populated);
        populate_learn(threshold, threshold->written_before + written, 4 * MIB);
        return populate_step(threshold);
}

START_TEST(lost_bets_make_patient)
{
        struct populate_threshold threshold;

        populate_threshold_init(&threshold);
        ck_assert(populate_threshold_is_lowest(&threshold));
        ck_assert_uint_eq(after(&threshold, 0, 1),
                          POPULATE_STEP_LARGEST); /* nothing was populated */
        ck_assert_uint_eq(after(&threshold, 2 * MIB, 2 * MIB), POPULATE_STEP_LARGEST);
        ck_assert_uint_eq(after(&threshold, 2 * MIB, MIB / 2),
                          POPULATE_STEP_LARGEST); /* not that bad */
        ck_assert_uint_eq(after(&threshold, 2 * MIB, MIB / 2 - 1), POPULATE_STEP_LARGEST / 4);
        ck_assert(!populate_threshold_is_lowest(&threshold));
        ck_assert_uint_eq(after(&threshold, 0, 100 * MIB), POPULATE_STEP_LARGEST / 4);
        for (int i = 0; i < 5; i++)
                ck_assert_uint_ge(after(&threshold, 2 * MIB, 4096), POPULATE_STEP_SMALLEST);
        ck_assert_uint_eq(populate_step(&threshold), POPULATE_STEP_SMALLEST);
        for (int i = 0; i < 5; i++)
                after(&threshold, 2 * MIB, MIB);
        ck_assert_uint_eq(populate_step(&threshold), POPULATE_STEP_LARGEST);
}
END_TEST

START_TEST(four_pages_in_memory_are_enough)
{
        struct page_state regions;

        ck_ok(page_state_create(&regions, 4 * MIB, 4 * MIB));
        for (int i = 0; i < 4; i++) {
                ck_assert_uint_lt(region_state(&regions, 1), REGION_SEEN);
                page_state_note_cached(&regions, 2 * MIB + 4096 * (uint64_t)i);
        }
        ck_assert_uint_eq(region_state(&regions, 1), REGION_SEEN);
        page_state_note_read(&regions, 2 * MIB, 4096);
        ck_assert_uint_eq(region_state(&regions, 1), REGION_FILLED);
        page_state_note_cached(&regions, 2 * MIB);
        ck_assert_uint_eq(region_state(&regions, 1), REGION_FILLED);
        ck_assert_uint_eq(region_state(&regions, 0), REGION_COLD);
        page_state_destroy(&regions);
}
END_TEST

START_TEST(only_mapped_regions_are_left)
{
        struct page_state regions;

        ck_ok(page_state_create(&regions, 4 * MIB, 4 * MIB));
        ck_assert(!page_state_leave(&regions, 0));
        region_set(&regions, 0, REGION_MAPPED);
        ck_assert(page_state_leave(&regions, 0));
        ck_assert(!page_state_leave(&regions, 0));
        page_state_note_write(&regions, 0, 4 * MIB, 16);
        ck_assert_uint_eq(region_class(&regions, 0), REGION_LEFT);
        ck_assert_uint_eq(page_state_in_use(&regions), 4 * MIB);
        ck_assert(!page_state_note_writeback(&regions, 0)); /* has no entries */
        ck_assert_uint_eq(region_class(&regions, 0), REGION_COLD);
        page_state_destroy(&regions);
}
END_TEST

/* How many of count regions, populated one after the other, another one is left for. */
static size_t left(struct mapped_ring *ring, size_t count)
{
        size_t sum = 0;

        for (size_t region = 0; region < count; region++)
                sum += mapped_ring_add(ring, region) != MAPPED_RING_NONE;
        return sum;
}

START_TEST(the_oldest_is_left_until_the_job_returns)
{
        struct mapped_ring ring;

        mapped_ring_init(&ring);
        ck_assert_uint_eq(left(&ring, MAPPED_RING_FIRST), 0);
        ck_assert_uint_eq(left(&ring, MAPPED_RING_FIRST), 0);           /* they are there */
        ck_assert_uint_eq(mapped_ring_add(&ring, 0), MAPPED_RING_NONE); /* now it is the newest */
        ck_assert_uint_eq(mapped_ring_add(&ring, 100), 1);
        ck_assert_uint_eq(mapped_ring_add(&ring, 101), 2);
        ck_assert_uint_ge(left(&ring, 1000), 1000 - MAPPED_RING_FIRST);
        for (unsigned int i = 1; i < MAPPED_RING_FIRST / 4; i++)
                mapped_ring_note_return(&ring);
        ck_assert_uint_eq(ring.length, MAPPED_RING_FIRST);
        mapped_ring_note_return(&ring);
        ck_assert_uint_eq(ring.length, 2 * MAPPED_RING_FIRST);
        for (unsigned int i = 0; i < MAPPED_RING_MOST; i++)
                mapped_ring_note_return(&ring);
        ck_assert_uint_eq(ring.length, 2 * MAPPED_RING_MOST);
        ck_assert_uint_eq(left(&ring, 1000), 0);
        mapped_ring_init(&ring);
        mapped_ring_stop(&ring);
        ck_assert_uint_eq(left(&ring, 1000), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("regions");
        TCase *core = tcase_create("core");

        tcase_add_test(core, large_writes_fill_by_one_pass);
        tcase_add_test(core, write_back_cools);
        tcase_add_test(core, reads_fill_by_one_pass);
        tcase_add_test(core, small_writes_fill_after_some);
        tcase_add_test(core, page_state_in_order);
        tcase_add_test(core, four_pages_in_memory_are_enough);
        tcase_add_test(core, only_mapped_regions_are_left);
        tcase_add_test(core, the_oldest_is_left_until_the_job_returns);
        tcase_add_test(core, lost_bets_make_patient);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
