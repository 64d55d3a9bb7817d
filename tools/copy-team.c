/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * copy-team.c - the threads of a copy
 *
 * The allocator hands out the ranges, so the threads share nothing else. The main thread waits for
 * them and for signals, and shows the progress.
 */
#include "rmmap.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TICK_MS = 100 };

struct team {
        struct copy *copy;
        int finished; /* an eventfd: a thread has ended */
        atomic_bool stop;
        _Atomic uint64_t done;
        atomic_uint at_work;
        pthread_mutex_t lock; /* protects mishap, which keeps the first error */
        struct mishap mishap;
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
        /* release: pairs with wait_for_team */
        atomic_fetch_sub_explicit(&team->at_work, 1, memory_order_release);
        (void)eventfd_write(team->finished, 1);
        return NULL;
}

static void show(struct team *team, uint64_t *shown)
{
        uint64_t done = atomic_load_explicit(&team->done, memory_order_relaxed);

        progress_add((int64_t)(done - *shown));
        *shown = done;
        progress_tick(NULL, 0);
}

/* Waits until no thread works any more. A signal makes the threads stop. */
static void wait_for_team(struct team *team)
{
        struct pollfd watched[] = {
                {.fd = team->finished, .events = POLLIN},
                {.fd = signals_fd(), .events = POLLIN},
        };
        uint64_t shown = 0;
        eventfd_t ignored;

        /* acquire: what the threads did happens before what follows here */
        while (atomic_load_explicit(&team->at_work, memory_order_acquire) > 0) {
                (void)poll(watched, 2, TICK_MS);
                if (watched[0].revents & POLLIN)
                        (void)eventfd_read(team->finished, &ignored);
                if (signals_caught())
                        atomic_store_explicit(&team->stop, true, memory_order_relaxed);
                show(team, &shown);
        }
}

static unsigned start_team(struct team *team, pthread_t *threads)
{
        unsigned count = 0;

        atomic_store_explicit(&team->at_work, team->copy->threads, memory_order_relaxed);
        while (count < team->copy->threads && !pthread_create(&threads[count], NULL, work, team))
                count++;
        atomic_fetch_sub_explicit(&team->at_work, team->copy->threads - count,
                                  memory_order_relaxed);
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
                return fail(SOURCE_ERROR, "%s: %s", copy->source, strerror(-mishap->error));
        default:
                return output_failed(&copy->output, mishap->error);
        }
}

enum status copy_with_team(struct copy *copy)
{
        pthread_t *threads = calloc(copy->threads, sizeof(*threads));
        struct team team = {.copy = copy, .lock = PTHREAD_MUTEX_INITIALIZER};
        unsigned count = 0;

        team.finished = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (threads && team.finished >= 0)
                count = start_team(&team, threads);
        progress_begin(copy->shown, "", (uint64_t)copy->before.st_size);
        wait_for_team(&team);
        for (unsigned i = 0; i < count; i++)
                pthread_join(threads[i], NULL);
        if (team.finished >= 0)
                close(team.finished);
        free(threads);
        if (!count)
                return fail(FAILED, "no thread can be started");
        progress_clear();
        if (copy->forgets) /* what was read ahead, past a piece that another thread dropped */
                (void)posix_fadvise(copy->fd, 0, 0, POSIX_FADV_DONTNEED);
        if (signals_caught())
                return INTERRUPTED;
        copy->bytes = (uint64_t)copy->before.st_size;
        return tell(copy, &team.mishap);
}
