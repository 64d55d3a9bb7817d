/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A body that runs in a process of its own: because it may be killed, or lowers a limit, or changes
 * its user. It tells by its exit status, so it works with CK_FORK=no too.
 */
#ifndef TEST_CHILD_H
#define TEST_CHILD_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "support.h"

/* What child_wait gives beside an exit status: CHILD_KILLED + the signal. */
#define CHILD_KILLED 256
#define CHILD_HUNG 1000
#define CHILD_SKIPPED 77

/* Start body(arg); it ends by _exit with what body returns. */
pid_t child_start(int (*body)(void *arg), void *arg);

/* How it ended; one that takes too long is killed and CHILD_HUNG. */
int child_wait(pid_t child);

int child_run(int (*body)(void *arg), void *arg);

/* Says so; the test goes on or returns without it. */
void skip_part(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

/* Under a sanitizer, or a tool of valgrind, or slow in another way? */
bool test_sanitized(void);
bool test_under_valgrind(void);

/* Why a child of a process whose other threads allocate may not allocate itself; NULL: it may. */
const char *test_forked_child_cannot_allocate(void);

/* helgrind and DRD think that the threads of a parent go on in its child, and hold its locks. */
bool test_fork_confuses_tool(void);

/* valgrind can't grow a stack to deliver a signal: it must have been that deep before. */
void test_deepen_stack(void);

/* Waits up to ten seconds for another thread or process; false: in vain. */
bool test_until(bool (*reached)(const void *arg), const void *arg);
void test_pause(void);

/* In a test: the child must end well, or say that it skipped. */
#define ck_child(body, arg)                                                                        \
        do {                                                                                       \
                int ck_child_got = child_run(body, arg);                                           \
                ck_assert_msg(ck_child_got == 0 || ck_child_got == CHILD_SKIPPED,                  \
                              "%s ended with %d", #body, ck_child_got);                            \
        } while (0)

/* In a body: 1 is returned, with a line that says why, unless the condition holds. */
#define child_expect(condition)                                                                    \
        do {                                                                                       \
                if (!(condition)) {                                                                \
                        fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition);            \
                        return 1;                                                                  \
                }                                                                                  \
        } while (0)

#define child_is(call, want)                                                                       \
        do {                                                                                       \
                int child_is_got = (call), child_is_want = (want);                                 \
                if (child_is_got != child_is_want) {                                               \
                        fprintf(stderr, "%s:%d: %s: %d, not %d\n", __FILE__, __LINE__, #call,      \
                                child_is_got, child_is_want);                                      \
                        return 1;                                                                  \
                }                                                                                  \
        } while (0)

#endif
