/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * completion.c - an event loop that never waits for the disk
 *
 *      cc completion.c $(pkg-config --cflags --libs ranged-mmap libuv) -o completion
 *
 * A write may wait for a page, and a sync waits for the disk. Both run in libuv's thread pool, and
 * complete on the loop. Each job holds a reference to the handle, so the last reference closes the
 * file. A timer measures the longest time for which the loop was blocked.
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
        struct rmmap_file *file;
        unsigned running, written, durable, ticks;
        uint64_t last_tick, longest; /* nanoseconds */
        int error;                   /* the first one */
};

struct job {
        uv_work_t work;
        struct program *program;
        struct rmmap_file *file;
        struct rmmap_range range;
        struct rmmap_receipt receipt;
        int error;
        unsigned char data[CHUNK];
};

static void start_job(struct program *program);

static void end_job(struct job *job, int error)
{
        struct program *program = job->program;

        if (error && !program->error)
                program->error = error;
        rmmap_release(job->file);
        free(job);
        program->running--;
        start_job(program);
        if (!program->running)
                uv_close((uv_handle_t *)&program->timer, NULL); /* the loop then ends */
}

/* These two run in the pool, and may block. */
static void write_chunk(uv_work_t *work)
{
        struct job *job = work->data;

        memset(job->data, 'x', sizeof(job->data));
        job->error = rmmap_write_range(job->file, job->range, job->data, sizeof(job->data),
                                       &job->receipt);
}

static void sync_chunk(uv_work_t *work)
{
        struct job *job = work->data;

        job->error = rmmap_sync_range(job->file, job->receipt);
}

/* These run on the loop. */
static void synced(uv_work_t *work, int status)
{
        struct job *job = work->data;
        int error = status ? status : job->error;

        job->program->durable += !error;
        end_job(job, error);
}

static void written(uv_work_t *work, int status)
{
        struct job *job = work->data;
        int error = status ? status : job->error;

        job->program->written += !error;
        if (!error)
                error = uv_queue_work(&job->program->loop, &job->work, sync_chunk, synced);
        if (error)
                end_job(job, error);
}

/* Runs on the loop: allocating a range is wait-free. */
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
        job = calloc(1, sizeof(*job));
        if (!job) {
                program->error = -ENOMEM;
                return;
        }
        job->work.data = job;
        job->program = program;
        job->range = range;
        job->file = rmmap_clone(program->file);
        program->running++;
        error = uv_queue_work(&program->loop, &job->work, write_chunk, written);
        if (error)
                end_job(job, error);
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
        for (int i = 0; i < IN_FLIGHT; i++)
                start_job(program);
        if (!program->running)
                uv_close((uv_handle_t *)&program->timer, NULL);
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
        error = run_loop(&program);
        rmmap_release(program.file);
        printf("%u of %" PRIu64
               " chunks written, %u durable; the loop ticked %u times, and was away "
               "for %.1f ms at most\n",
               program.written, file_size / CHUNK, program.durable, program.ticks,
               (double)program.longest / 1e6);
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
