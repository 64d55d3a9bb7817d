/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Common parts of all test programs: a directory of their own, short checks, reported skips. */
#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "rmmap.h"

/* The call must return 0; otherwise prints the text of the errno. */
#define ck_ok(call)                                                                                \
        do {                                                                                       \
                int ck_ok_got = (call);                                                            \
                ck_assert_msg(ck_ok_got == 0, "%s: %d (%s)", #call, ck_ok_got,                     \
                              strerror(ck_ok_got < 0 ? -ck_ok_got : ck_ok_got));                   \
        } while (0)

/* The call must return this int, most often a negative errno. */
#define ck_is(call, want)                                                                          \
        do {                                                                                       \
                int ck_is_got = (call), ck_is_want = (want);                                       \
                ck_assert_msg(ck_is_got == ck_is_want, "%s: %d (%s), not %d (%s)", #call,          \
                              ck_is_got, strerror(ck_is_got < 0 ? -ck_is_got : ck_is_got),         \
                              ck_is_want, strerror(ck_is_want < 0 ? -ck_is_want : ck_is_want));    \
        } while (0)

/*
 * A temporary directory of this program, created at the first call below TEST_TMPDIR, else TMPDIR,
 * else /tmp. It is removed at exit with its content.
 */
const char *test_directory(void);

/* From here on another one, where nothing has a name yet, for tests in one process. */
void test_next_directory(void);

/* A path in the directory, in a new buffer for each call. The string is never freed. */
const char *test_path(const char *name);

/* Makes a file of size bytes, byte i being (unsigned char)(i * 31 + 7); returns its path. */
const char *test_file(const char *name, size_t size);
unsigned char test_byte(uint64_t offset);

/* The inode of path; fails the test when there is none. */
ino_t test_inode(const char *path);

/* Does the file at path hold these bytes at offset? Reads by pread, not through the library. */
bool test_file_holds(const char *path, uint64_t offset, const void *bytes, size_t length);

/* Default options with these flags and this engine. */
struct rmmap_options test_options(uint32_t flags, uint32_t engine);

/* An address to detect changes of out-parameters; never dereferenced. */
extern char test_untouched;
#define UNTOUCHED ((struct rmmap_file *)(void *)&test_untouched)

/* The seed of deterministic pseudo-random numbers. It is printed; TEST_SEED sets it. */
uint64_t test_seed(void);
uint64_t test_random(uint64_t *state);

/* Numbers of open descriptors and of mappings of this process, to detect leaks. */
size_t test_count_descriptors(void);
size_t test_count_mappings(void);

/* Removes a directory with its content. */
void test_remove_tree(const char *path);

/* Ends the whole program as skipped and prints why; call it before any suite runs. */
_Noreturn void test_skip_all(const char *why);

/*
 * First in a test of what the floor build (configure --with-os=posix) can't have: the test ends
 * there, and says so. Windows has some of it.
 */
#ifdef _WIN32
#define FLOOR_LACKS(what) windows_may_lack(what)
#define ON_FLOOR true
#define REOPENS_DESCRIPTORS true
#elif defined(RMMAP_FLOOR)
#define REOPENS_DESCRIPTORS false
#define FLOOR_LACKS(what)                                                                          \
        do {                                                                                       \
                printf("SKIP: the floor build has no %s\n", what);                                 \
                return;                                                                            \
        } while (0)
#define ON_FLOOR true
#else
#define REOPENS_DESCRIPTORS true
#define FLOOR_LACKS(what) ((void)0)
#define ON_FLOOR false
#endif

/*
 * What a flush gave, where the test is about something else: the floor build has none, and
 * overlayfs none where space isn't reserved.
 */
int flushed(int err);

/* Makes a handle and releases it, for what the library allocates once in a process. */
static inline void test_first_open(void)
{
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("first"), 4096, NULL, &file));
        rmmap_release(file);
        remove(test_path("first"));
}

/* Runs the suite (CK_FORK and the like apply) and returns the exit status for main. */
int test_run(Suite *suite);

#endif
