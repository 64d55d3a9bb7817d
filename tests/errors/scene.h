/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the test of errors works with: a scene is a handle and the arguments of every call on it,
 * all good until one thing in it is spoilt. Each scene meets each function.
 */
#ifndef TEST_ERRORS_SCENE_H
#define TEST_ERRORS_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "rmmap.h"

#define SCENE_SIZE ((uint64_t)16 * RMMAP_ALIGNMENT)
#define SCENE_RANGE ((size_t)4 * RMMAP_ALIGNMENT)
#define SCENE_STATE 256

/* Where calls put what they give. */
struct results {
        struct rmmap_file *opened;
        struct rmmap_range range, low, high;
        struct rmmap_receipt receipt;
        struct rmmap_info info;
        uint64_t done;
        size_t length;
        void *data;
        const void *view;
        unsigned char encoded[RMMAP_RANGE_ENCODED_SIZE], state[SCENE_STATE];
        int value;
};

struct scene {
        /* For the calls that make a handle. */
        const char *path;
        int fd;
        uint64_t size;
        struct rmmap_options options;

        /* For the calls on one. */
        struct rmmap_file *file;
        struct rmmap_range range;
        struct rmmap_receipt receipt;
        uint64_t start, end; /* of a claim */
        uint64_t wanted;     /* bytes to allocate */
        uint64_t offset;     /* into the range, or into the file */
        uint64_t done;
        size_t length;   /* what is moved: the range's length */
        size_t capacity; /* of whatever is filled */
        unsigned char *memory;
        struct iovec pieces[2];
        int input; /* descriptor to read from; endless */
        int (*body)(void *scene);
        unsigned char encoded_range[RMMAP_RANGE_ENCODED_SIZE];
        unsigned char encoded_receipt[RMMAP_RECEIPT_ENCODED_SIZE];
        unsigned char state[SCENE_STATE];
        size_t state_length;

        struct results *results; /* NULL: nowhere to put anything */
        bool in_child;           /* the call is made in a forked child */
        const char *impossible;  /* why there is no such scene on this machine */

        /* A second file, all of it handed out and written; a third handle, for whatever. */
        struct rmmap_file *other, *holder;
        struct rmmap_range other_range;
        struct rmmap_receipt other_receipt;
};

/* ---- scene.c */

/*
 * A good scene: a fresh file with a range of it written, another handle, all arguments right.
 * options, NULL or not, are those of the handle. Says what is wrong and exits if it can't.
 */
void scene_make(struct scene *scene, const struct rmmap_options *options);

/* Undoes it, and what was done to the process. */
void scene_end(struct scene *scene);

/* The value, or the end of the program: for steps that can't fail. */
int must(int value, const char *what);

/* A soft limit; RLIM_INFINITY lifts it. A macro: C libraries don't agree on the type of which. */
#define LIMIT(which, to)                                                                           \
        do {                                                                                       \
                struct rlimit limit;                                                               \
                                                                                                   \
                must(getrlimit(which, &limit), "getrlimit");                                       \
                limit.rlim_cur = (rlim_t)(to) < limit.rlim_max ? (rlim_t)(to) : limit.rlim_max;    \
                must(setrlimit(which, &limit), "setrlimit");                                       \
        } while (0)

/* ---- spoilt-*.c: how each scene is spoilt; the parameter says more */

typedef void spoil_function(struct scene *scene, int parameter);

spoil_function good, nothing_given, zeros, forged, foreign, misplaced, beyond, too_small, too_long;
spoil_function nothing_left, damaged, read_only, in_a_child, unclaimed;
spoil_function with_flag, with_engine, sparse_with_engine, of_kind, empty_file, held, not_writable;
spoil_function names_only;
spoil_function too_large, over_limit, no_address_space, no_bitmaps, cut_short, input_ends,
        full_disk;
spoil_function moody, bare;

/* ---- injected.c: what the kernel of this machine can't be made to answer */

spoil_function incoherent, without_flush, page_fault;
void injected_reset(void);

/* ---- moody-allocator.c */

#define MOODY_NONSENSE 1 /* success, with what no allocator may give */

extern const struct rmmap_allocator_ops moody_allocator, bare_allocator;

/* What each op answers from now on; 0: what it should. */
void moody_answer(int answer);

/* ---- calls.c */

struct call {
        const char *function;
        int (*make)(struct scene *scene, struct results *results);
};
extern const struct call calls[];
extern const size_t call_count;

/* ---- rows.c */

/* function must give error when the scene is spoilt this way. */
struct row {
        const char *function;
        int error;
        const char *scene;
        spoil_function *spoil;
        int parameter;
};
extern const struct row rows[];
extern const size_t row_count;

#endif
