/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "dirty-estimate.h"
#include "base/checked.h"
#include "base/sync-annotations.h"
#include "file.h"

void dirty_estimate_init(struct dirty_estimate *estimate)
{
        atomic_init(&estimate->cleaned, 0);
        atomic_init(&estimate->highest, 0);
        NOTE_ATOMIC(estimate);
}

/* cleaned is read first: bytes that are written meanwhile count as dirty. */
uint64_t dirty_estimate_now(const struct rmmap_file *file)
{
        uint64_t cleaned =
                atomic_load_explicit(&file->dirty.estimate.cleaned, memory_order_relaxed);
        uint64_t written = file_written(file);

        if (file_in_memory(file) || written <= cleaned)
                return 0;
        return min_u64(written - cleaned, file_size(file));
}

uint64_t dirty_estimate_highest(const struct rmmap_file *file, uint64_t now)
{
        return max_u64(atomic_load_explicit(&file->dirty.estimate.highest, memory_order_relaxed),
                       now);
}

/* The estimate falls only when cleaned grows, so it suffices to note it just before. */
static void note_highest(struct rmmap_file *file)
{
        _Atomic uint64_t *highest = &file->dirty.estimate.highest;
        uint64_t seen = atomic_load_explicit(highest, memory_order_relaxed);
        uint64_t now = dirty_estimate_now(file);

        while (seen < now &&
               !atomic_compare_exchange_weak_explicit(highest, &seen, now, memory_order_relaxed,
                                                      memory_order_relaxed))
                ;
}

/* Adds length, up to most; never lowers it. */
static void raise_cleaned(struct rmmap_file *file, uint64_t length, uint64_t most)
{
        _Atomic uint64_t *cleaned = &file->dirty.estimate.cleaned;
        uint64_t seen = atomic_load_explicit(cleaned, memory_order_relaxed), sum;

        note_highest(file);
        do
                sum = max_u64(seen, min_u64(seen + length, most));
        while (!atomic_compare_exchange_weak_explicit(cleaned, &seen, sum, memory_order_relaxed,
                                                      memory_order_relaxed));
}

/* Never more than was written: what was counted twice doesn't hide what is written later. */
void dirty_estimate_cleaned(struct rmmap_file *file, uint64_t length)
{
        raise_cleaned(file, length, file_written(file));
}

/* Bytes that were written during the sync may be clean already. */
void dirty_estimate_cleaned_all(struct rmmap_file *file, uint64_t written)
{
        raise_cleaned(file, written, written);
}
