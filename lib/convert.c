/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Makes reserved space written space where small syncs come one after the other: the pages around
 * them are made dirty as they are, whatever others store there meanwhile, and synced along.
 * Databases that write zeros ahead of their log do the same; zeros would overwrite other threads.
 */
#include "checked.h"
#include "extents.h"
#include "private.h"

static void begin_range(struct rmmap_file *file, const struct commit_range *range,
                        struct commit_work *pieces)
{
        bool in_order = file->pattern == RMMAP_PATTERN_SEQUENTIAL;
        bool at_random = file->pattern == RMMAP_PATTERN_RANDOM;
        uint64_t start, end;
        size_t first, count;
        int met;

        if (!unwritten_may_teach(&file->unwritten, range->start, range->end))
                return;
        met = extents_unwritten(file->fd, range->start, range->end);
        if (met < 0) /* nobody asks again */
                unwritten_destroy(&file->unwritten);
        if (met < 0)
                return;
        count = unwritten_learn(&file->unwritten, range->start, range->end, met, in_order, &first);
        if (count == 0)
                return;
        start = (uint64_t)first << UNWRITTEN_PIECE_SHIFT;
        end = min_u64(start + count * UNWRITTEN_PIECE, file->size);
        /* Where it can't be done the records' own syncs do it, one by one, or tell why not. */
        if (mapping_dirty(&file->mapping, start, end - start, at_random) == 0)
                commit_work_add(pieces, start, end);
}

void convert_begin(struct rmmap_file *file, const struct commit_work *work,
                   struct commit_work *pieces)
{
        *pieces = (struct commit_work){.everything = false};
        for (unsigned int i = 0; !work->everything && i < work->count; i++)
                begin_range(file, &work->ranges[i], pieces);
}

/* Entries of the page table that are left slow down each later sync there. */
void convert_end(struct rmmap_file *file, const struct commit_work *pieces)
{
        for (unsigned int i = 0; i < pieces->count; i++)
                mapping_forget(&file->mapping, pieces->ranges[i].start,
                               pieces->ranges[i].end - pieces->ranges[i].start);
}
