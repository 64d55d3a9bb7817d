/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "base/abi-struct.h"
#include "checkpoint.h"
#include "file.h"
#include "sync-exec.h"

ASSERT_ABI_SIZE(struct rmmap_info, 6 * sizeof(void *) + 16 * 8 + 6 * 4);

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
        return atomic_load_explicit(counter, memory_order_relaxed);
}

static bool is_set(const atomic_bool *flag)
{
        return atomic_load_explicit(flag, memory_order_relaxed);
}

static uint32_t facts_of(const struct rmmap_file *file)
{
        return (file->config.read_only ? RMMAP_FACT_READ_ONLY : 0) |
               (file->config.reserved && file->punched == NULL ? RMMAP_FACT_RESERVED : 0) |
               (file->os.file_system.coherent ? RMMAP_FACT_COHERENT : 0) |
               (file->config.engine.mapped ? RMMAP_FACT_MAPPED : 0) |
               (is_set(&file->io.huge_pages) ? RMMAP_FACT_HUGE_PAGES : 0) |
               (file->config.catch_faults ? RMMAP_FACT_CATCH_FAULTS : 0) |
               (file->os.locked ? RMMAP_FACT_LOCKED : 0) |
               (file->os.errors_shared ? RMMAP_FACT_ERRORS_SHARED : 0) |
               (is_set(&file->sync.entry_unsynced) ? RMMAP_FACT_ENTRY_UNSYNCED : 0) |
               (file_forked(file) ? RMMAP_FACT_FORKED : 0) |
               (file->config.made ? RMMAP_FACT_CREATED : 0) |
               (file->checkpoint != NULL && checkpoint_resumed(file->checkpoint)
                        ? RMMAP_FACT_RESUMED
                        : 0);
}

/* ---- the dirty budget, as dirty-budget.c applies it */

/* Why this handle starts no write-back of what was written; NULL: it does. */
static const char *why_nothing_starts(const struct rmmap_file *file)
{
        if (file->config.read_only)
                return "the handle only reads";
        if (file_in_memory(file))
                return "the file is in memory, without a disk";
        if (file_forked(file))
                return "a forked child starts no write-back";
        if (!dirty_is_possible(file) || !sync_can_start(file))
                return "write-back can't be started here";
        return NULL;
}

static const char *tell_limit(const struct rmmap_file *file, uint64_t *limit)
{
        const char *why = why_nothing_starts(file);
        uint64_t chosen;

        *limit = 0;
        if (why != NULL)
                return why;
        if (file->dirty.uncached)
                return "uncached: writers help with write-back from the first byte on";
        *limit = file->dirty.limit;
        if (*limit != 0)
                return "set by the program";
        chosen = read_counter(&file->dirty.chosen);
        if (chosen == DIRTY_NOT_CHOSEN)
                return "not chosen yet";
        if (chosen == DIRTY_NONE_KNOWN)
                return "no limit of memory is known";
        *limit = chosen;
        return "an eighth of the memory that was left";
}

/* Also without RMMAP_UNCACHED what is on the disk is dropped when much was written. */
static const char *tell_uncached(const struct rmmap_file *file, uint32_t *uncached)
{
        const char *why = why_nothing_starts(file);

        *uncached = RMMAP_UNCACHED_OFF;
        if (!file->dirty.uncached &&
            !(is_set(&file->dirty.drops) && dirty_mode(&file->dirty) == DIRTY_BOUNDED))
                return "not asked for";
        *uncached = RMMAP_UNCACHED_UNAVAILABLE;
        if (why != NULL)
                return why;
        *uncached = RMMAP_UNCACHED_KEPT;
        if (!file->config.reserved)
                return "write-back starts early; without reserved space nothing is dropped";
        if (file->config.populated)
                return "write-back starts early; populated pages stay";
        *uncached = RMMAP_UNCACHED_ADVISED;
        if (file->os.file_system.layered)
                return "the kernel is advised to write it back and to drop it";
        *uncached = RMMAP_UNCACHED_DROPPED;
        return "dropped from the page cache when the disk has it";
}

int rmmap_describe(const struct rmmap_file *file, struct rmmap_info *info)
{
        struct rmmap_info now;

        if (file == NULL || info == NULL)
                return -EINVAL;
        now = (struct rmmap_info){
                .size = sizeof(now),
                .file_system = file->os.file_system.name,
                .allocator = file->allocator.name,
                .engine_reason = file->config.engine.reason,
                .file_size = file_size(file),
                .page_size = mapping_page_size(),
                .file_system_magic = file->os.file_system.magic,
                .allocated = rmmap_allocated(file),
                .pwrite_bytes = read_counter(&file->io.pwrite_bytes),
                .flush_calls = read_counter(&file->sync.flush_calls),
                .faults_caught = read_counter(&file->io.faults_caught),
                .facts = facts_of(file),
                .engine = file->config.engine.chosen,
                .pattern = file->config.pattern,
                .error = sync_error(file),
                .map_bytes = io_stats_bytes(&file->io.stats),
                .faults_avoided = read_counter(&file->io.faults_avoided),
                .sync_calls = group_commit_calls(&file->sync.group_commit),
                .sync_rounds = group_commit_started(&file->sync.group_commit),
                .dirty_bytes = dirty_estimate_now(file),
                .recorded = file->checkpoint != NULL ? checkpoint_bytes(file) : 0,
                .max_size = file->publish.sealed ? file_size(file) : file->growth.max_size,
        };
        now.dirty_highest = dirty_estimate_highest(file, now.dirty_bytes);
        now.dirty_limit_reason = tell_limit(file, &now.dirty_limit);
        now.uncached_reason = tell_uncached(file, &now.uncached);
        return abi_struct_write(info, sizeof(now), &now, sizeof(now));
}
