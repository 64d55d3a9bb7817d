/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the parts of rmmap-bench share: a scenario, the job made of it, and the engine interface. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE ((size_t)4096)
#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)
#define TIB(n) (UINT64_C(n) << 40)

/* A write of at least this size starts its write-back early, or is a request of its own. */
#define LARGE KIB(64)

#define MOST_THREADS 64
#define MOST_ROUNDS 199
#define MOST_VARIANTS 8

enum place { ON_DISK, ON_TMPFS };

/* The state of the file when the clock starts. */
enum start {
        START_NEW,      /* no file: the engine creates it */
        START_WARM,     /* this engine wrote all of it, and the blocks once more; dirty */
        START_SYNCED,   /* this engine wrote all of it and made it durable */
        START_UNCACHED, /* an older file, none of it in memory */
        START_CACHED,   /* an older file, read once through this engine */
};

enum order {
        ORDER_ALLOCATED, /* each thread takes the next free range */
        ORDER_IN_ORDER,  /* each thread has a part of the file, from its start to its end */
        ORDER_RANDOM,    /* every block once, shuffled; or count of them */
        ORDER_SCATTERED, /* count blocks, spread evenly over the file, shuffled */
        ORDER_BURSTS,    /* sync_every blocks of one page, then of another one far away */
};

enum operation { OP_WRITE, OP_WRITE_DURABLE, OP_READ };

/* What the job as a whole does; only rmmap-hint passes it to the library. */
enum pattern {
        PATTERN_UNKNOWN,
        PATTERN_DENSE,
        PATTERN_SCATTERED,
        PATTERN_SEQUENTIAL,
        PATTERN_RANDOM
};

enum phase { PHASE_CREATE, PHASE_MOVE, PHASE_SYNC, PHASE_CLOSE, PHASES };
#define TIME_CREATE (1u << PHASE_CREATE) /* create or open */
#define TIME_MOVE (1u << PHASE_MOVE)
#define TIME_SYNC (1u << PHASE_SYNC)
#define TIME_CLOSE (1u << PHASE_CLOSE) /* close and unlink */
#define TIME_WHOLE (TIME_CREATE | TIME_MOVE | TIME_SYNC | TIME_CLOSE)

/* Goals for the peers' time as a multiple of rmmap's; 0: no goal. For this number of threads. */
struct goal {
        double mmap, pwrite;
        unsigned int least_threads, most_threads;
};

struct scenario {
        const char *name, *title;
        enum place place;
        enum start start;
        enum order order;
        enum operation operation;
        uint64_t size;
        size_t block;
        uint64_t count;          /* operations; 0: as many as fill the file */
        unsigned int sync_every; /* operations of a thread, then a sync among them; 0: none */
        unsigned int passes;
        unsigned int threads[MOST_VARIANTS]; /* --quick takes the first one only */
        bool durable;                        /* ends with a sync */
        bool sparse;                         /* no space is reserved */
        enum pattern pattern;
        unsigned int timed;
        struct goal goal, hint_goal; /* without hint_goal, goal holds for both */
        double most_written;         /* bytes on the disk per byte of pages written; 0: no goal */
};

extern const struct scenario scenarios[];
extern const size_t scenarios_count;

/* A scenario with all variables fixed. */
struct job {
        const struct scenario *scenario;
        char label[80];
        char path[4096];
        uint64_t size, count;
        size_t block;
        unsigned int threads, passes;
        bool durable, tmpfs;
        uint32_t *blocks; /* which ones, in which order; NULL: 0, 1, 2 ... */
        uint64_t length;  /* of blocks, or how many operations a pass has */
};

/* Where an operation reads or writes. */
struct spot {
        uint64_t offset;
        size_t length;
        bool allocated;   /* by the engine's next */
        uint64_t room[4]; /* the engine's note from next to write */
};

typedef int mover(void *context, const struct spot *spot, void *data);

#define ENGINE_CORE (1u << 0)    /* one of the few that --quick takes */
#define ENGINE_LIMIT (1u << 1)   /* no peer: what the machine could do */
#define ENGINE_OURS (1u << 2)    /* the ratios are against this one */
#define ENGINE_HINT (1u << 3)    /* says what it knows */
#define ENGINE_NO_FILE (1u << 4) /* memory only: read back through itself */

/*
 * A method of moving bytes. Every function returns 0 or a negative errno. Each run opens the file
 * again; a context is the state of one thread. The caller keeps blocks of memory unchanged until
 * drain, so an engine may keep pointers to them.
 */
struct engine {
        const char *name, *title;
        unsigned int flags;
        uint32_t choice; /* for engines that share their functions */
        /* NULL: suits every job. */
        bool (*suits)(const struct engine *engine, const struct job *job);
        int (*create)(const struct engine *engine, const struct job *job, void **file);
        int (*open)(const struct engine *engine, const struct job *job, void **file);
        /* NULL: the file is the context of all threads. */
        int (*attach)(void *file, void **context);
        void (*detach)(void *context);
        /* Takes the next range: -ENOSPC at the end. NULL: a shared counter does. */
        int (*next)(void *context, size_t length, struct spot *spot);
        mover *write, *write_durable, *read;
        int (*drain)(void *context); /* NULL: nothing is ever outstanding */
        int (*sync)(void *file);
        void (*close)(void *file);
};

extern const struct engine *const engines[];
extern const size_t engines_count;

static inline uint64_t smaller(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

#endif
