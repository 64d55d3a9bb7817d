/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * RMMAP_PUNCH_HOLES: the disk space of what is given back returns to the file system, and is
 * reserved again when the allocator hands the bytes out. A bit for each block is set from the time
 * a range is given back until it is out again. The thread that sets it has the block for itself:
 * only one of several threads that give back one range punches it, and nobody punches what another
 * range has got since. Layer 3.
 *
 * A region of 2 MiB with such a block is written by pwrite: populating it would bring the space
 * back, and would fail on a full disk. Other regions are written as ever.
 */
#ifndef RMMAP_PUNCH_H
#define RMMAP_PUNCH_H

#include "bitmap.h"
#include "file.h"

/*
 * Where the options ask for it, and the file system can punch holes. Otherwise the space stays with
 * the file, as without the flag. -ENOMEM
 */
int punch_create(struct rmmap_file *file, const struct rmmap_options *options);
void punch_destroy(struct rmmap_file *file);

/*
 * Gives a range back to the allocator, which has the op; punches it before. -EINVAL: it isn't out,
 * or another thread gives it back. On another error it stays out; its content may be zeros then.
 */
int punch_give_back(struct rmmap_file *file, uint64_t start, uint64_t end);

/* Reserves the space of a range that the allocator just handed out, or gives it back. */
int punch_reserve(struct rmmap_file *file, uint64_t start, uint64_t end);

/* Was any of it given back, and isn't out again? An empty piece: no. */
static inline bool punch_any(const struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        return file->punched != NULL && length != 0 &&
               bitmap_any(file->punched, offset / RMMAP_ALIGNMENT,
                          (offset + length - 1) / RMMAP_ALIGNMENT + 1);
}

#endif
