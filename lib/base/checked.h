/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arithmetic that detects wrapping. Layer 0. */
#ifndef RMMAP_CHECKED_H
#define RMMAP_CHECKED_H

#include <stdbool.h>
#include <stdint.h>

/* alignment is a power of two. */
static inline uint64_t align_down_to(uint64_t value, uint64_t alignment)
{
        return value & ~(alignment - 1);
}

/* Saturates at the highest multiple; never wraps. */
static inline uint64_t align_up_to(uint64_t value, uint64_t alignment)
{
        uint64_t highest = align_down_to(UINT64_MAX, alignment);

        return value > highest ? highest : align_down_to(value + (alignment - 1), alignment);
}

static inline bool is_aligned_to(uint64_t value, uint64_t alignment)
{
        return (value & (alignment - 1)) == 0;
}

static inline bool is_power_of_two(uint64_t value)
{
        return value != 0 && (value & (value - 1)) == 0;
}

/* Does [offset, offset + length) lie within [0, size)? No intermediate sum can wrap. */
static inline bool within(uint64_t offset, uint64_t length, uint64_t size)
{
        return offset <= size && length <= size - offset;
}

static inline uint64_t min_u64(uint64_t a, uint64_t b)
{
        return a < b ? a : b;
}

static inline uint64_t max_u64(uint64_t a, uint64_t b)
{
        return a > b ? a : b;
}

#endif
