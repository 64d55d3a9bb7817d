/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The rules for thread-safe allocators. The threads record; the main thread checks the record. */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "allocator-contract.h"

#define THREADS 8
#define ROUNDS 30

/* One allocator, and the worker that has each block; 0: none. */
struct arena {
        const struct rmmap_allocator_ops *ops;
        void *state;
        bool gives_back;
        atomic_uint owner[BLOCKS + 1];
        atomic_bool begin;
};

struct worker {
        pthread_t thread;
        struct arena *arena;
        struct contract own; /* random numbers, and errors */
        uint64_t given;      /* bytes that it has */
        unsigned int number;
};

/* Marks each block as owned by this worker, or as free again. */
static void change_owner(struct worker *worker, uint64_t start, uint64_t end, unsigned int from,
                         unsigned int to)
{
        for (uint64_t at = start; at < end; at += BLOCK) {
                unsigned int seen = from;

                if (!atomic_compare_exchange_strong(&worker->arena->owner[at / BLOCK], &seen, to))
                        broken(&worker->own, "block %llu was given to two threads",
                               (unsigned long long)(at / BLOCK));
        }
}

/* A range is taken: the rest is plausible, and claims of what this thread has are refused. */
static void look_around(struct worker *worker, uint64_t start, uint64_t end)
{
        const struct arena *arena = worker->arena;
        uint64_t left = arena->ops->remaining(arena->state);

        if (left > TOTAL)
                broken(&worker->own, "remaining is %llu of %llu", (unsigned long long)left,
                       (unsigned long long)TOTAL);
        if (arena->ops->claim != NULL && arena->ops->claim(arena->state, start, end) != -EBUSY)
                broken(&worker->own, "claim of a range that was just given isn't EBUSY");
}

static void give_back(struct worker *worker, uint64_t start, uint64_t end)
{
        const struct arena *arena = worker->arena;

        change_owner(worker, start, end, worker->number, 0);
        worker->given -= end - start;
        if (arena->ops->give_back(arena->state, start, end) == 0)
                return;
        worker->given += end - start; /* refused: the range stays ours */
        change_owner(worker, start, end, 0, worker->number);
}

static int take(struct worker *worker, uint64_t size, uint32_t flags)
{
        static const struct instance any = {.total = TOTAL};
        struct arena *arena = worker->arena;
        uint64_t start = 0, end = 0;
        int err = arena->ops->allocate(arena->state, size, flags, &start, &end);
        const char *fault = err == 0 ? fault_of(&any, size, flags, start, end) : NULL;

        if (fault != NULL)
                broken(&worker->own, "allocate of %llu: [%llu, %llu) %s", (unsigned long long)size,
                       (unsigned long long)start, (unsigned long long)end, fault);
        if (err != 0 && err != -ENOSPC)
                broken(&worker->own, "allocate answers %d", err);
        if (err != 0 || fault != NULL)
                return err;
        change_owner(worker, start, end, 0, worker->number);
        worker->given += end - start;
        look_around(worker, start, end);
        if (arena->gives_back)
                give_back(worker, start, end);
        return 0;
}

static void *work(void *arg)
{
        struct worker *worker = arg;
        bool ends = !worker->arena->gives_back;

        while (!atomic_load(&worker->arena->begin))
                sched_yield();
        for (unsigned int turn = 0; (ends || turn < 2000) && !worker->own.failed; turn++) {
                bool exact = random_below(&worker->own, 4) == 0;
                uint64_t size = random_below(&worker->own, 3 * BLOCK) + 1;

                if (take(worker, size, exact ? RMMAP_ALLOCATE_EXACT : 0) != 0 && !exact && ends)
                        break;
        }
        return NULL;
}

static void start_all(struct arena *arena, struct worker *workers, struct contract *contract)
{
        for (unsigned int i = 0; i < THREADS; i++) {
                workers[i].arena = arena;
                workers[i].number = i + 1;
                workers[i].own.random = random_below(contract, UINT64_MAX);
                if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
                        workers[i].arena = NULL;
                        broken(contract, "no thread");
                }
        }
        atomic_store(&arena->begin, true);
}

static void run_round(struct contract *contract, bool gives_back)
{
        struct worker workers[THREADS];
        struct instance instance;
        struct arena arena;
        uint64_t given = 0;

        memset(workers, 0, sizeof(workers));
        memset(&arena, 0, sizeof(arena));
        if (!instance_create(&instance, contract, 0, TOTAL))
                return;
        arena.ops = contract->ops;
        arena.state = instance.state;
        arena.gives_back = gives_back;
        start_all(&arena, workers, contract);
        for (unsigned int i = 0; i < THREADS; i++) {
                if (workers[i].arena != NULL)
                        pthread_join(workers[i].thread, NULL);
                if (workers[i].own.failed)
                        broken(contract, "%s", workers[i].own.why);
                given += workers[i].given;
        }
        instance_expect_remaining(&instance, TOTAL - given, "when all threads are done");
        if (!gives_back && given != TOTAL)
                broken(contract, "%llu of %llu bytes were given", (unsigned long long)given,
                       (unsigned long long)TOTAL);
        instance_destroy(&instance);
}

static void every_byte_once(struct contract *contract)
{
        for (int i = 0; i < ROUNDS && !contract->failed; i++)
                run_round(contract, false);
}

static void give_back_keeps_apart(struct contract *contract)
{
        for (int i = 0; i < 3 && !contract->failed; i++)
                run_round(contract, true);
}

static void *destroy(void *instance)
{
        instance_destroy(instance);
        return NULL;
}

/* The last release may come from any thread. */
static void destroyed_elsewhere(struct contract *contract)
{
        struct instance instance;
        pthread_t thread;

        if (!instance_create(&instance, contract, 0, TOTAL))
                return;
        instance_exhaust(&instance, 3);
        if (pthread_create(&thread, NULL, destroy, &instance) != 0)
                broken(contract, "no thread");
        else
                pthread_join(thread, NULL);
}

const struct check thread_checks[] = {
        {"threads: every byte once", every_byte_once, NEEDS_THREADS},
        {"threads: give_back, no byte twice at a time", give_back_keeps_apart,
         NEEDS_THREADS | NEEDS_GIVE_BACK},
        {"threads: destroyed in another one", destroyed_elsewhere, 0},
        {NULL, NULL, 0},
};
