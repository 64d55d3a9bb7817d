/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "commit-work.h"
#include "checked.h"

/* What lies between two ranges is rarely dirty, and each by itself waits for the device again. */
#define WIDEST_JOIN (UINT64_C(1) << 20)

static bool touch(const struct commit_range *a, const struct commit_range *b)
{
        return a->start <= b->end && b->start <= a->end;
}

void commit_work_add(struct commit_work *work, uint64_t start, uint64_t end)
{
        const struct commit_range added = {start, end};

        if (start >= end || work->everything)
                return;
        for (unsigned int i = 0; i < work->count; i++) {
                struct commit_range *there = &work->ranges[i];
                struct commit_range both = {min_u64(there->start, start), max_u64(there->end, end)};

                if (touch(there, &added) || both.end - both.start <= WIDEST_JOIN) {
                        *there = both;
                        return;
                }
        }
        if (work->count == COMMIT_RANGES)
                work->everything = true;
        else
                work->ranges[work->count++] = added;
}

void commit_work_join(struct commit_work *work, const struct commit_work *more)
{
        work->everything = work->everything || more->everything;
        for (unsigned int i = 0; i < more->count; i++)
                commit_work_add(work, more->ranges[i].start, more->ranges[i].end);
}

struct commit_range commit_work_span(const struct commit_work *work, uint64_t size)
{
        struct commit_range span = {size, 0};

        if (work->everything)
                return (struct commit_range){0, size};
        for (unsigned int i = 0; i < work->count; i++) {
                span.start = min_u64(span.start, work->ranges[i].start);
                span.end = max_u64(span.end, work->ranges[i].end);
        }
        return work->count > 0 ? span : (struct commit_range){0, 0};
}
