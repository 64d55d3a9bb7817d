/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The numbers that are compiled into programs: sizes, offsets and constants of rmmap.h. Literals,
 * so that a change of the header can't change them along. They hold for good; what a later version
 * adds comes after. That this file compiles is the test; so it can be run for any machine.
 */
#include <stddef.h>
#include <stdint.h>

#include "rmmap.h"

#if UINTPTR_MAX > UINT32_MAX
#define WORDS(on_64, on_32) (on_64)
#else
#define WORDS(on_64, on_32) (on_32)
#endif
#define SIZE(type, on_64, on_32)                                                                   \
        _Static_assert(sizeof(struct type) == WORDS(on_64, on_32), "size of " #type)
#define AT(type, member, on_64, on_32)                                                             \
        _Static_assert(offsetof(struct type, member) == WORDS(on_64, on_32), #type "." #member)

SIZE(rmmap_range, 32, 32);
SIZE(rmmap_receipt, 32, 32);
AT(rmmap_range, opaque, 0, 0);
AT(rmmap_receipt, opaque, 0, 0);

SIZE(rmmap_options, 80, 64);
AT(rmmap_options, size, 0, 0);
AT(rmmap_options, allocator, 8, 4);
AT(rmmap_options, allocator_config, 16, 8);
AT(rmmap_options, checkpoint, 24, 12);
AT(rmmap_options, allocate_from, 32, 16);
AT(rmmap_options, flags, 40, 24);
AT(rmmap_options, mode, 44, 28);
AT(rmmap_options, engine, 48, 32);
AT(rmmap_options, pattern, 52, 36);
AT(rmmap_options, max_size, 56, 40);
AT(rmmap_options, grow_step, 64, 48);
AT(rmmap_options, dirty_limit, 72, 56);

SIZE(rmmap_allocator_args, 56, 48);
AT(rmmap_allocator_args, size, 0, 0);
AT(rmmap_allocator_args, config, 8, 4);
AT(rmmap_allocator_args, first, 16, 8);
AT(rmmap_allocator_args, total, 24, 16);
AT(rmmap_allocator_args, alignment, 32, 24);
AT(rmmap_allocator_args, flags, 40, 32);
AT(rmmap_allocator_args, max_total, 48, 40);

SIZE(rmmap_allocator_ops, 120, 64);
AT(rmmap_allocator_ops, size, 0, 0);
AT(rmmap_allocator_ops, name, 8, 4);
AT(rmmap_allocator_ops, flags, 16, 8);
AT(rmmap_allocator_ops, create, 24, 16);
AT(rmmap_allocator_ops, destroy, 32, 20);
AT(rmmap_allocator_ops, allocate, 40, 24);
AT(rmmap_allocator_ops, remaining, 48, 28);
AT(rmmap_allocator_ops, give_back, 56, 32);
AT(rmmap_allocator_ops, claim, 64, 36);
AT(rmmap_allocator_ops, save, 72, 40);
AT(rmmap_allocator_ops, restore, 80, 44);
AT(rmmap_allocator_ops, grow, 88, 48);
AT(rmmap_allocator_ops, allocate_at, 96, 52);
AT(rmmap_allocator_ops, trim, 104, 56);
AT(rmmap_allocator_ops, reserved, 112, 60);

SIZE(rmmap_queue_options, 24, 16);
AT(rmmap_queue_options, size, 0, 0);
AT(rmmap_queue_options, reserved, 8, 4);
AT(rmmap_queue_options, depth, 16, 8);
AT(rmmap_queue_options, threads, 20, 12);

SIZE(rmmap_completion, 16, 16);
AT(rmmap_completion, cookie, 0, 0);
AT(rmmap_completion, result, 8, 8);
AT(rmmap_completion, reserved, 12, 12);

SIZE(rmmap_info, 200, 176);
AT(rmmap_info, size, 0, 0);
AT(rmmap_info, file_system, 8, 4);
AT(rmmap_info, allocator, 16, 8);
AT(rmmap_info, engine_reason, 24, 12);
AT(rmmap_info, file_size, 32, 16);
AT(rmmap_info, page_size, 40, 24);
AT(rmmap_info, file_system_magic, 48, 32);
AT(rmmap_info, allocated, 56, 40);
AT(rmmap_info, pwrite_bytes, 64, 48);
AT(rmmap_info, sync_calls, 72, 56);
AT(rmmap_info, sync_rounds, 80, 64);
AT(rmmap_info, flush_calls, 88, 72);
AT(rmmap_info, faults_caught, 96, 80);
AT(rmmap_info, facts, 104, 88);
AT(rmmap_info, engine, 108, 92);
AT(rmmap_info, pattern, 112, 96);
AT(rmmap_info, error, 116, 100);
AT(rmmap_info, map_bytes, 120, 104);
AT(rmmap_info, faults_avoided, 128, 112);
AT(rmmap_info, dirty_limit, 136, 120);
AT(rmmap_info, dirty_bytes, 144, 128);
AT(rmmap_info, dirty_highest, 152, 136);
AT(rmmap_info, uncached, 160, 144);
AT(rmmap_info, reserved, 164, 148);
AT(rmmap_info, dirty_limit_reason, 168, 152);
AT(rmmap_info, uncached_reason, 176, 156);
AT(rmmap_info, max_size, 184, 160);
AT(rmmap_info, recorded, 192, 168);

SIZE(rmmap_checkpoint, 32, 16);
AT(rmmap_checkpoint, size, 0, 0);
AT(rmmap_checkpoint, path, 8, 4);
AT(rmmap_checkpoint, identity, 16, 8);
AT(rmmap_checkpoint, identity_length, 24, 12);

_Static_assert(RMMAP_ALIGNMENT == 4096 && RMMAP_RANGE_ENCODED_SIZE == 40 &&
                       RMMAP_RECEIPT_ENCODED_SIZE == 40,
               "sizes that callers compile in");
_Static_assert(RMMAP_MUST_CREATE == 1 && RMMAP_READ_ONLY == 2 && RMMAP_NO_PREALLOCATE == 4 &&
                       RMMAP_POPULATE == 8 && RMMAP_HUGE_PAGES == 16 && RMMAP_LOCK_FILE == 32 &&
                       RMMAP_CATCH_FAULTS == 64 && RMMAP_NO_FOLLOW == 128 &&
                       RMMAP_WRITE_BEHIND == 256 && RMMAP_REWRITE == 512 &&
                       RMMAP_SHARED_CLAIMS == 1024 && RMMAP_UNCACHED == 2048 &&
                       RMMAP_KEEP == 4096 && RMMAP_UNNAMED == 8192 && RMMAP_PUNCH_HOLES == 16384,
               "flags");
_Static_assert(RMMAP_ENGINE_AUTO == 0 && RMMAP_ENGINE_MAP == 1 && RMMAP_ENGINE_PWRITE == 2 &&
                       RMMAP_PATTERN_UNKNOWN == 0 && RMMAP_PATTERN_DENSE == 1 &&
                       RMMAP_PATTERN_SCATTERED == 2 && RMMAP_PATTERN_SEQUENTIAL == 3 &&
                       RMMAP_PATTERN_RANDOM == 4,
               "engines and patterns");
_Static_assert(RMMAP_FACT_READ_ONLY == 1 && RMMAP_FACT_RESERVED == 2 && RMMAP_FACT_COHERENT == 4 &&
                       RMMAP_FACT_MAPPED == 8 && RMMAP_FACT_HUGE_PAGES == 16 &&
                       RMMAP_FACT_CATCH_FAULTS == 32 && RMMAP_FACT_LOCKED == 64 &&
                       RMMAP_FACT_ERRORS_SHARED == 128 && RMMAP_FACT_ENTRY_UNSYNCED == 256 &&
                       RMMAP_FACT_FORKED == 512 && RMMAP_FACT_CREATED == 1024,
               "facts");
_Static_assert(RMMAP_UNCACHED_OFF == 0 && RMMAP_UNCACHED_DROPPED == 1 &&
                       RMMAP_UNCACHED_ADVISED == 2 && RMMAP_UNCACHED_KEPT == 3 &&
                       RMMAP_UNCACHED_UNAVAILABLE == 4,
               "what becomes of written data");
_Static_assert(RMMAP_QUEUE_DURABLE == 1, "how the queue writes");
_Static_assert(RMMAP_SPLIT_BOTH == 0 && RMMAP_SPLIT_LOW == 1 && RMMAP_SPLIT_HIGH == 2 &&
                       RMMAP_ALLOCATOR_THREAD_SAFE == 1 && RMMAP_ALLOCATE_EXACT == 1,
               "the rest");
