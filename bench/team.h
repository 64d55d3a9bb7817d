/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The threads. They exist as long as their job and wait between passes, so that no measured time
 * includes starting them. The caller is the first of them: a job of one thread wakes no other one.
 */
#ifndef BENCH_TEAM_H
#define BENCH_TEAM_H

#include "bench.h"
#include "histogram.h"
#include "neighbour.h"
#include "pool.h"

/* One pass over a file. */
struct pass {
        enum order order;
        enum operation operation;
        size_t block;
        const uint32_t *blocks;
        uint64_t length; /* operations of all threads together */
        unsigned int shift;
        bool check;                  /* compare what was read with the pool */
        bool watch;                  /* note how long each operation takes */
        unsigned int sync_every;     /* as in the scenario; 0: no sync within the pass */
        struct neighbour *neighbour; /* is told when half of the pass is done; NULL: none */
};

struct team;

int team_start(struct team **team, const struct job *job);
void team_stop(struct team *team);

/* Opens a context of each thread for file, which the passes that follow use. */
int team_attach(struct team *team, const struct engine *engine, void *file);
void team_detach(struct team *team);

int team_pass(struct team *team, const struct pass *pass);
/* Of all operations that passes watched since the last call, with the sync that follows one. */
struct quantiles team_latencies(struct team *team);
const struct pool *team_pool(const struct team *team);

#endif
