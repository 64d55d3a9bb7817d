/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A batch is recorded while the next one is at the disk: of blocks that are being synced in that
 * moment the side file says nothing. Holds E.2.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "base/sync-annotations.h"
#include "child.h"
#include "fault/inject.h"
#include "support.h"

#define BLOCK UINT64_C(4096)

/* A thread, and the place in front of a sync where it stays until it may go on. */
struct held {
        struct rmmap_file *file;
        struct rmmap_range range;
        atomic_bool arrived, may_go;
};

static void init(struct held *held, struct rmmap_file *file)
{
        static const unsigned char data[BLOCK] = {1};

        held->file = file;
        atomic_init(&held->arrived, false);
        atomic_init(&held->may_go, false);
        NOTE_ATOMIC(&held->arrived);
        NOTE_ATOMIC(&held->may_go);
        ck_ok(rmmap_allocate(file, BLOCK, &held->range));
        ck_ok(rmmap_write_range(file, held->range, data, BLOCK, NULL));
}

static void stay(void *arg)
{
        struct held *held = arg;

        atomic_store(&held->arrived, true);
        while (!atomic_load(&held->may_go))
                sched_yield();
}

static void *give_back(void *arg)
{
        const struct held *held = arg;

        must(rmmap_give_back_range(held->file, held->range));
        return NULL;
}

static void *sync_all(void *arg)
{
        const struct held *held = arg;

        must(rmmap_sync_all(held->file));
        return NULL;
}

static bool is_recorded(const struct held *held)
{
        uint64_t at = rmmap_range_start(held->range), start, end;

        return rmmap_next_recorded(held->file, at, &start, &end) == 0 && start == at;
}

/*
 * One thread gives back, and stays while it holds the side file. Another one's batch ends, and it
 * waits for the side file. The batch of a third one begins, and stays in front of its sync. When
 * the first one goes on, the second one records its own block, and not the third one's.
 */
START_TEST(the_next_batch_is_not_recorded)
{
        struct rmmap_checkpoint checkpoint = RMMAP_CHECKPOINT_INIT;
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct held first, second, third;
        pthread_t giver, recorder, syncer;
        struct rmmap_file *file;
        int calls;

        checkpoint.path = test_path("side");
        checkpoint.identity = "overlap";
        checkpoint.identity_length = 7;
        options.checkpoint = &checkpoint;
        ck_ok(rmmap_create(test_path("data"), 8 * BLOCK, &options, &file));
        init(&first, file);
        ck_ok(rmmap_sync_all(file));
        ck_assert(is_recorded(&first));

        inject_start();
        inject_before(INJECT_FDATASYNC, stay, &first);
        ck_assert_int_eq(pthread_create(&giver, NULL, give_back, &first), 0);
        while (!atomic_load(&first.arrived))
                sched_yield();
        init(&second, file);
        calls = inject_count(INJECT_FDATASYNC);
        ck_assert_int_eq(pthread_create(&recorder, NULL, sync_all, &second), 0);
        while (inject_count(INJECT_FDATASYNC) == calls)
                sched_yield();
        init(&third, file);
        inject_before(INJECT_FDATASYNC, stay, &third);
        ck_assert_int_eq(pthread_create(&syncer, NULL, sync_all, &third), 0);
        while (!atomic_load(&third.arrived)) /* so the second one's batch has ended */
                sched_yield();

        ck_assert(!is_recorded(&second));
        atomic_store(&first.may_go, true);
        pthread_join(giver, NULL);
        pthread_join(recorder, NULL);
        ck_assert(!is_recorded(&first));
        ck_assert(is_recorded(&second));
        ck_assert(!is_recorded(&third));
        atomic_store(&third.may_go, true);
        pthread_join(syncer, NULL);
        ck_assert(is_recorded(&third));
        test_noted_nothing();
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("checkpoint, overlap");
        TCase *tests = tcase_create("overlap");

        tcase_add_test(tests, the_next_batch_is_not_recorded);
        suite_add_tcase(suite, tests);
        return test_run(suite);
}
