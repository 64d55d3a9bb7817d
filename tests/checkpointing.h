/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A job with a checkpoint whose process may end at any moment, and what it was promised: kept in
 * memory that it shares with whoever starts it again. Each run first compares what is recorded with
 * that, then goes on until the file is full.
 */
#ifndef TEST_CHECKPOINTING_H
#define TEST_CHECKPOINTING_H

#include <stdatomic.h>

#include "support.h"

#define JOB_BLOCK UINT64_C(4096)
#define JOB_MOST_BLOCKS 9000
#define JOB_THREADS 3

/* What may be, and what must be, after the process has ended. */
enum promise {
        PROMISED_NOTHING, /* isn't recorded */
        PROMISED_MAYBE,   /* has a receipt, or will: is recorded with its content, or isn't */
        PROMISED_RECEIPT, /* the same; its receipt was returned */
        PROMISED_GIVING,  /* the same; is being given back */
        PROMISED_SYNCED,  /* is recorded with its content, and not handed out */
};

struct job {
        char directory[4000];
        uint64_t blocks; /* all but the last have 4096 bytes */
        uint32_t flags;  /* of rmmap_create */
        uint32_t engine;
        bool publishes;
        uint64_t seed; /* of the next run */

        /* A block's promise, in the low three bits, and the generation of its content. */
        _Atomic uint64_t word[JOB_MOST_BLOCKS];
        _Atomic uint64_t generation;
        atomic_bool anew;       /* a run is creating the file without RMMAP_KEEP */
        const atomic_bool *cut; /* set: what is returned promises nothing; NULL: no power is cut */
        _Atomic uint64_t runs, resumed, syncs, given_back, refetched;
        char wrong[300]; /* what was broken; empty: nothing */
};

struct job *job_new(const char *directory);

/* Another one, of a size that the seed gives; the directory has nothing of it yet. */
void job_begin(struct job *job, uint64_t *random);

/* In a process that may be killed. 0: the file is complete; 1: not yet; 2: it is wrong. */
int job_run(void *job);

/* One thread, a few calls of each kind in a fixed order: ends by publishing if job->publishes. */
int job_run_steps(void *job);

/* After a run that gave 0: reads the file without the library. */
bool job_file_is_right(struct job *job);

/* The file as a program opens it that goes on; and a first range of it, written and synced. */
#define JOB_WAYS 5
int job_open(const struct job *job, struct rmmap_file **file);
int job_sync_first(struct job *job, struct rmmap_file *file, int way);

void job_remove_files(const struct job *job);

#endif
