/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Reserved space is "unwritten" to the file system until it is written to the disk. Each first
 * write-back of a block changes the file's metadata, so a durable record waits for the journal as
 * well, and takes 1.5 to 3 times as long. Therefore where records are synced one after the other a
 * piece of the file around them is converted, once: its pages are made dirty as they are, whatever
 * other threads store there meanwhile, and synced along. (Databases that write zeros ahead of their
 * log do the same; zeros would overwrite other threads.) What is known of each piece is only a
 * hint; only batches of the handle's group commit touch it, one at a time. Layer 3.
 */
#ifndef RMMAP_UNWRITTEN_EXTENTS_H
#define RMMAP_UNWRITTEN_EXTENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sync-set.h"

struct rmmap_file;

#define UNWRITTEN_PIECE_SHIFT 18
#define UNWRITTEN_PIECE (UINT64_C(1) << UNWRITTEN_PIECE_SHIFT)

/* A sync of more than this is worth its own change of the metadata. */
#define UNWRITTEN_SMALL_SYNC (UNWRITTEN_PIECE / 2)

/*
 * From 0 to UNWRITTEN_DUE: what small syncs of the piece showed so far. One that met unwritten
 * space counts two, and one that met none counts one: a piece is converted at the eighth, which is
 * what that costs, and after sixteen that met none nobody asks again.
 */
enum { UNWRITTEN_DUE = 16, UNWRITTEN_SETTLED = 254, UNWRITTEN_CONVERTED = 255 };

struct unwritten {
        uint8_t *pieces; /* NULL: nothing is kept */
        size_t count;
        uint64_t last; /* where the last small sync ended */
        bool goes_on;  /* it began near the end of the one before */
        bool given_up; /* it can't be told what is unwritten */
};

int unwritten_create(struct unwritten *unwritten, uint64_t size);
void unwritten_destroy(struct unwritten *unwritten);

/* Nobody asks again. */
void unwritten_give_up(struct unwritten *unwritten);

/* [start, end), not empty, is about to be synced. May it teach anything of its pieces? Not what
 * only adds to the page that was synced last, which isn't unwritten any more. */
bool unwritten_visit(struct unwritten *unwritten, uint64_t start, uint64_t end);

/*
 * It met unwritten space there, or none. The span of pieces that should be converted now: their
 * first, and how many; none: 0. in_order: the caller said that all of it is going to be written.
 */
size_t unwritten_learn(struct unwritten *unwritten, uint64_t start, uint64_t end, bool met,
                       bool in_order, size_t *first);

/* Converts the reserved space around what set is about to sync, where it should be: converted, made
 * dirty when this returns, must be synced along. */
void unwritten_convert(struct rmmap_file *file, const struct sync_set *set,
                       struct sync_set *converted);

/* It was synced, with success or not. */
void unwritten_converted(struct rmmap_file *file, const struct sync_set *converted);

#endif
