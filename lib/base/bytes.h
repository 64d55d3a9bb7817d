/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Little-endian words in byte buffers of any alignment, on any machine. Layer 0. */
#ifndef RMMAP_BYTES_H
#define RMMAP_BYTES_H

#include <stddef.h>
#include <stdint.h>

static inline void store_le64(unsigned char *to, uint64_t value)
{
        for (int i = 0; i < 8; i++)
                to[i] = (unsigned char)(value >> (8 * i));
}

static inline uint64_t load_le64(const unsigned char *from)
{
        uint64_t value = 0;

        for (int i = 0; i < 8; i++)
                value |= (uint64_t)from[i] << (8 * i);
        return value;
}

/*
 * FNV-1a: each step is a bijection of the state, so a change within one byte is always detected.
 * Detects damage, but not forgery.
 */
static inline uint64_t checksum_bytes(const unsigned char *bytes, size_t length)
{
        uint64_t sum = UINT64_C(0xcbf29ce484222325);

        for (size_t i = 0; i < length; i++)
                sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
        return sum;
}

#endif
