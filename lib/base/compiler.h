/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Attributes and properties of the compiler. Layer 0. */
#ifndef RMMAP_COMPILER_H
#define RMMAP_COMPILER_H

#if defined(__GNUC__) || defined(__clang__)
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define NOINLINE __attribute__((__noinline__))
#else
#define likely(x) (x)
#define unlikely(x) (x)
#define NOINLINE
#endif

/* A sanitizer is active: it must see all stores and jumps, so builtins and intrinsics are out. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

/* Bytes. Data that threads often change lies in other cache lines than data that all read. */
#define CACHE_LINE 64

/* The struct has no padding: the sizes of its members add up to its size. */
#define ASSERT_ABI_SIZE(type, sum)                                                                 \
        _Static_assert(sizeof(type) == (sum) && sizeof(type) % 8 == 0, "implicit padding in " #type)

#endif
