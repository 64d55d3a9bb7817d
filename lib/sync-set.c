/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "sync-set.h"
#include "base/checked.h"

/* Space between two ranges is rarely dirty, and each range waits for the device once more. */
#define WIDEST_JOIN (UINT64_C(1) << 20)

static bool touch(const struct sync_set_range *a, const struct sync_set_range *b)
{
        return a->start <= b->end && b->start <= a->end;
}

void sync_set_add(struct sync_set *work, uint64_t start, uint64_t end)
{
        const struct sync_set_range added = {start, end};

        if (start >= end || work->everything)
                return;
        work->bytes += end - start;
        for (unsigned int i = 0; i < work->count; i++) {
                struct sync_set_range *there = &work->ranges[i];
                struct sync_set_range both = {min_u64(there->start, start),
                                              max_u64(there->end, end)};

                if (touch(there, &added) || both.end - both.start <= WIDEST_JOIN) {
                        *there = both;
                        return;
                }
        }
        if (work->count == SYNC_SET_RANGES)
                work->everything = true;
        else
                work->ranges[work->count++] = added;
}

void sync_set_join(struct sync_set *work, const struct sync_set *more)
{
        uint64_t bytes = work->bytes + more->bytes;

        work->everything = work->everything || more->everything;
        work->records = work->records || more->records;
        for (unsigned int i = 0; i < more->count; i++)
                sync_set_add(work, more->ranges[i].start, more->ranges[i].end);
        work->bytes = bytes;
}

struct sync_set_range sync_set_span(const struct sync_set *work, uint64_t size)
{
        struct sync_set_range span = {size, 0};

        if (work->everything)
                return (struct sync_set_range){0, size};
        for (unsigned int i = 0; i < work->count; i++) {
                span.start = min_u64(span.start, work->ranges[i].start);
                span.end = max_u64(span.end, work->ranges[i].end);
        }
        return work->count > 0 ? span : (struct sync_set_range){0, 0};
}
