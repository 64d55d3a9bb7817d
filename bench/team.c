/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "team.h"

struct worker {
        struct team *team;
        pthread_t thread;
        struct pool pool;
        unsigned char *buffer; /* for reading */
        void *context;
        unsigned int number;
        struct histogram latencies; /* of the passes that watch them */
};

struct team {
        const struct job *job;
        const struct engine *engine;
        void *file;
        pthread_barrier_t gate;
        bool quit;
        struct pass pass;
        _Alignas(64) atomic_uint_fast64_t next; /* offset; for engines without an allocator */
        _Alignas(64) atomic_int error;
        struct worker workers[MOST_THREADS];
};

/* Takes the next free range from the counter, as an allocator would. */
static int take_next(struct team *team, size_t length, struct spot *spot)
{
        uint64_t size = team->job->size;

        spot->offset = atomic_fetch_add_explicit(&team->next, length, memory_order_relaxed);
        if (spot->offset >= size)
                return -ENOSPC;
        spot->length = (size_t)smaller(length, size - spot->offset);
        return 0;
}

static mover *mover_for(const struct engine *engine, enum operation operation)
{
        if (operation == OP_READ)
                return engine->read;
        return operation == OP_WRITE ? engine->write : engine->write_durable;
}

static uint64_t watch_begin(const struct pass *pass)
{
        return pass->watch ? histogram_now() : 0;
}

static void watch_end(struct worker *worker, uint64_t began)
{
        if (worker->team->pass.watch)
                histogram_add(&worker->latencies, histogram_now() - began);
}

static int move_allocated(struct worker *worker)
{
        struct team *team = worker->team;
        const struct engine *engine = team->engine;
        const struct pass *pass = &team->pass;
        mover *move = mover_for(engine, pass->operation);
        bool whole = team->job->count == 0;
        uint64_t left = whole ? UINT64_MAX : pass->length / team->job->threads;
        int err = 0;

        while (err == 0 && left-- > 0) {
                struct spot spot = {.length = pass->block};
                uint64_t began = watch_begin(pass);

                err = engine->next != NULL ? engine->next(worker->context, pass->block, &spot)
                                           : take_next(team, pass->block, &spot);
                if (err == -ENOSPC && whole)
                        return 0;
                if (err == 0)
                        err = move(worker->context, &spot,
                                   pool_at(&worker->pool, spot.offset, pass->shift));
                watch_end(worker, began);
        }
        return err;
}

static int drain(const struct worker *worker)
{
        const struct engine *engine = worker->team->engine;

        return engine->drain != NULL ? engine->drain(worker->context) : 0;
}

/* Called at the end of a batch. */
static int sync_now(const struct worker *worker)
{
        const struct team *team = worker->team;
        int err = drain(worker);

        return err == 0 && team->engine->sync != NULL ? team->engine->sync(team->file) : err;
}

/* The first operation of worker number's share, which begins at the start of a batch. */
static uint64_t share(const struct worker *worker, unsigned int number)
{
        const struct pass *pass = &worker->team->pass;
        uint64_t batch = pass->sync_every != 0 ? pass->sync_every : 1;

        return pass->length / batch * number / worker->team->job->threads * batch;
}

/* Reads a piece, as a program does that computes its checksum. */
static int read_piece(struct worker *worker, uint64_t start, size_t length)
{
        const struct team *team = worker->team;
        int err = 0;

        for (size_t done = 0; err == 0 && done < length; done += team->pass.block) {
                struct spot spot = {
                        start + done, (size_t)smaller(team->pass.block, length - done), false, {0}};

                err = team->engine->read(worker->context, &spot, worker->buffer);
        }
        return err;
}

static int write_piece(struct worker *worker, const struct spot *piece)
{
        const struct team *team = worker->team;
        const struct pass *pass = &team->pass;
        int err = 0;

        for (size_t done = 0; err == 0 && done < piece->length; done += pass->block) {
                struct spot spot = {piece->offset + done,
                                    (size_t)smaller(pass->block, piece->length - done),
                                    false,
                                    {0}};
                uint64_t began = watch_begin(pass);

                err = team->engine->write(worker->context, &spot,
                                          pool_at(&worker->pool, spot.offset, pass->shift));
                watch_end(worker, began);
        }
        return err;
}

/* Each piece is read after two more of the same thread: some MiB behind what is written. */
static int move_pieces(struct worker *worker)
{
        struct spot behind[2] = {{.length = 0}, {.length = 0}};
        int err;

        for (uint64_t i = 0;; i++) {
                struct spot piece;

                err = take_next(worker->team, PIECE, &piece);
                if (err != 0)
                        break;
                err = write_piece(worker, &piece);
                if (err == 0)
                        err = read_piece(worker, behind[i % 2].offset, behind[i % 2].length);
                if (err != 0)
                        return err;
                behind[i % 2] = piece;
        }
        for (size_t i = 0; i < 2 && err == -ENOSPC; i++) {
                int read = read_piece(worker, behind[i].offset, behind[i].length);

                err = read != 0 ? read : err;
        }
        return err == -ENOSPC ? 0 : err;
}

/* After which operation the neighbour is told; none: the last number. */
static uint64_t half_of(const struct worker *worker)
{
        return worker->number == 0 && worker->team->pass.neighbour != NULL ? share(worker, 1) / 2
                                                                           : UINT64_MAX;
}

static int move_at_offsets(struct worker *worker)
{
        const struct team *team = worker->team;
        const struct pass *pass = &team->pass;
        mover *move = mover_for(team->engine, pass->operation);
        bool reading = pass->operation == OP_READ;
        uint64_t size = team->job->size, end = share(worker, worker->number + 1);
        uint64_t half = half_of(worker);

        for (uint64_t i = share(worker, worker->number); i < end; i++) {
                uint64_t offset = (pass->blocks != NULL ? pass->blocks[i] : i) * pass->block;
                struct spot spot = {
                        offset, (size_t)smaller(pass->block, size - offset), false, {0}};
                unsigned char *data = pool_at(&worker->pool, offset, pass->shift);
                uint64_t began = watch_begin(pass);
                int err = move(worker->context, &spot, reading ? worker->buffer : data);

                if (err != 0)
                        return err;
                if (pass->check && memcmp(worker->buffer, data, spot.length) != 0)
                        return -EILSEQ;
                if (pass->sync_every != 0 && (i + 1) % pass->sync_every == 0)
                        err = sync_now(worker);
                if (err != 0)
                        return err;
                watch_end(worker, began);
                if (i == half)
                        neighbour_halfway(pass->neighbour);
        }
        return 0;
}

static void move(struct worker *worker)
{
        struct team *team = worker->team;
        int none = 0, err, drained;

        if (team->pass.order == ORDER_ALLOCATED)
                err = move_allocated(worker);
        else
                err = team->pass.order == ORDER_PIECES ? move_pieces(worker)
                                                       : move_at_offsets(worker);
        drained = drain(worker);
        if (err == 0)
                err = drained;
        /* Keeps the first error. Relaxed: the barrier orders it before the caller's load. */
        if (err != 0)
                atomic_compare_exchange_strong_explicit(&team->error, &none, err,
                                                        memory_order_relaxed, memory_order_relaxed);
}

static void *work(void *arg)
{
        struct worker *worker = arg;

        for (;;) {
                pthread_barrier_wait(&worker->team->gate);
                if (worker->team->quit)
                        return NULL;
                move(worker);
                pthread_barrier_wait(&worker->team->gate);
        }
}

int team_pass(struct team *team, const struct pass *pass)
{
        bool alone = team->job->threads == 1;

        team->pass = *pass;
        atomic_store_explicit(&team->next, 0, memory_order_relaxed);
        atomic_store_explicit(&team->error, 0, memory_order_relaxed);
        if (!alone)
                pthread_barrier_wait(&team->gate);
        move(&team->workers[0]);
        if (!alone)
                pthread_barrier_wait(&team->gate);
        return atomic_load_explicit(&team->error, memory_order_relaxed);
}

struct quantiles team_latencies(struct team *team)
{
        struct histogram all = {.most = 0};

        for (unsigned int i = 0; i < team->job->threads; i++) {
                histogram_merge(&all, &team->workers[i].latencies);
                memset(&team->workers[i].latencies, 0, sizeof(all));
        }
        return histogram_quantiles(&all);
}

const struct pool *team_pool(const struct team *team)
{
        return &team->workers[0].pool;
}

int team_attach(struct team *team, const struct engine *engine, void *file)
{
        team->engine = engine;
        team->file = file;
        for (unsigned int i = 0; i < team->job->threads; i++) {
                struct worker *worker = &team->workers[i];
                int err;

                worker->context = NULL;
                err = engine->attach != NULL ? engine->attach(file, &worker->context) : 0;
                if (err != 0)
                        return team_detach(team), err;
                if (engine->attach == NULL)
                        worker->context = file;
        }
        return 0;
}

void team_detach(struct team *team)
{
        for (unsigned int i = 0; i < team->job->threads; i++) {
                struct worker *worker = &team->workers[i];

                if (team->engine->detach != NULL && worker->context != NULL)
                        team->engine->detach(worker->context);
                worker->context = NULL;
        }
}

static int make_worker(struct team *team, unsigned int number)
{
        struct worker *worker = &team->workers[number];
        void *buffer = NULL;
        int err = pool_make(&worker->pool, team->job->block);

        worker->team = team;
        worker->number = number;
        if (err == 0 && posix_memalign(&buffer, PAGE, team->job->block + PAGE) != 0)
                err = -ENOMEM;
        worker->buffer = buffer;
        if (err == 0) {
                /* Touched here, before anything is timed. */
                memset(buffer, 1, team->job->block + PAGE);
                if (number != 0)
                        err = -pthread_create(&worker->thread, NULL, work, worker);
        }
        return err;
}

int team_start(struct team **team, const struct job *job)
{
        struct team *new = NULL;
        void *room;

        if (posix_memalign(&room, 64, sizeof(*new)) != 0)
                return -ENOMEM;
        new = memset(room, 0, sizeof(*new));
        new->job = job;
        pthread_barrier_init(&new->gate, NULL, job->threads);
        for (unsigned int i = 0; i < job->threads; i++) {
                int err = make_worker(new, i);

                /* The threads started so far wait at the barrier for ever: the program ends now. */
                if (err != 0)
                        return err;
        }
        *team = new;
        return 0;
}

void team_stop(struct team *team)
{
        team->quit = true;
        if (team->job->threads > 1)
                pthread_barrier_wait(&team->gate);
        for (unsigned int i = 0; i < team->job->threads; i++) {
                if (i != 0)
                        pthread_join(team->workers[i].thread, NULL);
                pool_free(&team->workers[i].pool);
                free(team->workers[i].buffer);
        }
        pthread_barrier_destroy(&team->gate);
        free(team);
}
