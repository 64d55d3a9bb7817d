/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Checkpoints: what is synced is also recorded, durably, in a side file, so that a program goes on
 * after a crash where it was. A block of 4 KiB goes through these states:
 *
 *      written    a call that wrote all of a range made a receipt for it
 *      recording  it was written before the I/O of a batch began that covers it
 *      recorded   that I/O is done, and the side file says so, durably
 *
 * give_back ends all of them, the last one durably, before another owner can get the block. A batch
 * records after its I/O and after all errors of it are latched. Layer 3.
 */
#ifndef RMMAP_CHECKPOINT_H
#define RMMAP_CHECKPOINT_H

#include "file.h"
#include "sync-set.h"

struct checkpoint;

/*
 * Where the options ask for it: opens the side file, and tells the allocator what is recorded.
 * Before the data file gets its size. content: what it has now; 0: nothing in it is to be kept.
 */
int checkpoint_open(struct rmmap_file *file, const struct rmmap_options *options, uint64_t content);

/* No handle is made after all: a side file that checkpoint_open made is removed. */
void checkpoint_undo(struct rmmap_file *file);
void checkpoint_close(struct rmmap_file *file);

/* ---- while there is one: file->checkpoint isn't NULL */

/* All of [start, end) was written, just now. */
void checkpoint_note_written(struct checkpoint *checkpoint, uint64_t start, uint64_t end);

/* The bytes of a checked range were all written, just now: makes its receipt, which may be NULL. */
static inline void checkpoint_give_receipt(const struct rmmap_file *file,
                                           struct rmmap_receipt *receipt,
                                           const struct rmmap_range *range)
{
        if (unlikely(file->checkpoint != NULL))
                checkpoint_note_written(file->checkpoint, range->opaque[WORD_START],
                                        range->opaque[WORD_END]);
        receipt_give(receipt, range);
}

/* Does a receipt of these bytes still mean something? */
bool checkpoint_is_written(const struct checkpoint *checkpoint, uint64_t start, uint64_t end);

/* Before the I/O of a batch; and after it, unless an error is latched, which may be this one's. */
void checkpoint_collect(struct checkpoint *checkpoint, const struct sync_set *set);
void checkpoint_record(struct rmmap_file *file);

/* Why the last batch wasn't recorded: no space, or another handle; the next one tries again. */
int checkpoint_error(const struct checkpoint *checkpoint);

/* Before the bytes are given back: nothing of them is written or recorded any more. */
int checkpoint_forget(struct rmmap_file *file, uint64_t start, uint64_t end);

/* For rmmap_publish: is all before size recorded? The end of the checkpoint, and of its file. */
bool checkpoint_covers(const struct checkpoint *checkpoint, uint64_t size);
int checkpoint_finish(struct rmmap_file *file);

/* Bytes recorded now; and was anything when the handle was made? */
uint64_t checkpoint_bytes(const struct rmmap_file *file);
bool checkpoint_resumed(const struct checkpoint *checkpoint);

#endif
