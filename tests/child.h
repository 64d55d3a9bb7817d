/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Bodies that run in a process of their own, because they may be killed, or lower a limit, or
 * change the user. The exit status is the result, so this works with CK_FORK=no too.
 */
#ifndef TEST_CHILD_H
#define TEST_CHILD_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "support.h"

/* child_wait returns an exit status, or CHILD_KILLED + the number of the signal. */
#define CHILD_KILLED 256
#define CHILD_HUNG 1000
#define CHILD_SKIPPED 77

/* Starts body(arg) in a child, which ends by _exit with the result of body. */
pid_t child_start(int (*body)(void *arg), void *arg);

/* Waits for the child and returns its status. Kills one that takes too long: CHILD_HUNG. */
int child_wait(pid_t child);

int child_run(int (*body)(void *arg), void *arg);

/* Has it ended? child_wait gives its status afterwards, too. */
bool child_has_ended(pid_t child);

/* Prints the reason for skipping a part of a test; the caller goes on or returns. */
void skip_part(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));

/* Does the program run under a sanitizer or valgrind, or slowly for another reason? */
bool test_sanitized(void);
bool test_under_valgrind(void);

/* Why a forked child of a multithreaded process may not allocate memory; NULL: it may. */
const char *test_forked_child_cannot_allocate(void);

/* helgrind and DRD assume that a child has its parent's threads, which hold their locks. */
bool test_fork_confuses_tool(void);

/* valgrind can't grow a stack to deliver a signal, so this touches the stack before. */
void test_deepen_stack(void);

/* Waits up to a minute for another thread or process; false: the time ran out. */
bool test_until(bool (*reached)(const void *arg), const void *arg);
void test_pause(void);

/*
 * In threads, which may not assert: keeps the first negative errno, and where it came from. The
 * main thread asserts that there was none, and forgets it.
 */
#define must(call) test_note(call, __LINE__)
void test_note(int err, int line);
void test_noted_nothing(void);

/* In a test: the child must succeed, or report that it skipped. */
#define ck_child(body, arg)                                                                        \
        do {                                                                                       \
                int ck_child_got = child_run(body, arg);                                           \
                ck_assert_msg(ck_child_got == 0 || ck_child_got == CHILD_SKIPPED,                  \
                              "%s ended with %d", #body, ck_child_got);                            \
        } while (0)

/* In a body: if the condition is false, prints it and returns 1. */
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
