/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the parts of rmmap-bench share: scenarios, jobs, and the interface of an engine. */
#ifndef BENCH_H
#define BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PAGE ((size_t)4096)
#define KIB(n) ((size_t)(n) << 10)
#define MIB(n) ((size_t)(n) << 20)
#define TIB(n) (UINT64_C(n) << 40)

/* Engines start write-back early for a write of at least this size, or submit it by itself. */
#define LARGE KIB(64)

/* What a thread of ORDER_PIECES takes at a time. */
#define PIECE MIB(1)

#define MOST_THREADS 64
#define MOST_ROUNDS 199
#define MOST_VARIANTS 8

enum place { ON_DISK, ON_TMPFS };

/* The state of the file when the clock starts. */
enum start {
        START_NEW,      /* no file: the engine creates it */
        START_WARM,     /* this engine wrote all of it, then the blocks once more; they are dirty */
        START_SYNCED,   /* this engine wrote all of it and made it durable */
        START_UNCACHED, /* an older file, none of it in memory */
        START_CACHED,   /* an older file, read once through this engine */
};

enum order {
        ORDER_ALLOCATED, /* each thread takes the next free range */
        ORDER_IN_ORDER,  /* each thread has a part of the file, from its start to its end */
        ORDER_RANDOM,    /* every block once, shuffled; or only count of them */
        ORDER_SCATTERED, /* count blocks, spread evenly over the file, shuffled */
        ORDER_PIECES,    /* each thread takes the next MiB, writes it, and reads an earlier one */
        ORDER_BURSTS,    /* sync_every blocks of one page, then of another one far away */
};

enum operation { OP_WRITE, OP_WRITE_DURABLE, OP_READ };

/* The job's pattern; only the engine rmmap-hint passes it to the library. */
enum pattern {
        PATTERN_UNKNOWN,
        PATTERN_DENSE,
        PATTERN_SCATTERED,
        PATTERN_SEQUENTIAL,
        PATTERN_RANDOM
};

/* What another process does meanwhile. */
enum neighbour_kind {
        NEIGHBOUR_NONE,
        NEIGHBOUR_SYNCS, /* syncs 4 KiB of a file in the same directory, every 10 ms */
        NEIGHBOUR_GROWS, /* takes three quarters of the job's memory when the job is half done */
};

enum phase { PHASE_CREATE, PHASE_MOVE, PHASE_SYNC, PHASE_CLOSE, PHASES };
#define TIME_CREATE (1u << PHASE_CREATE) /* create or open */
#define TIME_MOVE (1u << PHASE_MOVE)
#define TIME_SYNC (1u << PHASE_SYNC)
#define TIME_CLOSE (1u << PHASE_CLOSE) /* close and unlink */
#define TIME_WHOLE (TIME_CREATE | TIME_MOVE | TIME_SYNC | TIME_CLOSE)

/* Goals for a peer's time divided by rmmap's, for some numbers of threads; 0: no goal. */
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
        unsigned int sync_every; /* a thread syncs after so many of its operations; 0: never */
        unsigned int passes;
        unsigned int threads[MOST_VARIANTS]; /* --quick uses only the first one */
        bool durable;                        /* the job ends with a sync */
        bool sparse;                         /* no space is reserved */
        uint64_t memory;                     /* bytes that the job may have; 0: all */
        enum neighbour_kind neighbour;
        bool uncached; /* rmmap-hint passes RMMAP_UNCACHED */
        bool quick;    /* --quick runs it without being asked */
        bool long_run; /* only where an option names it */
        bool more;     /* the table shows latencies and memory without being asked */
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
        uint32_t *blocks; /* block numbers, in this order; NULL: 0, 1, 2 ... */
        uint64_t length;  /* operations of a pass, and elements of blocks */
};

/* Where an operation reads or writes. */
struct spot {
        uint64_t offset;
        size_t length;
        bool allocated;   /* by the engine's next */
        uint64_t room[4]; /* the engine's own data, from next to write */
};

typedef int mover(void *context, const struct spot *spot, void *data);

#define ENGINE_CORE (1u << 0)       /* one of the few that --quick uses */
#define ENGINE_PEER (1u << 1)       /* another way to do the job, which a program could use */
#define ENGINE_OURS (1u << 2)       /* this library: ratios are relative to it */
#define ENGINE_HINT (1u << 3)       /* gives the library hints */
#define ENGINE_CHECKPOINT (1u << 5) /* records what is durable */
#define ENGINE_NO_FILE (1u << 4)    /* memory only: verified through the engine itself */

/*
 * A method of moving bytes. Every function returns 0 or a negative errno. Each run opens the file
 * again; a context is the state of one thread. The caller keeps blocks of memory unchanged until
 * drain, so an engine may keep pointers to them.
 */
struct engine {
        const char *name, *title;
        unsigned int flags;
        uint32_t choice; /* the variant, where engines share their functions */
        /* NULL: suits every job. */
        bool (*suits)(const struct engine *engine, const struct job *job);
        int (*create)(const struct engine *engine, const struct job *job, void **file);
        int (*open)(const struct engine *engine, const struct job *job, void **file);
        /* NULL: the file is the context of all threads. */
        int (*attach)(void *file, void **context);
        void (*detach)(void *context);
        /* Allocates the next range; -ENOSPC at the end. NULL: the team's counter is used. */
        int (*next)(void *context, size_t length, struct spot *spot);
        mover *write, *write_durable, *read;
        int (*drain)(void *context); /* waits for outstanding requests; NULL: there are none */
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
