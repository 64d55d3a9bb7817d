/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the compiler can be told beyond the language. Layer 0. */
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

/* What a sanitizer must see is done the way that it knows. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

/* A cache line: what threads change often is kept off the lines that all of them read. */
#define CACHE_LINE 64

/* No padding anywhere: the members' sizes add up to the struct's. */
#define ASSERT_ABI_SIZE(type, sum)                                                                 \
        _Static_assert(sizeof(type) == (sum) && sizeof(type) % 8 == 0, "implicit padding in " #type)

#endif
