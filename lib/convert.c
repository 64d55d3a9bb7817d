/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Makes reserved space written space where small syncs come one after the other: the pages around
 * them are made dirty as they are, whatever others store there meanwhile, and synced along.
 * Databases that write zeros ahead of their log do the same; zeros would overwrite other threads.
 */
#include "base/checked.h"
#include "file.h"
#include "os/os.h"

/* What was written there already is left as it is, and needn't be read. */
static void dirty_unwritten(struct rmmap_file *file, uint64_t start, uint64_t end,
                            struct sync_set *pieces)
{
        bool at_random = file->pattern == RMMAP_PATTERN_RANDOM;
        size_t page = mapping_page_size();

        while (start < end) {
                uint64_t from = start, to = end;

                if (extents_find_unwritten(file->fd, &from, &to) != 1)
                        return;
                from = align_down_to(from, page);
                start = align_up_to(to, page);
                to = min_u64(start, file->size);
                /* Where it can't be done the records' own syncs do it, or tell why not. */
                if (mapping_dirty(&file->mapping, from, to - from, at_random) != 0)
                        return;
                sync_set_add(pieces, from, to);
        }
}

static void begin_range(struct rmmap_file *file, const struct sync_set_range *range,
                        struct sync_set *pieces)
{
        bool in_order = file->pattern == RMMAP_PATTERN_SEQUENTIAL;
        uint64_t start = range->start, end = range->end;
        size_t first = 0, count;
        int met;

        if (!unwritten_visit(&file->unwritten, start, end))
                return;
        met = extents_find_unwritten(file->fd, &start, &end);
        if (met < 0) {
                unwritten_give_up(&file->unwritten);
                return;
        }
        count = unwritten_learn(&file->unwritten, range->start, range->end, met, in_order, &first);
        start = (uint64_t)first << UNWRITTEN_PIECE_SHIFT;
        end = min_u64(start + count * UNWRITTEN_PIECE, file->size);
        if (count > 0)
                dirty_unwritten(file, start, end, pieces);
}

void convert_begin(struct rmmap_file *file, const struct sync_set *work, struct sync_set *pieces)
{
        *pieces = (struct sync_set){.everything = false};
        for (unsigned int i = 0; !work->everything && i < work->count; i++)
                begin_range(file, &work->ranges[i], pieces);
}

/* Entries of the page table that are left slow down each later sync there. */
void convert_end(struct rmmap_file *file, const struct sync_set *pieces)
{
        for (unsigned int i = 0; i < pieces->count; i++)
                mapping_forget(&file->mapping, pieces->ranges[i].start,
                               pieces->ranges[i].end - pieces->ranges[i].start);
}
