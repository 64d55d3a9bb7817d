/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "memory-check.h"
#include "dirty-budget.h"
#include "os/os.h"

/* Bytes of regions that may be in memory with RMMAP_UNCACHED: what threads write just now. */
#define UNCACHED_IN_USE ((uint64_t)48 << 20)

bool memory_fits(const struct rmmap_file *file)
{
        uint64_t in_use = page_state_in_use(&file->io.page_state);

        if (file_in_memory(file) || file->config.populated)
                return true;
        if (file->dirty.uncached)
                return in_use <= UNCACHED_IN_USE;
        return populate_has_room(&file->io.populate, in_use);
}

uint32_t memory_pattern(const struct rmmap_file *file)
{
        uint32_t pattern = file->config.pattern;

        if (pattern != RMMAP_PATTERN_DENSE || file_in_memory(file) || file->config.populated)
                return pattern;
        return !file->dirty.uncached && populate_has_room(&file->io.populate, file_size(file))
                       ? pattern
                       : (uint32_t)RMMAP_PATTERN_UNKNOWN;
}

static void read_room(struct rmmap_file *file)
{
        int before = cancellation_off();
        uint64_t room = memory_room();

        cancellation_restore(before);
        populate_note_room(&file->io.populate, room);
        dirty_choose(file, room);
}

bool memory_may_populate(struct rmmap_file *file)
{
        if (populate_room_is_due(&file->io.populate))
                read_room(file);
        return memory_fits(file);
}

NOINLINE void memory_end_period(struct rmmap_file *file, uint64_t before, uint64_t length)
{
        if (!io_stats_ends_period(before, length, populate_period(&file->io.populate))) {
                if (dirty_mode(&file->dirty) == DIRTY_WATCHED)
                        dirty_check(file); /* a limit of the program needs no room */
                return;
        }
        if (file_in_memory(file))
                return;
        read_room(file);
        if (file->io.page_state.state == NULL || file->dirty.uncached || memory_fits(file))
                return;
        /* Small writes use pwrite from now on. */
        if (page_state_set_unmapped(&file->io.page_state))
                mapping_forget(&file->os.mapping, 0, file->os.mapping.length);
}
