/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Whether something maps memory behind the program's back: then mappings can't be counted. */
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

/* By a sanitizer, by valgrind, or by a libc whose malloc maps each few blocks anew. */
static inline bool test_is_instrumented(void)
{
        const char *tool = getenv("RMMAP_TOOL");

#ifndef __GLIBC__
        return true;
#endif
        return TEST_HAS_SANITIZER || (tool != NULL && tool[0] != '\0');
}

#endif
