/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "job.h"
#include "machine.h"

#define SHARED_MEMORY "/dev/shm"

static uint64_t random_below(uint64_t *state, uint64_t limit)
{
        *state ^= *state << 13;
        *state ^= *state >> 7;
        *state ^= *state << 17;
        return *state % limit;
}

static void shuffle(struct job *job, uint64_t listed, uint64_t *state)
{
        for (uint64_t i = listed; i > 1; i--) {
                uint64_t other = random_below(state, i);
                uint32_t block = job->blocks[other];

                job->blocks[other] = job->blocks[i - 1];
                job->blocks[i - 1] = block;
        }
}

/* Fills blocks with listed numbers below total, one from each of listed equal parts; shuffled. */
static void spread(struct job *job, uint64_t listed, uint64_t total, uint64_t *state)
{
        for (uint64_t i = 0; i < listed; i++) {
                uint64_t apart = total / listed;

                job->blocks[i] = (uint32_t)(i * apart + random_below(state, apart));
        }
        shuffle(job, listed, state);
}

/* Runs from the end to the start, because the array's start has the bursts' pages until then. */
static void make_bursts(struct job *job, uint64_t bursts)
{
        uint32_t burst = job->scenario->sync_every, page = (uint32_t)(PAGE / job->block);

        for (uint64_t i = bursts * burst; i-- > 0;)
                job->blocks[i] = job->blocks[i / burst] * page + (uint32_t)(i % burst);
}

/* Chooses the same blocks for every engine, in every run. */
static int choose_blocks(struct job *job)
{
        uint64_t state = 88172645463325252, total = job->size / job->block;
        uint64_t count = job->count != 0 ? smaller(job->count, total) : total;
        uint64_t listed = job->scenario->order == ORDER_RANDOM ? total : count;

        job->blocks = malloc((size_t)listed * sizeof(*job->blocks));
        if (job->blocks == NULL)
                return -ENOMEM;
        if (job->scenario->order == ORDER_BURSTS) {
                uint64_t bursts = count / job->scenario->sync_every;

                spread(job, bursts, job->size / PAGE, &state);
                make_bursts(job, bursts);
        } else {
                spread(job, listed, total, &state);
        }
        job->length = count;
        return 0;
}

static int check_space(const struct job *job, const char *directory, const char **why)
{
        struct statvfs space;

        if (statvfs(directory, &space) != 0)
                return *why = "no such directory", -errno;
        if (!job->scenario->sparse &&
            (uint64_t)space.f_bavail * space.f_frsize < job->size + job->size / 4)
                return *why = "not enough space", -ENOSPC;
        return 0;
}

static int check_place(struct job *job, const struct options *options, const char **why)
{
        bool on_tmpfs = job->scenario->place == ON_TMPFS;
        const char *directory = on_tmpfs ? SHARED_MEMORY : options->directory;
        int length;

        job->tmpfs = machine_is_tmpfs(directory);
        if (on_tmpfs && !job->tmpfs)
                return *why = "no tmpfs at " SHARED_MEMORY, -ENOENT;
        if (job->tmpfs && job->scenario->start == START_UNCACHED)
                return *why = "a file on tmpfs is always in memory", -EOPNOTSUPP;
        length = snprintf(job->path, sizeof(job->path), "%s/rmmap-bench-%ld", directory,
                          (long)getpid());
        if (length < 0 || (size_t)length >= sizeof(job->path))
                return *why = "path too long", -ENAMETOOLONG;
        return check_space(job, directory, why);
}

static uint64_t size_for(const struct scenario *scenario, const struct options *options)
{
        /* A file that must fit in the processor's cache keeps its size. */
        if (options->size != 0 && scenario->size > MIB(1))
                return options->size;
        return options->quick && !scenario->sparse && scenario->size >= MIB(64) ? scenario->size / 4
                                                                                : scenario->size;
}

int job_make(struct job *job, const struct scenario *scenario, unsigned int threads, bool durable,
             const struct options *options, const char **why)
{
        memset(job, 0, sizeof(*job));
        *why = NULL;
        job->scenario = scenario;
        job->threads = threads;
        job->durable = durable;
        job->passes = scenario->passes;
        job->block = scenario->block;
        job->count = options->quick && scenario->count > 128 ? 128 : scenario->count;
        job->size = size_for(scenario, options);
        snprintf(job->label, sizeof(job->label), "%s, %u thread%s%s", scenario->name, threads,
                 threads == 1 ? "" : "s", durable ? ", durable" : "");
        if (job->size < job->block || job->size / job->block > UINT32_MAX ||
            job->size > SIZE_MAX / 2)
                return *why = "this size doesn't fit it", -EINVAL;
        /* Each thread gets the same number of operations, and each batch ends with a sync. */
        job->count -= scenario->order == ORDER_ALLOCATED ? job->count % threads : 0;
        job->count -= scenario->sync_every != 0 ? job->count % scenario->sync_every : 0;
        if (scenario->order != ORDER_ALLOCATED && scenario->order != ORDER_IN_ORDER &&
            scenario->order != ORDER_PIECES) {
                int err = choose_blocks(job);

                if (err != 0)
                        return *why = "not enough memory", err;
        } else {
                job->length = (job->size + job->block - 1) / job->block;
                if (job->count != 0)
                        job->length = smaller(job->length, job->count);
        }
        return check_place(job, options, why);
}

void job_free(struct job *job)
{
        free(job->blocks);
        job->blocks = NULL;
}

bool job_writes(const struct job *job)
{
        return job->scenario->operation != OP_READ;
}

uint64_t job_operations(const struct job *job)
{
        return job->length * job->passes;
}

uint64_t job_bytes(const struct job *job)
{
        return smaller(job->length * job->block, job->size) * job->passes;
}

uint64_t job_least_written(const struct job *job)
{
        uint64_t pages = 0, last = UINT64_MAX;

        if (job->scenario->sync_every == 0)
                return job_bytes(job);
        /* Within a batch offsets only grow, so a page counts once if it isn't the last one. */
        for (uint64_t i = 0; i < job->length; i++) {
                uint64_t offset = (job->blocks != NULL ? job->blocks[i] : i) * job->block;

                if (i % job->scenario->sync_every == 0)
                        last = UINT64_MAX;
                for (uint64_t at = offset / PAGE; at <= (offset + job->block - 1) / PAGE; at++) {
                        pages += at != last;
                        last = at;
                }
        }
        return pages * PAGE * job->passes;
}

bool job_is_small(const struct job *job)
{
        return job->block < LARGE;
}

const struct goal *job_goal(const struct job *job, const struct engine *engine)
{
        const struct scenario *scenario = job->scenario;
        const struct goal *goal = &scenario->goal;

        if (!(engine->flags & ENGINE_OURS) || job->durable != scenario->durable)
                return NULL;
        if ((engine->flags & ENGINE_HINT) && scenario->hint_goal.mmap > 0)
                goal = &scenario->hint_goal;
        return goal->mmap > 0 && job->threads >= goal->least_threads &&
                               job->threads <= goal->most_threads
                       ? goal
                       : NULL;
}
