/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Threads that claim at the same time: each byte has one owner at a time, and a claim that fails
 * keeps nothing. Owners write without atomics, so a race detector reports two owners of a byte, and
 * an owner that doesn't see the writes of the one before.
 * Holds B.5.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/sync-annotations.h"
#include "instrumented.h"
#include "support.h"

#define A UINT64_C(4096)
#define BLOCKS 200 /* over some words of the bitmaps */
#define SIZE (BLOCKS * A - 100)
#define THREADS 4

static struct rmmap_file *file;
static unsigned char *bytes;
static int owner_of[BLOCKS]; /* the owner's alone */
static atomic_uint wrong, got, busy;

static unsigned int next_random(unsigned int *seed)
{
        *seed = *seed * 1103515245 + 12345;
        return *seed >> 16;
}

/* Enough rounds to detect each planted mistake within a second. */
static int rounds(int many)
{
        return test_is_instrumented() ? many / 50 : many;
}

static uint64_t end_of(uint64_t block)
{
        return block < BLOCKS ? block * A : SIZE;
}

static void own(uint64_t from, uint64_t to, int me)
{
        for (uint64_t i = from; i < to; i++) {
                if (owner_of[i] != 0)
                        atomic_fetch_add(&wrong, 1);
                owner_of[i] = me;
                bytes[i * A] = (unsigned char)me;
        }
        for (uint64_t i = from; i < to; i++) {
                if (owner_of[i] != me || bytes[i * A] != (unsigned char)me)
                        atomic_fetch_add(&wrong, 1);
                owner_of[i] = 0;
        }
}

/* A claim, or a decode of the same bounds. Both compete with others that overlap. */
static int take(struct rmmap_range *range, uint64_t from, uint64_t to, bool by_decode,
                const struct rmmap_range *whole)
{
        unsigned char encoded[RMMAP_RANGE_ENCODED_SIZE];
        struct rmmap_range low, high, middle;
        int err;

        if (!by_decode || from == 0 || to == BLOCKS)
                return rmmap_claim_range(file, from * A, end_of(to), range);
        err = rmmap_range_split_up(*whole, from * A, &low, &high);
        if (err == RMMAP_SPLIT_BOTH)
                err = rmmap_range_split_up(high, (to - from) * A, &middle, &low);
        if (err == RMMAP_SPLIT_BOTH)
                err = rmmap_range_encode(middle, encoded, sizeof(encoded));
        return err != 0 ? err : rmmap_range_decode(file, encoded, sizeof(encoded), range);
}

struct claimer {
        int me;
        struct rmmap_range whole;
};

static void *claim_and_leave(void *arg)
{
        struct claimer *claimer = arg;
        unsigned int seed = (unsigned int)claimer->me;

        for (int i = 0; i < rounds(200000); i++) {
                uint64_t from = (uint64_t)next_random(&seed) % BLOCKS;
                uint64_t to = from + 1 + (uint64_t)next_random(&seed) % (BLOCKS - from);
                struct rmmap_range range;
                int err = take(&range, from, to, i % 3 == 0, &claimer->whole);

                if (err == -EBUSY) {
                        atomic_fetch_add(&busy, 1);
                        continue;
                }
                if (err != 0) {
                        atomic_fetch_add(&wrong, 1);
                        return NULL;
                }
                atomic_fetch_add(&got, 1);
                own(from, to, claimer->me);
                if (rmmap_unclaim_range(file, range) != 0)
                        atomic_fetch_add(&wrong, 1);
        }
        return NULL;
}

/* allocated: the bytes were allocated and unclaimed; otherwise they were in use before. */
static struct rmmap_range open_for(bool allocated)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_range whole;
        void *data;

        options.allocate_from = allocated ? 0 : UINT64_MAX;
        ck_ok(rmmap_create(test_path("claims"), SIZE, &options, &file));
        if (allocated)
                ck_ok(rmmap_allocate(file, SIZE, &whole));
        else
                ck_ok(rmmap_claim_range(file, 0, SIZE, &whole));
        ck_ok(rmmap_raw_data(file, &data));
        bytes = data;
        memset(owner_of, 0, sizeof(owner_of));
        atomic_store(&wrong, 0);
        return whole;
}

START_TEST(one_owner_at_a_time)
{
        struct claimer claimers[THREADS];
        pthread_t threads[THREADS];
        struct rmmap_range whole = open_for(_i == 0), all;

        ck_ok(rmmap_unclaim_range(file, whole));
        for (int i = 0; i < THREADS; i++) {
                claimers[i] = (struct claimer){i + 1, whole};
                ck_assert_int_eq(pthread_create(&threads[i], NULL, claim_and_leave, &claimers[i]),
                                 0);
        }
        for (int i = 0; i < THREADS; i++)
                pthread_join(threads[i], NULL);
        ck_assert_uint_eq(atomic_load(&wrong), 0);
        ck_assert_uint_gt(atomic_load(&got), 0);
        ck_ok(rmmap_claim_range(file, 0, SIZE, &all)); /* the claims that failed kept nothing */
        file = rmmap_release(file);
}
END_TEST

/*
 * Two claims at the same moment, far more often than by chance. The winner unclaims, and then the
 * whole range can be claimed. Each round has new blocks, alternately vacant and never claimed. With
 * 32-bit pointers a file of them must be smaller.
 */
#define MOMENTS (sizeof(void *) >= 8 ? 5000 : 500)
static atomic_uint arrived;

static void meet(unsigned int *meetings)
{
        NOTE_RELEASE(&arrived);
        atomic_fetch_add(&arrived, 1);
        *meetings += 1;
        while (atomic_load(&arrived) < 2 * *meetings)
                sched_yield();
        NOTE_ACQUIRE(&arrived);
}

static uint64_t base_of(int round)
{
        return (uint64_t)round * BLOCKS * A;
}

static void claim_at_once(uint64_t base, int me, unsigned int *seed, unsigned int *meetings)
{
        uint64_t from = (uint64_t)next_random(seed) % BLOCKS;
        uint64_t to = from + 1 + (uint64_t)next_random(seed) % (BLOCKS - from);
        struct rmmap_range range;
        int err;

        meet(meetings);
        err = rmmap_claim_range(file, base + from * A, base + to * A, &range);
        for (uint64_t i = from; err == 0 && i < to; i++)
                owner_of[i] = me;
        meet(meetings);
        for (uint64_t i = from; err == 0 && i < to; i++)
                if (owner_of[i] != me)
                        atomic_fetch_add(&wrong, 1);
        if (err == 0)
                err = rmmap_unclaim_range(file, range);
        if (err != 0 && err != -EBUSY)
                atomic_fetch_add(&wrong, 1);
        meet(meetings);
}

static void *other_claimer(void *arg)
{
        unsigned int seed = 2, meetings = 0;

        (void)arg;
        for (int i = 0; i < rounds(MOMENTS); i++)
                claim_at_once(base_of(i), 2, &seed, &meetings);
        return NULL;
}

static void leave_vacant(uint64_t start, uint64_t end)
{
        struct rmmap_range range;

        ck_ok(rmmap_claim_range(file, start, end, &range));
        ck_ok(rmmap_unclaim_range(file, range));
}

START_TEST(at_the_same_moment)
{
        struct rmmap_options options = test_options(RMMAP_NO_PREALLOCATE, 0);
        uint64_t blocks = base_of(rounds(MOMENTS)) / A;
        unsigned int seed = 1, meetings = 0;
        pthread_t other;

        NOTE_ATOMIC(&arrived);
        options.allocate_from = UINT64_MAX;
        ck_ok(rmmap_create(test_path("moments"), blocks * A, &options, &file));
        for (uint64_t at = 10; at + 20 < blocks; at += 40)
                leave_vacant(at * A, (at + 20) * A);
        ck_assert_int_eq(pthread_create(&other, NULL, other_claimer, NULL), 0);
        for (int i = 0; i < rounds(MOMENTS); i++) {
                claim_at_once(base_of(i), 1, &seed, &meetings);
                leave_vacant(base_of(i), base_of(i) + BLOCKS * A);
        }
        pthread_join(other, NULL);
        ck_assert_uint_eq(atomic_load(&wrong), 0);
        file = rmmap_release(file);
}
END_TEST

/* The first claims make the bitmaps of a handle; of all that start together one gets the block. */
static atomic_int at_start;

static void *claim_first(void *arg)
{
        struct rmmap_range *range = arg;
        int err;

        atomic_fetch_add(&at_start, 1);
        while (atomic_load(&at_start) < THREADS)
                sched_yield();
        err = rmmap_claim_range(file, A, 2 * A, range);
        return err == 0 ? range : NULL;
}

START_TEST(one_of_the_first)
{
        const char *path = test_file("first", SIZE);

        for (int round = 0; round < 200; round++) {
                struct rmmap_range ranges[THREADS];
                pthread_t threads[THREADS];
                int winners = 0;

                ck_ok(rmmap_open(path, NULL, &file));
                atomic_store(&at_start, 0);
                for (int i = 0; i < THREADS; i++)
                        ck_assert_int_eq(pthread_create(&threads[i], NULL, claim_first, &ranges[i]),
                                         0);
                for (int i = 0; i < THREADS; i++) {
                        void *won;

                        pthread_join(threads[i], &won);
                        winners += won != NULL;
                }
                ck_assert_int_eq(winners, 1);
                file = rmmap_release(file);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("claim-threads");
        TCase *cases = tcase_create("claims");

        tcase_set_timeout(cases, 120);
        tcase_add_loop_test(cases, one_owner_at_a_time, 0, 2);
        tcase_add_test(cases, at_the_same_moment);
        tcase_add_test(cases, one_of_the_first);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
