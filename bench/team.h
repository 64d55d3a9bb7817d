/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The threads. They live as long as their job and wait between passes, so that no time includes
 * starting them. The caller is the first of them: a job of one thread wakes no other thread.
 */
#ifndef BENCH_TEAM_H
#define BENCH_TEAM_H

#include "bench.h"
#include "pool.h"

/* One pass over a file. */
struct pass {
        enum order order;
        enum operation operation;
        size_t block;
        const uint32_t *blocks;
        uint64_t length; /* operations, of all threads together */
        unsigned int shift;
        bool check;              /* what was read is compared */
        unsigned int sync_every; /* 0: not before the end */
};

struct team;

int team_start(struct team **team, const struct job *job);
void team_stop(struct team *team);

/* The engine's file for the passes that follow, and the contexts for it. */
int team_attach(struct team *team, const struct engine *engine, void *file);
void team_detach(struct team *team);

int team_pass(struct team *team, const struct pass *pass);
const struct pool *team_pool(const struct team *team);

#endif
