/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Does another component map memory of this process? Then mappings can't be counted. */
#ifndef TEST_INSTRUMENTED_H
#define TEST_INSTRUMENTED_H

#include <stdbool.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define TEST_HAS_SANITIZER true
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
        __has_feature(memory_sanitizer)
#define TEST_HAS_SANITIZER true
#endif
#endif
#ifndef TEST_HAS_SANITIZER
#define TEST_HAS_SANITIZER false
#endif

/* valgrind, or an emulator of another processor or system. */
static inline bool test_is_interpreted(void)
{
        const char *tool = getenv("RMMAP_TOOL"), *emulator = getenv("RMMAP_EMULATOR");

        return (tool != NULL && tool[0] != '\0') || (emulator != NULL && emulator[0] != '\0');
}

/* That, a sanitizer, or a libc whose malloc maps memory every few blocks. */
static inline bool test_is_instrumented(void)
{
#ifndef __GLIBC__
        return true;
#endif
        return TEST_HAS_SANITIZER || test_is_interpreted();
}

#endif
