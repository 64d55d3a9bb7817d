/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "base/abi-struct.h"
#include "file.h"
#include "sync-exec.h"

ASSERT_ABI_SIZE(struct rmmap_info, 4 * sizeof(void *) + 11 * 8 + 4 * 4);

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
               (file->config.reserved ? RMMAP_FACT_RESERVED : 0) |
               (file->os.file_system.coherent ? RMMAP_FACT_COHERENT : 0) |
               (file->config.engine.mapped ? RMMAP_FACT_MAPPED : 0) |
               (is_set(&file->io.huge_pages) ? RMMAP_FACT_HUGE_PAGES : 0) |
               (file->config.catch_faults ? RMMAP_FACT_CATCH_FAULTS : 0) |
               (file->os.locked ? RMMAP_FACT_LOCKED : 0) |
               (file->os.errors_shared ? RMMAP_FACT_ERRORS_SHARED : 0) |
               (is_set(&file->sync.entry_unsynced) ? RMMAP_FACT_ENTRY_UNSYNCED : 0) |
               (file_forked(file) ? RMMAP_FACT_FORKED : 0);
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
                .file_size = file->config.size,
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
        };
        return abi_struct_write(info, sizeof(now), &now, sizeof(now));
}
