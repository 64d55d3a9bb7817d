/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "base/abi-struct.h"
#include "file.h"

ASSERT_ABI_SIZE(struct rmmap_info, 4 * sizeof(void *) + 11 * 8 + 4 * 4);

static uint64_t read_counter(const _Atomic uint64_t *counter)
{
        return atomic_load_explicit(counter, memory_order_relaxed);
}

static uint32_t facts_now(const struct rmmap_file *file)
{
        bool unsynced = atomic_load_explicit(&file->entry_unsynced, memory_order_relaxed);

        return file->facts | (unsynced ? RMMAP_FACT_ENTRY_UNSYNCED : 0) |
               (atomic_load_explicit(&file->huge_pages, memory_order_relaxed)
                        ? RMMAP_FACT_HUGE_PAGES
                        : 0) |
               (file_forked(file) ? RMMAP_FACT_FORKED : 0);
}

int rmmap_describe(const struct rmmap_file *file, struct rmmap_info *info)
{
        struct rmmap_info now;

        if (file == NULL || info == NULL)
                return -EINVAL;
        now = (struct rmmap_info){
                .size = sizeof(now),
                .file_system = file->file_system.name,
                .allocator = file->allocator.name,
                .engine_reason = file->engine.reason,
                .file_size = file->size,
                .page_size = mapping_page_size(),
                .file_system_magic = file->file_system.magic,
                .allocated = rmmap_allocated(file),
                .pwrite_bytes = read_counter(&file->pwrite_bytes),
                .flush_calls = read_counter(&file->flush_calls),
                .faults_caught = read_counter(&file->faults_caught),
                .facts = facts_now(file),
                .engine = file->engine.chosen,
                .pattern = file->pattern,
                .error = durability_error(file),
                .map_bytes = io_stats_bytes(&file->io_stats),
                .faults_avoided = read_counter(&file->faults_avoided),
                .sync_calls = group_commit_calls(&file->group_commit),
                .sync_rounds = group_commit_started(&file->group_commit),
        };
        return abi_struct_write(info, sizeof(now), &now, sizeof(now));
}
