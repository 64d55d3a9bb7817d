/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the test of errors works with: a scene is a handle and the arguments of every call on it,
 * all good until one or two things in it are spoilt. Each scene meets each function.
 */
#ifndef TEST_ERRORS_SCENE_H
#define TEST_ERRORS_SCENE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/uio.h>

#include "rmmap.h"

#define SCENE_SIZE ((uint64_t)16 * RMMAP_ALIGNMENT + 100) /* the last page is short */
#define SCENE_GROWN (SCENE_SIZE + 8 * RMMAP_ALIGNMENT)    /* those that grow may grow to this */
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
        struct rmmap_queue *queue;
        struct rmmap_completion completion;
        uint64_t recorded[2];
};

/* Where splits put their parts. */
enum parts { BOTH_PARTS, NO_LOW_PART, NO_HIGH_PART, ONE_PLACE };

struct scene {
        /* For the calls that make a handle. */
        const char *path;
        int fd;
        uint64_t size;
        struct rmmap_options options;

        /* For the calls on one. */
        struct rmmap_file *file; /* handle, or NULL */
        struct rmmap_range range;
        struct rmmap_receipt receipt;
        struct rmmap_receipt receipts[3];
        size_t receipt_count;
        uint64_t start, end; /* of a claim */
        uint64_t wanted;     /* bytes to allocate */
        uint64_t grown;      /* size to grow to */
        uint64_t offset;     /* into the range, or into the file; to publish, its size */
        const char *target;  /* where it is published */
        uint32_t flags;      /* of that */
        uint64_t done;
        size_t length;   /* what is moved: the range's length */
        size_t capacity; /* of whatever is filled */
        unsigned char *memory;
        struct iovec pieces[3];
        size_t piece_lengths[3]; /* of none: length, as three pieces */
        int piece_count;
        bool hole; /* no memory for the second piece */
        int input; /* descriptor to read from; endless */
        int (*body)(void *scene);
        unsigned char encoded_range[RMMAP_RANGE_ENCODED_SIZE];
        unsigned char encoded_receipt[RMMAP_RECEIPT_ENCODED_SIZE];
        size_t encoded_length;
        unsigned char state[SCENE_STATE];
        size_t state_length;

        struct rmmap_queue *queue; /* for calls on one; of depth 1 */
        bool no_queue;
        struct rmmap_queue_options queue_options; /* of one that is made */
        uint32_t queue_flags;

        bool no_input;           /* NULL for every pointer to read from */
        struct results *results; /* NULL: nowhere to put anything */
        enum parts parts;
        bool in_child;          /* the call is made in a forked child */
        bool changes;           /* a call that fails late may have changed the file */
        bool syncs;             /* and one may have synced */
        const char *impossible; /* why there is no such scene on this machine */

        /* The handle; a second file, all of it handed out and written; a third, for whatever. */
        struct rmmap_file *handle, *other, *holder;
        struct rmmap_range other_range;
        struct rmmap_receipt written, other_receipt;
};

/* ---- scene.c */

/* Where the results go, and what is written, or read into. */
extern struct results scene_results;
extern unsigned char scene_memory[SCENE_SIZE];

/*
 * A good scene: a fresh file with a range of it written, another handle, all arguments right.
 * options, NULL or not, are those of the handle. Says what is wrong and exits if it can't.
 */
void scene_make(struct scene *scene, const struct rmmap_options *options);

/* Gives it a queue, if it has none. */
void scene_make_queue(struct scene *scene);

/* Marks all that a call might write a result to. */
void scene_mark_results(const struct scene *scene);

/* Undoes it, and what was done to the process. */
void scene_end(struct scene *scene);

/* From now on this is the handle. */
void scene_use(struct scene *scene, struct rmmap_file *handle);

/* The value, or the end of the program: for steps that can't fail. */
int made(int value, const char *what);

/* A soft limit; RLIM_INFINITY lifts it. A macro: C libraries don't agree on the type of which. */
#define LIMIT(which, to)                                                                           \
        do {                                                                                       \
                struct rlimit limit;                                                               \
                                                                                                   \
                made(getrlimit(which, &limit), "getrlimit");                                       \
                limit.rlim_cur = (rlim_t)(to) < limit.rlim_max ? (rlim_t)(to) : limit.rlim_max;    \
                made(setrlimit(which, &limit), "setrlimit");                                       \
        } while (0)

/* ---- witness.c */

/* Sees all that a refused call must leave as it is. */
void witness_before(const struct scene *scene);

/* What the call changed all the same when it gave this error; NULL: nothing. */
const char *witness_after(const struct scene *scene, const char *function, int error);

/* Between scenes: what earlier ones left open. NULL: nothing. */
const char *witness_leftovers(void);

/* ---- spoilt-*.c: how each scene is spoilt; the parameter says more */

typedef void spoil_function(struct scene *scene, uint64_t parameter);

/* A scene with a handle of its own kind is made by these; they come first. */
spoil_function copied_by, over_limit, cut_short, incoherent, page_fault, moody, bare;

/* Of these two may be combined. */
spoil_function good, no_file, no_input, no_results, parts, zeros, forged, other_kind, foreign;
spoil_function empty_range, misplaced, beyond, nothing_left, damaged, read_only, in_a_child;
spoil_function unclaimed, with_flag, with_engine, sparse_with_engine, odd_pieces, hole_in_pieces;
spoil_function state_off_by, no_descriptor, new_name;
spoil_function of_kind, empty_file, in_use, held, not_writable, names_only, no_address_space;
spoil_function no_bitmaps, input_ends, full_disk, without_flush, sticky;
spoil_function flags_are, target_is, nameless, published, behind_a_link, no_strdup;

/* Of foreign; and of moody, beside errors: success, with what no allocator may give. */
enum { OTHER_FILE, OTHER_HANDLE, RELEASED_HANDLE };
enum { MOODY_NONSENSE = 1 };
enum target { OLDER_FILE, DIRECTORY, EMPTY_PATH, LONG_PATH };

/* With a checkpoint; the second one may be combined. */
spoil_function recording, side_file_is;
enum { RECORDING_NOTHING, RECORDING_TAKEN_OVER, RECORDING_AT_ITS_LIMIT, RECORDED_AT_ITS_LIMIT };
enum { SIDE_FILE_MISSING, SIDE_FILE_DAMAGED };

/* Of queues; the parameter of no_threads is how many are asked for. */
spoil_function no_queue, full_queue, no_threads, queue_flags_are;
spoil_function queue_threads_are, queue_depth_is, queue_options_end_at, queue_reserved_is;

/* The argument is this number. */
spoil_function size_is, wanted_is, grown_is, start_is, end_is, offset_is, length_is, capacity_is,
        done_is;
spoil_function encoded_length_is, state_length_is, piece_count_is, receipt_count_is;

/* ---- injected.c: what the kernel of this machine can't be made to answer */

void injected_reset(void);
void injected_no_locks(bool none);

/* Can a fault in the mapping not be caught here? Then the scene is impossible. */
bool lacks_addresses(struct scene *scene);

/* ---- calls.c */

struct call {
        const char *function;
        int (*make)(struct scene *scene, struct results *results);
};
extern const struct call calls[];
extern const size_t call_count;

/* ---- rows.c */

/* function must give error when the scene is spoilt this way, or in these two ways. */
struct row {
        const char *function;
        int error;
        const char *scene;
        spoil_function *spoil;
        uint64_t parameter;
        spoil_function *then; /* or NULL */
        uint64_t its;
};
extern const struct row rows[];
extern const size_t row_count;

#endif
