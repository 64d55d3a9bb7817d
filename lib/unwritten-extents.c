/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/checked.h"
#include "file.h"
#include "os/os.h"

#define MET_UNWRITTEN 2
#define MET_NONE 1

/* A sync this near to the one before continues it, whichever thread makes it. */
#define NEAR UNWRITTEN_SMALL_SYNC

int unwritten_create(struct unwritten *unwritten, uint64_t size)
{
        unwritten->count = (size_t)((size - 1) >> UNWRITTEN_PIECE_SHIFT) + 1;
        unwritten->last = 0;
        unwritten->goes_on = unwritten->given_up = false;
        unwritten->pieces = memory_zeroed(unwritten->count, sizeof(*unwritten->pieces));
        return unwritten->pieces == NULL ? -ENOMEM : 0;
}

void unwritten_destroy(struct unwritten *unwritten)
{
        memory_free(unwritten->pieces);
        unwritten->pieces = NULL;
}

static size_t piece_of(uint64_t offset)
{
        return (size_t)(offset >> UNWRITTEN_PIECE_SHIFT);
}

void unwritten_forget(struct unwritten *unwritten, uint64_t size)
{
        if (unwritten->pieces == NULL)
                return;
        memset(unwritten->pieces + piece_of(size), 0, unwritten->count - piece_of(size));
        unwritten->last = 0;
}

void unwritten_give_up(struct unwritten *unwritten)
{
        unwritten->given_up = true;
}

bool unwritten_visit(struct unwritten *unwritten, uint64_t start, uint64_t end)
{
        uint64_t last = unwritten->last;

        if (unwritten->pieces == NULL || unwritten->given_up || end - start > UNWRITTEN_SMALL_SYNC)
                return false;
        unwritten->goes_on = start < last + NEAR && last < start + NEAR;
        unwritten->last = end;
        if (last > 0 && (last - 1) / RMMAP_ALIGNMENT == (end - 1) / RMMAP_ALIGNMENT)
                return false;
        return unwritten->pieces[piece_of(start)] < UNWRITTEN_DUE ||
               unwritten->pieces[piece_of(end - 1)] < UNWRITTEN_DUE;
}

/* true: the piece should be converted now. */
static bool learn(struct unwritten *unwritten, size_t piece, bool met, bool in_order)
{
        uint8_t *known = &unwritten->pieces[piece];

        if (*known >= UNWRITTEN_DUE)
                return false;
        *known = (uint8_t)(*known + (met ? MET_UNWRITTEN : MET_NONE));
        if (met && (in_order || *known >= UNWRITTEN_DUE ||
                    (unwritten->goes_on && piece > 0 &&
                     unwritten->pieces[piece - 1] == UNWRITTEN_CONVERTED))) {
                *known = UNWRITTEN_CONVERTED;
                return true;
        }
        if (*known >= UNWRITTEN_DUE)
                *known = UNWRITTEN_SETTLED;
        return false;
}

size_t unwritten_learn(struct unwritten *unwritten, uint64_t start, uint64_t end, bool met,
                       bool in_order, size_t *first)
{
        size_t count = 0;

        /* At most two pieces, because unwritten_visit refuses longer syncs. */
        for (size_t piece = piece_of(start); piece <= piece_of(end - 1); piece++) {
                if (!learn(unwritten, piece, met, in_order))
                        continue;
                if (count++ == 0)
                        *first = piece;
        }
        return count;
}

/* ---- conversion: inside a batch of syncs */

/* Makes only unwritten extents dirty: written ones are left alone, and needn't be read. */
static void dirty_unwritten(struct rmmap_file *file, uint64_t start, uint64_t end,
                            struct sync_set *converted)
{
        bool at_random = file->config.pattern == RMMAP_PATTERN_RANDOM;
        size_t page = mapping_page_size();

        while (start < end) {
                uint64_t from = start, to = end;

                if (extents_find_unwritten(file->os.fd, &from, &to) != 1)
                        return;
                from = align_down_to(from, page);
                start = align_up_to(to, page);
                to = min_u64(start, file_size(file));
                /* On an error the syncs of the records themselves convert, or return the reason. */
                if (mapping_dirty(&file->os.mapping, from, to - from, at_random) != 0)
                        return;
                sync_set_add(converted, from, to);
        }
}

static void convert_around(struct rmmap_file *file, const struct sync_set_range *range,
                           struct sync_set *converted)
{
        bool in_order = file->config.pattern == RMMAP_PATTERN_SEQUENTIAL;
        uint64_t start = range->start, end = range->end;
        size_t first = 0, count;
        int met;

        if (!unwritten_visit(&file->sync.unwritten, start, end))
                return;
        met = extents_find_unwritten(file->os.fd, &start, &end);
        if (met < 0) {
                unwritten_give_up(&file->sync.unwritten);
                return;
        }
        count = unwritten_learn(&file->sync.unwritten, range->start, range->end, met, in_order,
                                &first);
        start = (uint64_t)first << UNWRITTEN_PIECE_SHIFT;
        end = min_u64(start + count * UNWRITTEN_PIECE, file_size(file));
        if (count > 0)
                dirty_unwritten(file, start, end, converted);
}

void unwritten_convert(struct rmmap_file *file, const struct sync_set *set,
                       struct sync_set *converted)
{
        *converted = (struct sync_set){.everything = false};
        for (unsigned int i = 0; !set->everything && i < set->count; i++)
                convert_around(file, &set->ranges[i], converted);
        converted->bytes = 0; /* nobody asked for them */
}

/* Page table entries that remain slow down each later sync in the region. */
void unwritten_converted(struct rmmap_file *file, const struct sync_set *converted)
{
        for (unsigned int i = 0; i < converted->count; i++)
                mapping_forget(&file->os.mapping, converted->ranges[i].start,
                               converted->ranges[i].end - converted->ranges[i].start);
}
