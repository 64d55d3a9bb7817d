/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Steps that tests of the queue share. */
#ifndef TEST_QUEUE_H
#define TEST_QUEUE_H

#include "child.h"

static inline struct rmmap_queue *queue_of(uint32_t depth, uint32_t threads)
{
        struct rmmap_queue_options options = RMMAP_QUEUE_OPTIONS_INIT;
        struct rmmap_queue *queue;

        options.depth = depth;
        options.threads = threads;
        ck_ok(rmmap_queue_create(&options, &queue));
        return queue;
}

/* Waits without the descriptor, which Windows lacks, until count completions were reaped. */
static inline void queue_await(struct rmmap_queue *queue, struct rmmap_completion *completions,
                               int count)
{
        int have = 0;

        for (int tries = 0; have < count && tries < 100000; tries++) {
                int more = rmmap_queue_reap(queue, completions + have, (size_t)(count - have));

                ck_assert_int_ge(more, 0);
                have += more;
                if (more == 0)
                        test_pause();
        }
        ck_assert_int_eq(have, count);
}

/* The next completion: of this submission, with this result. */
static inline void queue_gives(struct rmmap_queue *queue, uint64_t cookie, int result)
{
        struct rmmap_completion completion;

        memset(&completion, 0xa5, sizeof(completion));
        queue_await(queue, &completion, 1);
        ck_assert_uint_eq(completion.cookie, cookie);
        ck_is(completion.result, result);
        ck_assert_uint_eq(completion.reserved, 0);
}

static inline bool queue_is_empty(struct rmmap_queue *queue)
{
        struct rmmap_completion completion;

        return rmmap_queue_reap(queue, &completion, 1) == 0;
}

#endif
