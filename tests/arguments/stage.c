/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "stage.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../instrumented.h"

#define PATTERN 0xa5

struct stage stage;
struct results out;

static struct results pattern;
static bool fsync_is_broken;
static size_t descriptors, mappings, shared_mappings;
static const char *const names[] = {"file", "other"};

/* The program's own, before libc's: the first sync of a created file comes here. */
int fsync(int fd)
{
        if (!fsync_is_broken)
                return fdatasync(fd);
        errno = EIO;
        return -1;
}

void break_fsync(void)
{
        fsync_is_broken = true;
}

void forget_results(void)
{
        memset(&pattern, PATTERN, sizeof(pattern));
        pattern.info.size = sizeof(pattern.info);
        pattern.done = 0;
        memcpy(&out, &pattern, sizeof(out));
}

static bool file_is_as_written(const char *name)
{
        unsigned char bytes[FILE_SIZE];

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = test_byte(i);
        return test_file_holds(test_path(name), 0, bytes, sizeof(bytes));
}

/* Where two memories differ first; size when nowhere. */
static size_t differ_at(const void *a, const void *b, size_t size)
{
        size_t at = 0;

        while (at < size && ((const unsigned char *)a)[at] == ((const unsigned char *)b)[at])
                at++;
        return at;
}

void nothing_happened(const char *call, int line)
{
        size_t at = differ_at(&out, &pattern, sizeof(out));

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                ck_assert_msg(file_is_as_written(names[i]), "%s, line %d: wrote to %s", call, line,
                              names[i]);
        ck_assert_msg(at == sizeof(out), "%s, line %d: byte %zu of the results was written", call,
                      line, at);
}

struct rmmap_range as_range(struct rmmap_receipt receipt)
{
        struct rmmap_range range;

        memcpy(&range, &receipt, sizeof(range));
        return range;
}

struct rmmap_receipt as_receipt(struct rmmap_range range)
{
        struct rmmap_receipt receipt;

        memcpy(&receipt, &range, sizeof(receipt));
        return receipt;
}

int in_child(int (*call)(void))
{
        int status;
        pid_t child;

        fflush(NULL);
        child = fork();
        ck_assert_int_ge(child, 0);
        if (child == 0)
                _exit(-call());
        ck_assert_int_eq(waitpid(child, &status, 0), child);
        ck_assert(WIFEXITED(status));
        return -WEXITSTATUS(status);
}

/* Of files, and what forked children share: nobody but the library makes these. */
static size_t count_shared_mappings(void)
{
        FILE *maps = fopen("/proc/self/maps", "r");
        char line[8192], permissions[8];
        size_t count = 0;

        ck_assert_ptr_nonnull(maps);
        while (fgets(line, sizeof(line), maps) != NULL)
                if (sscanf(line, "%*s %7s", permissions) == 1 && permissions[3] == 's')
                        count++;
        fclose(maps);
        return count;
}

/* A handle of a file with known bytes, and its first pages as a written range. */
static void open_one(const char *name, struct rmmap_file **file, struct rmmap_range *range,
                     struct rmmap_receipt *receipt)
{
        unsigned char *bytes = malloc(FILE_SIZE);

        for (size_t i = 0; i < FILE_SIZE; i++)
                bytes[i] = test_byte(i);
        ck_ok(rmmap_create(test_path(name), FILE_SIZE, NULL, file));
        ck_ok(rmmap_raw_write(*file, 0, bytes, FILE_SIZE));
        ck_ok(rmmap_allocate(*file, LENGTH, range));
        ck_ok(rmmap_mark_written(*file, *range, receipt));
        free(bytes);
}

static void set_bad_ones(void)
{
        struct rmmap_range rest;

        stage.forged = stage.range;
        stage.forged.opaque[1] -= RMMAP_ALIGNMENT;
        stage.forged_receipt = stage.receipt;
        stage.forged_receipt.opaque[1] -= RMMAP_ALIGNMENT;
        memset(&stage.zeros, 0, sizeof(stage.zeros));
        memset(&stage.zero_receipt, 0, sizeof(stage.zero_receipt));
        ck_is(rmmap_range_split_up(stage.range, 0, &stage.empty, &rest), RMMAP_SPLIT_BOTH);
        memset(stage.data, 0xee, sizeof(stage.data));
}

static void set_bytes(void)
{
        ck_ok(rmmap_range_encode(stage.range, stage.bytes, sizeof(stage.bytes)));
        ck_ok(rmmap_receipt_encode(stage.receipt, stage.receipt_bytes,
                                   sizeof(stage.receipt_bytes)));
        stage.state_length = sizeof(stage.state);
        ck_ok(rmmap_allocator_save(stage.file, stage.state, &stage.state_length));
}

static void set_up(void)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        test_first_open();
        options.flags = RMMAP_READ_ONLY;
        descriptors = test_count_descriptors();
        mappings = test_count_mappings();
        shared_mappings = count_shared_mappings();
        open_one("file", &stage.file, &stage.range, &stage.receipt);
        open_one("other", &stage.other, &stage.foreign, &stage.foreign_receipt);
        ck_ok(rmmap_open(test_path("file"), &options, &stage.reader));
        ck_ok(rmmap_allocate(stage.reader, LENGTH, &stage.read_only_range));
        set_bad_ones();
        set_bytes();
        forget_results();
}

static void tear_down(void)
{
        ck_assert_ptr_null(rmmap_release(stage.file));
        ck_assert_ptr_null(rmmap_release(stage.other));
        ck_assert_ptr_null(rmmap_release(stage.reader));
        ck_assert_uint_eq(test_count_descriptors(), descriptors);
        if (!test_is_instrumented())
                ck_assert_uint_eq(test_count_mappings(), mappings);
        ck_assert_uint_eq(count_shared_mappings(), shared_mappings);
}

TCase *stage_case(const char *name)
{
        TCase *tests = tcase_create(name);

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, set_up, tear_down);
        return tests;
}
