/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * completion.c - an event loop that never waits for the disk
 *
 *      cc completion.c $(pkg-config --cflags --libs ranged-mmap libuv) -o completion
 *
 * A write may wait for a page, and a sync waits for the disk. Threads of a queue do both, and its
 * descriptor tells the loop that something is complete. A timer measures the longest time for
 * which the loop was blocked.
 */
#include <errno.h>
#include <inttypes.h>
#include <rmmap.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

enum { IN_FLIGHT = 4, CHUNK = 1024 * 1024, TICK = 5 /* milliseconds */ };

static const uint64_t file_size = UINT64_C(48) * CHUNK;

struct program {
        uv_loop_t loop;
        uv_timer_t timer;
        uv_poll_t poll;
        struct rmmap_file *file;
        struct rmmap_queue *queue;
        unsigned running, durable, ticks;
        uint64_t last_tick, longest; /* nanoseconds */
        int error;                   /* the first one */
};

/* Must exist until its completion is reaped. */
struct job {
        unsigned char data[CHUNK];
};

/* Allocating a range is wait-free, and submitting a job doesn't wait for the disk. */
static void start_job(struct program *program)
{
        struct rmmap_range range;
        struct job *job;
        int error = program->error ? program->error : rmmap_allocate(program->file, CHUNK, &range);

        if (error) { /* -ENOSPC: the whole file is handed out */
                if (error != -ENOSPC)
                        program->error = error;
                return;
        }
        job = malloc(sizeof(*job));
        if (!job) {
                program->error = -ENOMEM;
                return;
        }
        memset(job->data, 'x', sizeof(job->data));
        error = rmmap_queue_write(program->queue, program->file, range, job->data,
                                  sizeof(job->data), RMMAP_QUEUE_DURABLE, NULL,
                                  (uint64_t)(uintptr_t)job);
        if (error) {
                program->error = error;
                free(job);
                return;
        }
        program->running++;
}

static void stop(struct program *program)
{
        uv_close((uv_handle_t *)&program->poll, NULL);
        uv_close((uv_handle_t *)&program->timer, NULL); /* the loop then ends */
}

/* The descriptor is readable until everything that is complete was reaped. */
static void reap(uv_poll_t *poll, int status, int events)
{
        struct program *program = poll->data;
        struct rmmap_completion completions[IN_FLIGHT];
        int count = status ? status : rmmap_queue_reap(program->queue, completions, IN_FLIGHT);

        (void)events;
        if (count < 0) {
                program->error = count;
                stop(program);
                return;
        }
        for (int i = 0; i < count; i++) {
                if (completions[i].result && !program->error)
                        program->error = completions[i].result;
                program->durable += !completions[i].result;
                program->running--;
                free((void *)(uintptr_t)completions[i].cookie);
                start_job(program);
        }
        if (!program->running)
                stop(program);
}

static void tick(uv_timer_t *timer)
{
        struct program *program = timer->data;
        uint64_t time = uv_hrtime();

        if (program->ticks++ && time - program->last_tick > program->longest)
                program->longest = time - program->last_tick;
        program->last_tick = time;
}

static int run_loop(struct program *program)
{
        int error = uv_loop_init(&program->loop);

        if (error)
                return error;
        uv_timer_init(&program->loop, &program->timer);
        program->timer.data = program;
        uv_timer_start(&program->timer, tick, 0, TICK);
        program->poll.data = program;
        program->error =
                uv_poll_init(&program->loop, &program->poll, rmmap_queue_fd(program->queue));
        if (program->error)
                uv_close((uv_handle_t *)&program->timer, NULL);
        else
                program->error = uv_poll_start(&program->poll, UV_READABLE, reap);
        for (int i = 0; i < IN_FLIGHT; i++)
                start_job(program);
        if (!program->running && !uv_is_closing((uv_handle_t *)&program->timer))
                stop(program);
        uv_run(&program->loop, UV_RUN_DEFAULT);
        error = uv_loop_close(&program->loop);
        return program->error ? program->error : error;
}

static int run(const char *path)
{
        struct program program = {0};
        int error = rmmap_create(path, file_size, NULL, &program.file);

        if (error)
                return error;
        error = rmmap_queue_create(NULL, &program.queue);
        if (!error)
                error = run_loop(&program);
        rmmap_queue_release(program.queue);
        rmmap_release(program.file);
        printf("%u of %" PRIu64 " chunks are durable; the loop ticked %u times, and was away for "
               "%.1f ms at most\n",
               program.durable, file_size / CHUNK, program.ticks, (double)program.longest / 1e6);
        return error;
}

int main(int argc, char **argv)
{
        char temporary[] = "/tmp/completion.XXXXXX";
        int fd = argc > 1 ? -1 : mkstemp(temporary);
        const char *path = argc > 1 ? argv[1] : temporary;
        int error;

        if (argc > 2 || *path == '-') {
                puts("usage: completion [FILE]   (without FILE: one in /tmp for a while)");
                return argc == 2 && !strcmp(path, "--help") ? EXIT_SUCCESS : EXIT_FAILURE;
        }
        error = argc == 1 && fd < 0 ? -errno : run(path);
        if (fd >= 0) {
                close(fd);
                unlink(temporary);
        }
        if (error)
                fprintf(stderr, "completion: %s: %s\n", path, strerror(-error));
        return error ? EXIT_FAILURE : EXIT_SUCCESS;
}
