/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * copy-team.c - the threads of a copy
 *
 * The allocator hands out the ranges, so the threads share nothing else. The main thread waits for
 * them and for signals, and shows the progress.
 */
#include "rmmap.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { TICK_MS = 100 };

struct team {
        struct copy *copy;
        atomic_bool stop;
        _Atomic uint64_t done;
        pthread_mutex_t lock;    /* protects what follows */
        pthread_cond_t finished; /* no thread is at work any more */
        unsigned at_work;
        struct mishap mishap; /* the first error */
};

static void team_failed(struct team *team, const struct mishap *mishap)
{
        pthread_mutex_lock(&team->lock);
        if (team->mishap.status == DONE)
                team->mishap = *mishap;
        pthread_mutex_unlock(&team->lock);
        atomic_store_explicit(&team->stop, true, memory_order_relaxed);
}

static int copy_range(struct team *team, struct copy_piece *piece)
{
        struct mishap mishap;
        int more;

        piece->done = 0;
        do {
                uint64_t before = piece->done;

                if (atomic_load_explicit(&team->stop, memory_order_relaxed))
                        return -1;
                more = copy_piece_step(piece, &mishap);
                if (more < 0) {
                        team_failed(team, &mishap);
                        return -1;
                }
                /* Only for the progress bar: orders nothing. */
                atomic_fetch_add_explicit(&team->done, piece->done - before, memory_order_relaxed);
        } while (more);
        return 0;
}

/* Copies ranges until none is left. */
static int work_on(struct team *team, struct copy_piece *piece)
{
        for (;;) {
                int error = rmmap_allocate(team->copy->output.file, COPY_RANGE, &piece->range);

                if (error == -ENOSPC)
                        return 0;
                if (error || copy_range(team, piece))
                        return error;
        }
}

static void *work(void *arg)
{
        struct team *team = arg;
        struct copy_piece piece = {.copy = team->copy, .buffer = malloc(COPY_BUFFER)};
        int error = piece.buffer ? work_on(team, &piece) : -ENOMEM;

        if (error)
                team_failed(team, &(struct mishap){OUTPUT_ERROR, error});
        free(piece.buffer);
        pthread_mutex_lock(&team->lock);
        if (--team->at_work == 0)
                pthread_cond_signal(&team->finished);
        pthread_mutex_unlock(&team->lock);
        return NULL;
}

static void show(struct team *team, uint64_t *shown)
{
        uint64_t done = atomic_load_explicit(&team->done, memory_order_relaxed);

        progress_add((int64_t)(done - *shown));
        *shown = done;
        progress_tick(NULL, 0);
}

/* Waits for the last thread, a moment at most. false: there are still threads at work. */
static bool wait_a_moment(struct team *team)
{
        struct timespec until;
        bool over;

        clock_gettime(CLOCK_REALTIME, &until);
        until.tv_nsec += TICK_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        pthread_mutex_lock(&team->lock);
        if (team->at_work > 0)
                (void)pthread_cond_timedwait(&team->finished, &team->lock, &until);
        over = team->at_work == 0;
        pthread_mutex_unlock(&team->lock);
        return over;
}

/* Waits until no thread works any more. A signal makes the threads stop. */
static void wait_for_team(struct team *team)
{
        uint64_t shown = 0;

        while (!wait_a_moment(team)) {
                if (signals_caught())
                        atomic_store_explicit(&team->stop, true, memory_order_relaxed);
                show(team, &shown);
        }
}

static unsigned start_team(struct team *team, pthread_t *threads)
{
        unsigned count = 0;

        pthread_mutex_lock(&team->lock);
        while (count < team->copy->threads && !pthread_create(&threads[count], NULL, work, team))
                count++;
        team->at_work = count;
        pthread_mutex_unlock(&team->lock);
        return count;
}

static enum status tell(const struct copy *copy, const struct mishap *mishap)
{
        switch (mishap->status) {
        case DONE:
                return DONE;
        case CHANGED:
                return fail(CHANGED, "%s: became shorter while it was copied", copy->source);
        case SOURCE_ERROR:
                return fail(SOURCE_ERROR, "%s: %s", copy->source, error_text(mishap->error));
        default:
                return output_failed(&copy->output, mishap->error);
        }
}

enum status copy_with_team(struct copy *copy)
{
        pthread_t *threads = calloc(copy->threads, sizeof(*threads));
        struct team team = {.copy = copy,
                            .lock = PTHREAD_MUTEX_INITIALIZER,
                            .finished = PTHREAD_COND_INITIALIZER};
        unsigned count = 0;

        if (threads)
                count = start_team(&team, threads);
        progress_begin(copy->shown, "", copy->before.size);
        wait_for_team(&team);
        for (unsigned i = 0; i < count; i++)
                pthread_join(threads[i], NULL);
        free(threads);
        if (!count)
                return fail(FAILED, "no thread can be started");
        progress_clear();
        if (copy->forgets) /* what was read ahead, past a piece that another thread dropped */
                page_cache_drop(copy->fd, 0, 0);
        if (signals_caught())
                return INTERRUPTED;
        copy->bytes = copy->before.size;
        return tell(copy, &team.mishap);
}
