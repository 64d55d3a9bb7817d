/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Who asks for durability, alone or together with others, and by what calls it comes. */
#ifndef TEST_TOGETHER_H
#define TEST_TOGETHER_H

#include <pthread.h>
#include <stdatomic.h>

#include "../child.h"
#include "inject.h"

#define TOGETHER 8 /* threads */

/* One call on the file or on the range. */
typedef int act_function(struct rmmap_file *file, struct rmmap_range range);
#define ACT(function, call)                                                                        \
        static int function(struct rmmap_file *file, struct rmmap_range range)                     \
        {                                                                                          \
                (void)range;                                                                       \
                return call;                                                                       \
        }

struct asker {
        struct rmmap_file *file;
        act_function *ask;
        struct rmmap_range range;
        int result;
        atomic_bool returned;
        pthread_t thread;
};

void asker_start(struct asker *asker);

/* In test_until: one thread is held at the gate. */
bool is_at_gate(const void *unused);

struct rmmap_info described(struct rmmap_file *file);

/* Did the n-th recorded call make [start, end) of the file durable? */
bool serves(int n, struct rmmap_file *file, uint64_t start, uint64_t end);

/* The first one's batch is held in place of the kernel's I/O until all others have asked, too. */
void ask_together(struct rmmap_file *file, struct asker *askers);

#endif
