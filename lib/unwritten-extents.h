/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The file system marks reserved space as unwritten extents until data is written to the disk
 * there. The first write-back of each block changes the file's metadata, so a durable record also
 * waits for the journal, and takes 1.5 to 3 times as long. Therefore, where records are synced one
 * after the other, the library converts a piece of the file around them once: it makes the pages
 * dirty without changing them, safely against concurrent stores of other threads, and syncs them
 * too. (Databases that write zeros ahead of their log do the same; zeros would overwrite the data
 * of other threads.) The state of each piece is only a hint; only batches of the handle's group
 * commit touch it, one at a time. Layer 3.
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

/* A sync of more than this amortises its own change of the metadata. */
#define UNWRITTEN_SMALL_SYNC (UNWRITTEN_PIECE / 2)

/*
 * From 0 to UNWRITTEN_DUE: what small syncs of the piece have shown so far. A sync that met
 * unwritten space counts two, and one that met none counts one. A piece is converted at the eighth
 * sync, which is the point where the conversion has paid; after sixteen syncs that met none, it is
 * no longer queried.
 */
enum { UNWRITTEN_DUE = 16, UNWRITTEN_SETTLED = 254, UNWRITTEN_CONVERTED = 255 };

struct unwritten {
        uint8_t *pieces; /* NULL: no state is kept */
        size_t count;
        uint64_t last; /* end of the last small sync */
        bool goes_on;  /* it began near the end of the one before */
        bool given_up; /* the system can't report unwritten space */
};

int unwritten_create(struct unwritten *unwritten, uint64_t size);
void unwritten_destroy(struct unwritten *unwritten);

/* The file ends at size; what it grows by later is unwritten. No sync runs. */
void unwritten_forget(struct unwritten *unwritten, uint64_t size);

/* Ends the queries for this file. */
void unwritten_give_up(struct unwritten *unwritten);

/*
 * [start, end), not empty, is about to be synced. true: the sync may show something about its
 * pieces. false for a sync that only adds to the page synced last, because that page is written
 * already.
 */
bool unwritten_visit(struct unwritten *unwritten, uint64_t start, uint64_t end);

/*
 * Records whether the sync met unwritten space. Returns how many pieces should be converted now,
 * and the first of them; 0: none. in_order: the caller promised to write all of the file.
 */
size_t unwritten_learn(struct unwritten *unwritten, uint64_t start, uint64_t end, bool met,
                       bool in_order, size_t *first);

/*
 * Converts the reserved space around what set is about to sync, where that is due. On return the
 * pages of converted are dirty, and the caller must sync them too.
 */
void unwritten_convert(struct rmmap_file *file, const struct sync_set *set,
                       struct sync_set *converted);

/* The sync of converted ended, with success or without. */
void unwritten_converted(struct rmmap_file *file, const struct sync_set *converted);

#endif
