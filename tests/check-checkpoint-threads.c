/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Threads that allocate, write, sync in each way and give back in one file with a checkpoint, while
 * another thread asks what is recorded. An oracle has what each block was promised: a handle that
 * is made afterwards finds just that recorded. The threads record; the main thread checks the
 * record. Holds E.2, E.4.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "base/sync-annotations.h"
#include "child.h"
#include "support.h"

#define BLOCK UINT64_C(4096)
#define BLOCKS 4000 /* two slots of the side file */
#define SIZE (BLOCKS * BLOCK - 1000)
#define THREADS 4
#define MOST 6 /* blocks of a range */
#define BATCH 3

/* What is found of a block by the next handle. */
enum found {
        FOUND_NOTHING, /* it was given back, or never written */
        FOUND_MAYBE,   /* it has a receipt that this thread didn't sync */
        FOUND_RECORDED,
};

static struct rmmap_file *file;
/* Of blocks that a thread has: only that thread changes them. */
static atomic_uint oracle[BLOCKS];
/* It was written for good: whoever finds it recorded from then on finds its content. */
static atomic_bool kept[BLOCKS];
static atomic_uint running;
static const char *wrong; /* of threads: the last one counts */
static atomic_uint wrongs, looks, seen;

struct piece {
        struct rmmap_range range;
        struct rmmap_receipt receipt;
        uint64_t first, end; /* blocks */
};

struct worker {
        pthread_t thread;
        unsigned int turns;
        uint64_t random;
        struct piece held[BATCH]; /* not synced yet */
        size_t holds;
        unsigned char data[MOST * BLOCK];
};

#define expect(condition)                                                                          \
        do {                                                                                       \
                if (!(condition) && atomic_fetch_add(&wrongs, 1) == 0)                             \
                        wrong = #condition;                                                        \
        } while (0)

static int open_file(uint32_t flags, struct rmmap_file **opened)
{
        struct rmmap_checkpoint checkpoint = RMMAP_CHECKPOINT_INIT;
        struct rmmap_options options = test_options(flags, RMMAP_ENGINE_AUTO);

        checkpoint.path = test_path("side");
        checkpoint.identity = "threads";
        checkpoint.identity_length = 7;
        options.checkpoint = &checkpoint;
        return rmmap_create(test_path("data"), SIZE, &options, opened);
}

/* ---- what a thread has */

static void promise(const struct piece *piece, enum found found)
{
        for (uint64_t block = piece->first; block < piece->end; block++)
                atomic_store_explicit(&oracle[block], found, memory_order_relaxed);
}

/* Nobody else changes what is recorded of a range that this thread has. */
static bool is_recorded(const struct piece *piece)
{
        uint64_t start, end;

        return rmmap_next_recorded(file, piece->first * BLOCK, &start, &end) == 0 &&
               start == piece->first * BLOCK && end >= rmmap_range_end(piece->range);
}

static bool has_nothing_recorded(const struct piece *piece)
{
        uint64_t start, end;

        return rmmap_next_recorded(file, piece->first * BLOCK, &start, &end) != 0 ||
               start >= rmmap_range_end(piece->range);
}

static void stamp(unsigned char *bytes, uint64_t block)
{
        for (size_t i = 0; i < BLOCK; i += sizeof(block))
                memcpy(bytes + i, &block, sizeof(block));
}

static void was_synced(const struct piece *piece)
{
        expect(is_recorded(piece));
        promise(piece, FOUND_RECORDED);
}

static void sync_held(struct worker *worker)
{
        struct rmmap_receipt receipts[BATCH];

        for (size_t i = 0; i < worker->holds; i++)
                receipts[i] = worker->held[i].receipt;
        must(rmmap_sync_ranges(file, receipts, worker->holds));
        for (size_t i = 0; i < worker->holds; i++)
                was_synced(&worker->held[i]);
        worker->holds = 0;
}

/* false: it isn't synced by this thread. */
static bool write_and_sync(struct worker *worker, struct piece *piece, uint64_t way)
{
        size_t length = (size_t)rmmap_range_length(piece->range);

        if (way == 0) {
                must(rmmap_write_range_durable(file, piece->range, worker->data, length, NULL));
                return true;
        }
        promise(piece, FOUND_MAYBE);
        must(rmmap_write_range(file, piece->range, worker->data, length, &piece->receipt));
        if (way == 1)
                must(rmmap_sync_range(file, piece->receipt));
        if (way == 2)
                must(rmmap_sync_all(file));
        if (way == 3 && worker->holds < BATCH)
                worker->held[worker->holds++] = *piece;
        return way == 1 || way == 2;
}

static void give_back(struct piece *piece)
{
        promise(piece, FOUND_NOTHING);
        must(rmmap_give_back_range(file, piece->range));
}

/* false: nothing is left. */
static bool take_turn(struct worker *worker)
{
        uint64_t random = test_random(&worker->random), way = random % 5;
        bool keeps = random >> 8 & 1, synced;
        struct piece piece;
        int err = rmmap_allocate(file, (1 + (random >> 16) % MOST) * BLOCK, &piece.range);

        if (err != 0) {
                must(err == -ENOSPC ? 0 : err);
                return false;
        }
        piece.first = rmmap_range_start(piece.range) / BLOCK;
        piece.end = piece.first + (rmmap_range_length(piece.range) + BLOCK - 1) / BLOCK;
        expect(has_nothing_recorded(&piece));
        for (uint64_t block = piece.first; block < piece.end; block++) {
                stamp(worker->data + (block - piece.first) * BLOCK, block);
                if (keeps || way == 3)
                        atomic_store(&kept[block], true);
        }
        synced = write_and_sync(worker, &piece, way);
        if (synced)
                was_synced(&piece);
        if (worker->holds == BATCH)
                sync_held(worker);
        if (!keeps && way != 3)
                give_back(&piece);
        return true;
}

static void *work(void *arg)
{
        struct worker *worker = arg;

        for (unsigned int turn = 0; turn < worker->turns && take_turn(worker); turn++)
                ;
        if (worker->holds > 0)
                sync_held(worker);
        atomic_fetch_sub(&running, 1);
        return NULL;
}

/* ---- who asks */

/* Recorded, and written for good before: it can be read. */
static void look_at(uint64_t start, uint64_t end)
{
        for (uint64_t block = start / BLOCK; block * BLOCK < end; block += 1 + block % 7) {
                unsigned char found[8];
                uint64_t from, to, value;

                if (!atomic_load(&kept[block]) ||
                    rmmap_next_recorded(file, block * BLOCK, &from, &to) != 0 ||
                    from != block * BLOCK)
                        continue;
                must(rmmap_raw_read(file, from, found, sizeof(found), NULL));
                memcpy(&value, found, sizeof(value));
                expect(value == block);
                atomic_fetch_add_explicit(&seen, 1, memory_order_relaxed);
        }
}

/* The loop of rmmap_checkpoint(3): it goes forward, and ends. */
static void look(void)
{
        struct rmmap_info info = RMMAP_INFO_INIT;
        uint64_t start, end, from = 0;

        for (; rmmap_next_recorded(file, from, &start, &end) == 0; from = end) {
                expect(from <= start && start < end && end <= SIZE);
                if (end <= from)
                        return;
                look_at(start, end);
        }
        must(rmmap_describe(file, &info));
        expect(info.recorded <= SIZE);
        atomic_fetch_add_explicit(&looks, 1, memory_order_relaxed);
}

static void *ask(void *ignored)
{
        (void)ignored;
        do
                look();
        while (atomic_load(&running) > 0);
        return NULL;
}

/* ---- the end */

static void compare(bool closed)
{
        uint64_t recorded = 0;

        ck_ok(open_file(RMMAP_KEEP, &file));
        for (uint64_t block = 0; block < BLOCKS; block++) {
                unsigned int want = atomic_load(&oracle[block]);
                uint64_t start, end;
                bool is = rmmap_next_recorded(file, block * BLOCK, &start, &end) == 0 &&
                          start == block * BLOCK;

                if (want == FOUND_MAYBE && closed)
                        want = FOUND_RECORDED;
                ck_assert_msg(is ? want != FOUND_NOTHING : want != FOUND_RECORDED,
                              "block %lu is %srecorded", (unsigned long)block, is ? "" : "not ");
                recorded += is;
        }
        ck_assert_uint_gt(recorded, 0);
        rmmap_release(file);
}

static unsigned int turns(void)
{
        return test_under_valgrind() ? 40 : test_sanitized() ? 100 : 200;
}

START_TEST(what_is_recorded_was_promised)
{
        static struct worker workers[THREADS];
        uint64_t random = test_seed() + (uint64_t)_i;
        pthread_t asker;

        NOTE_ATOMICS(oracle, sizeof(oracle));
        NOTE_ATOMICS(kept, sizeof(kept));
        NOTE_ATOMIC(&running);
        NOTE_ATOMIC(&wrongs);
        NOTE_ATOMIC(&looks);
        NOTE_ATOMIC(&seen);
        memset((void *)oracle, 0, sizeof(oracle));
        memset((void *)kept, 0, sizeof(kept));
        atomic_store(&running, THREADS);
        ck_ok(open_file(_i != 0 ? RMMAP_NO_PREALLOCATE : 0, &file));
        ck_assert_int_eq(pthread_create(&asker, NULL, ask, NULL), 0);
        for (int i = 0; i < THREADS; i++) {
                workers[i].random = test_random(&random);
                workers[i].turns = turns();
                ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
        }
        for (int i = 0; i < THREADS; i++)
                pthread_join(workers[i].thread, NULL);
        pthread_join(asker, NULL);
        test_noted_nothing();
        ck_assert_msg(atomic_load(&wrongs) == 0, "%u times wrong: %s", atomic_load(&wrongs), wrong);
        if (_i != 0)
                ck_ok(rmmap_close(file));
        else
                rmmap_release(file);
        compare(_i != 0);
        printf("%u looks, %u blocks read\n", atomic_load(&looks), atomic_load(&seen));
        fflush(stdout);
}
END_TEST

/* ---- blocks that come and go, with nothing else to be found */

#define COMING 3 /* each in a word of its own; the first one isn't the first of its word */

static uint64_t coming(unsigned int which)
{
        return (1 + which * 70) * BLOCK;
}

static void *come_and_go(void *arg)
{
        const struct worker *worker = arg;

        for (unsigned int turn = 0; turn < worker->turns; turn++) {
                uint64_t start = coming(turn % COMING);
                struct rmmap_range range;

                must(rmmap_allocate_at(file, start, start + BLOCK, &range));
                must(rmmap_write_range_durable(file, range, worker->data, BLOCK, NULL));
                must(rmmap_give_back_range(file, range));
        }
        atomic_fetch_sub(&running, 1);
        return NULL;
}

/* What is found is one of them, all of it. */
static void look_for_one(unsigned int which)
{
        uint64_t start = 0, end = 0;
        int err = rmmap_next_recorded(file, coming(which), &start, &end);

        expect(err == 0 || err == -ENODATA);
        for (; err == 0 && which < COMING; which++)
                if (start == coming(which) && end == start + BLOCK)
                        return;
        expect(err != 0);
        atomic_fetch_add_explicit(&looks, 1, memory_order_relaxed);
}

START_TEST(what_comes_and_goes_is_found_whole)
{
        static struct worker worker;

        worker.turns = test_under_valgrind() ? 50 : test_sanitized() ? 300 : 1000;
        NOTE_ATOMIC(&running);
        NOTE_ATOMIC(&wrongs);
        NOTE_ATOMIC(&looks);
        atomic_store(&running, 1);
        ck_ok(open_file(0, &file));
        ck_ok(rmmap_sync_all(file)); /* a durable write waits for the name */
        ck_assert_int_eq(pthread_create(&worker.thread, NULL, come_and_go, &worker), 0);
        while (atomic_load(&running) > 0)
                for (unsigned int i = 0; i < 30; i++)
                        look_for_one(i % COMING);
        pthread_join(worker.thread, NULL);
        test_noted_nothing();
        ck_assert_msg(atomic_load(&wrongs) == 0, "%u times wrong: %s", atomic_load(&wrongs), wrong);
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("checkpoint, threads");
        TCase *tcase = tcase_create("threads");

        tcase_add_test(tcase, what_comes_and_goes_is_found_whole);
        tcase_add_loop_test(tcase, what_is_recorded_was_promised, 0, 2);
        suite_add_tcase(suite, tcase);
        return test_run(suite);
}
