/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What check-sweep makes fail: each scene is one call of the library, what it needs, and what it
 * owes when it worked and when it didn't.
 */
#ifndef TEST_SCENES_H
#define TEST_SCENES_H

#include "../child.h"
#include "../setups.h"
#include "inject.h"

#define PAGE ((size_t)4096)
#define SIZE (30 * PAGE)
#define AT (4 * PAGE)     /* where the range lies */
#define LENGTH (9 * PAGE) /* long enough to be a large write */
#define FAR (28 * PAGE)   /* where another range lies */
#define CUT (2 * PAGE)    /* what is left of a file that was cut */

/* In place of a result: libcheck's own calls must not be made while some of them fail. */
#define WRONG (-1000)

struct scene;

struct stage {
        const struct scene *scene;
        const char *path;
        struct rmmap_file *file; /* for all but those that make one */
        struct rmmap_range range, far;
        struct rmmap_receipt receipt, far_receipt;
        unsigned char *data;       /* LENGTH, to be written */
        unsigned char *found;      /* SIZE, read into */
        struct rmmap_queue *queue; /* for some */
        int fd;
        uint64_t done;
};

/* Out-parameters. On failure every byte must be what it was. */
struct results {
        struct rmmap_file *file;
        struct rmmap_receipt receipt;
        size_t length;
        int value;
};

struct scene {
        const char *name;
        bool one_setup, syncs;
        bool settles; /* the act gives back what the handle holds, on its way to a failure too */
        int want;
        void (*prepare)(struct stage *stage);
        int (*act)(struct stage *stage, struct results *results); /* asserts nothing */
        /* After act gave want. NULL: nothing to look at. */
        bool (*good)(struct stage *stage, struct results *results);
        /* After it failed, with this call made to fail. */
        bool (*bad)(struct stage *stage, enum injected call);
        void (*clean)(struct stage *stage); /* NULL: the handle's release */
        int setup, variant;
        uint32_t flags, engine; /* of those that make a handle */
};

/* An act that is one call; it may name stage and results. */
#define ACT(function, call)                                                                        \
        static int function(struct stage *stage, struct results *results)                          \
        {                                                                                          \
                (void)results;                                                                     \
                return call;                                                                       \
        }

/* In each list the last one has no name. */
extern const struct scene scenes_durable[], scenes_handle[], scenes_move[], scenes_publish[],
        scenes_recorded[], scenes_windows[];

/* A handle of this setup, a range of it that was written with data, and one far away. */
void stage_file(struct stage *stage);

/* Nothing but what is in the range differs from what the file held. */
bool stage_outside_is_whole(struct stage *stage, enum injected call);

#endif
