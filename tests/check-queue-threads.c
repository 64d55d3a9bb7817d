/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Threads that submit to one queue and reap from it, for files of their own and a common one. */
#include <pthread.h>
#include <stdatomic.h>

#include "queue.h"

#define THREADS 4
#define ROUNDS 200
#define PAGE 4096

struct crew {
        struct rmmap_queue *queue;
        struct rmmap_file *shared;
        atomic_uint submitted, reaped, sum; /* of cookies, which each come once */
};

struct member {
        struct crew *crew;
        struct rmmap_file *own;
        struct rmmap_range range;
        struct rmmap_receipt receipt; /* of the shared file */
        unsigned char data[PAGE];
        pthread_t thread;
};

static void reap_some(struct crew *crew)
{
        struct rmmap_completion completions[3];
        int count = rmmap_queue_reap(crew->queue, completions, 3);

        must(count < 0 ? count : 0);
        for (int i = 0; i < count; i++) {
                must(completions[i].result);
                atomic_fetch_add(&crew->sum, (unsigned int)completions[i].cookie);
        }
        if (count > 0)
                atomic_fetch_add(&crew->reaped, (unsigned int)count);
}

/* Full is no failure: whoever finds it so reaps. */
static void submit(struct member *member, unsigned int round)
{
        struct crew *crew = member->crew;
        uint64_t cookie = round;
        int err;

        if (round % 4 >= 2) /* two writes of one range at once would be a race of the caller */
                must(rmmap_allocate(member->own, PAGE, &member->range));
        do {
                switch (round % 4) {
                case 0:
                        err = rmmap_queue_sync(crew->queue, crew->shared, &member->receipt, 1,
                                               cookie);
                        break;
                case 1:
                        err = rmmap_queue_sync(crew->queue, member->own, NULL, 0, cookie);
                        break;
                default:
                        err = rmmap_queue_write(
                                crew->queue, member->own, member->range, member->data, PAGE,
                                round % 4 == 2 ? RMMAP_QUEUE_DURABLE : 0, NULL, cookie);
                }
                reap_some(crew);
        } while (err == -EAGAIN);
        must(err);
        atomic_fetch_add(&crew->submitted, 1);
}

static void *work(void *arg)
{
        struct member *member = arg;

        for (unsigned int round = 0; round < ROUNDS; round++)
                submit(member, round);
        rmmap_release(member->own);
        return NULL;
}

static void prepare(struct member *member, struct crew *crew, unsigned int number)
{
        char name[] = {'o', 'w', 'n', (char)('0' + number), 0};
        struct rmmap_range range;

        memset(member, 0, sizeof(*member));
        member->crew = crew;
        ck_ok(rmmap_allocate(crew->shared, PAGE, &range));
        ck_ok(rmmap_write_range(crew->shared, range, member->data, PAGE, &member->receipt));
        ck_ok(rmmap_create(test_path(name), ROUNDS * PAGE, NULL, &member->own));
}

START_TEST(any_thread_submits_and_reaps)
{
        static struct member members[THREADS];
        struct crew crew = {.queue = queue_of(5, 3)};
        unsigned int sum = THREADS * (ROUNDS * (ROUNDS - 1) / 2);

        ck_ok(rmmap_create(test_path("shared"), THREADS * PAGE, NULL, &crew.shared));
        for (unsigned int i = 0; i < THREADS; i++)
                prepare(&members[i], &crew, i);
        for (int i = 0; i < THREADS; i++)
                ck_assert_int_eq(pthread_create(&members[i].thread, NULL, work, &members[i]), 0);
        for (int i = 0; i < THREADS; i++)
                pthread_join(members[i].thread, NULL);
        rmmap_release(crew.shared);
        while (atomic_load(&crew.reaped) < THREADS * ROUNDS)
                reap_some(&crew);
        test_noted_nothing();
        ck_assert_uint_eq(atomic_load(&crew.submitted), THREADS * ROUNDS);
        ck_assert_uint_eq(atomic_load(&crew.sum), sum);
        ck_assert(queue_is_empty(crew.queue));
        rmmap_queue_release(crew.queue);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("queue, threads");
        TCase *tcase = tcase_create("threads");

        tcase_add_test(tcase, any_thread_submits_and_reaps);
        suite_add_tcase(suite, tcase);
        return test_run(suite);
}
