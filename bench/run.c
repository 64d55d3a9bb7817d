/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* One run: its preparation, and the phases that the scenario times. */
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "descriptor.h"
#include "footprint.h"
#include "job.h"
#include "machine.h"
#include "run.h"
#include "verify.h"

/* The shifts of the passes, one after the other. */
enum { SHIFT_OLDER = 1, SHIFT_PREPARED, SHIFT_WARMED, SHIFT_TIMED };

struct run {
        const struct job *job;
        const struct engine *engine;
        struct team *team;
        const struct options *options;
        struct sample *sample;
        struct neighbour *neighbour;
        struct watched *watched; /* NULL: nothing but the time */
        void *file;
        double began;
        double cpu_before;
        uint64_t faults_before, disk_before, memory_before;
};

static double now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds_of(struct timeval time)
{
        return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void read_counters(const struct job *job, double *cpu, uint64_t *faults, uint64_t *disk)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        *cpu = seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
        *faults = (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
        *disk = machine_disk_written(job->path);
}

static void counters_begin(struct run *run)
{
        read_counters(run->job, &run->cpu_before, &run->faults_before, &run->disk_before);
}

static void counters_end(struct run *run)
{
        struct sample *sample = run->sample;

        read_counters(run->job, &sample->cpu, &sample->faults, &sample->disk_bytes);
        sample->cpu -= run->cpu_before;
        sample->faults -= run->faults_before;
        sample->disk_bytes -= run->disk_before;
}

static void phase_begin(struct run *run)
{
        run->began = now();
}

static void phase_end(struct run *run, enum phase phase)
{
        run->sample->phases[phase] = now() - run->began;
        if (run->job->scenario->timed & (1u << phase))
                run->sample->seconds += run->sample->phases[phase];
}

void run_settle(const struct job *job, const struct options *options)
{
        struct timespec pause = {options->settle / 1000, options->settle % 1000 * 1000000L};
        char path[sizeof(job->path)];
        int fd;

        memcpy(path, job->path, sizeof(path));
        fd = open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) {
                syncfs(fd);
                close(fd);
        }
        nanosleep(&pause, NULL);
}

/* A file that the engine didn't write: it is on the disk; START_UNCACHED: not in memory. */
static int make_older_file(const struct run *run)
{
        const struct job *job = run->job;
        int fd = descriptor_create(job->path, 0), err = 0;
        /* The pool has the data of a whole block in one piece. */
        size_t block = (size_t)smaller(job->block, job->size);

        if (fd < 0)
                return fd;
        for (uint64_t offset = 0; err == 0 && offset < job->size; offset += block)
                err = descriptor_write(fd, pool_at(team_pool(run->team), offset, SHIFT_OLDER),
                                       (size_t)smaller(block, job->size - offset), offset);
        if (err == 0)
                err = descriptor_sync(fd);
        if (err == 0 && job->scenario->start == START_UNCACHED)
                err = -posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
        close(fd);
        return err;
}

static int open_phase(struct run *run)
{
        enum start start = run->job->scenario->start;
        bool older = start == START_UNCACHED || start == START_CACHED;
        int err;

        if (run->job->scenario->memory == 0)
                machine_touch_memory(smaller(run->job->size, job_bytes(run->job)));
        err = older ? make_older_file(run) : 0;
        if (err != 0)
                return err;
        if (older)
                run_settle(run->job, run->options);
        if (run->watched != NULL)
                run->memory_before = footprint_begin();
        counters_begin(run);
        phase_begin(run);
        err = older ? run->engine->open(run->engine, run->job, &run->file)
                    : run->engine->create(run->engine, run->job, &run->file);
        if (err != 0) {
                run->file = NULL;
                return err;
        }
        err = team_attach(run->team, run->engine, run->file);
        phase_end(run, PHASE_CREATE);
        return err;
}

static struct pass pass_of(const struct job *job, unsigned int shift)
{
        const struct scenario *scenario = job->scenario;

        return (struct pass){.order = scenario->order,
                             .operation = scenario->operation,
                             .block = job->block,
                             .blocks = job->blocks,
                             .length = job->length,
                             .shift = shift};
}

/* Writes all of the file by this engine, before the timed part. */
static int write_all_before(const struct run *run)
{
        const struct job *job = run->job;
        size_t block = job->block < PAGE ? PAGE : job->block;
        struct pass pass = {.order = ORDER_IN_ORDER,
                            .operation = OP_WRITE,
                            .block = block,
                            .length = (job->size + block - 1) / block,
                            .shift = SHIFT_PREPARED};

        return team_pass(run->team, &pass);
}

/* Makes the state in which the timed part finds an open file. */
static int prepare(struct run *run)
{
        enum start start = run->job->scenario->start;
        struct pass pass = pass_of(run->job, start == START_CACHED ? SHIFT_OLDER : SHIFT_WARMED);
        int err = 0;

        if (start == START_WARM || start == START_SYNCED)
                err = write_all_before(run);
        if (err == 0 && start == START_SYNCED)
                err = run->engine->sync(run->file);
        if (pass.operation == OP_WRITE_DURABLE)
                pass.operation = OP_WRITE;
        if (err == 0 && (start == START_WARM || start == START_CACHED))
                err = team_pass(run->team, &pass);
        /* Not where dirty pages must stay dirty, nor where creating the file is timed. */
        if (start == START_SYNCED ||
            (start == START_NEW && !(run->job->scenario->timed & TIME_CREATE)))
                run_settle(run->job, run->options);
        if (!(run->job->scenario->timed & TIME_CREATE))
                counters_begin(run);
        return err;
}

static int move_phase(struct run *run)
{
        bool reading = !job_writes(run->job);
        int err = 0;

        phase_begin(run);
        for (unsigned int i = 0; i < run->job->passes && err == 0; i++) {
                struct pass pass = pass_of(run->job, reading ? SHIFT_OLDER : SHIFT_TIMED + i);

                pass.sync_every = run->job->scenario->sync_every;
                pass.watch = run->watched != NULL;
                pass.neighbour = i == run->job->passes / 2 ? run->neighbour : NULL;
                err = team_pass(run->team, &pass);
        }
        phase_end(run, PHASE_MOVE);
        if (err == 0 && run->job->durable) {
                phase_begin(run);
                err = run->engine->sync(run->file);
                phase_end(run, PHASE_SYNC);
        }
        counters_end(run);
        return err;
}

static void watch_end(const struct run *run)
{
        run->watched->latencies = team_latencies(run->team);
        run->watched->memory = footprint_peak(run->memory_before);
        if (!(run->engine->flags & ENGINE_NO_FILE))
                run->watched->cached = footprint_cached(run->job->path);
}

static int verify_run(const struct run *run)
{
        const struct job *job = run->job;
        struct contents contents = {SHIFT_TIMED + job->passes - 1, 0};
        struct pass pass = pass_of(job, SHIFT_OLDER);

        pass.check = true;
        if (!job_writes(job))
                return team_pass(run->team, &pass);
        if (job->scenario->start == START_UNCACHED)
                contents.rest = SHIFT_OLDER;
        else if (job->scenario->start != START_NEW)
                contents.rest = SHIFT_PREPARED;
        return verify(job, run->engine, run->file, team_pool(run->team), &contents);
}

static void close_phase(struct run *run)
{
        phase_begin(run);
        if (run->file != NULL) {
                team_detach(run->team);
                run->engine->close(run->file);
        }
        unlink(run->job->path);
        phase_end(run, PHASE_CLOSE);
}

int run_once(const struct job *job, const struct engine *engine, struct team *team,
             const struct options *options, struct sample *sample, struct histogram *waits,
             struct watched *watched)
{
        struct run run = {.job = job,
                          .engine = engine,
                          .team = team,
                          .options = options,
                          .sample = sample,
                          .watched = watched};
        int err;

        memset(sample, 0, sizeof(*sample));
        err = open_phase(&run);
        if (err == 0)
                err = prepare(&run);
        if (err == 0)
                err = neighbour_start(&run.neighbour, job);
        if (err == 0)
                err = move_phase(&run);
        neighbour_stop(run.neighbour, job, waits);
        if (err == 0 && watched != NULL)
                watch_end(&run);
        if (err == 0 && options->verify)
                err = verify_run(&run);
        close_phase(&run);
        run_settle(job, options);
        return err;
}
