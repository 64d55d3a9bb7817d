/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Structs that cross the ABI, with the sizes of other versions: shorter, longer, absurdly long; and
 * with values that this version doesn't know or the call can't use. Their layout is tested by
 * abi/layout.c.
 */
#include <unistd.h>

#include "support.h"

#if UINTPTR_MAX > UINT32_MAX
#define WORDS(on_64, on_32) (on_64)
#else
#define WORDS(on_64, on_32) (on_32)
#endif

#define FILE_SIZE ((uint64_t)4 * RMMAP_ALIGNMENT)
#define LONGEST 4096 /* no struct is longer; a size beyond was never set */

/* A struct at the start, and room for what a later version might have after it. */
static union {
        size_t size;
        struct rmmap_options options;
        struct rmmap_allocator_ops ops;
        struct rmmap_allocator_args args;
        struct rmmap_info info;
        unsigned char bytes[2 * LONGEST];
} any;

/* A file of FILE_SIZE, open; any is zeros. */
static struct rmmap_file *file;
static const char *path;

static void set_up(void)
{
        memset(&any, 0, sizeof(any));
        path = test_path("file");
        ck_ok(rmmap_create(path, FILE_SIZE, NULL, &file));
}

static void tear_down(void)
{
        file = rmmap_release(file);
}

/* ---- as this version would have them, and handed over; success is undone */

typedef void fill_function(void);
typedef int use_function(void);

static struct rmmap_file *got;

static int opened(int result)
{
        ck_assert((got != NULL) == (result == 0));
        got = rmmap_release(got);
        return result;
}

static int use_in_create(void)
{
        unlink(test_path("created"));
        return opened(rmmap_create(test_path("created"), FILE_SIZE, &any.options, &got));
}

static int use_in_open(void)
{
        return opened(rmmap_open(path, &any.options, &got));
}

static int use_in_open_fd(void)
{
        return opened(rmmap_open_fd(rmmap_fd(file), &any.options, &got));
}

static int use_ops(void)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.allocator = &any.ops;
        return opened(rmmap_open(path, &options, &got));
}

static int use_args_of(const struct rmmap_allocator_ops *ops)
{
        void *state = NULL;
        int result = ops->create(&any.args, &state);

        ck_assert((state != NULL) == (result == 0));
        if (result == 0)
                ops->destroy(state);
        return result;
}

static int use_args_sequential(void)
{
        return use_args_of(rmmap_sequential_allocator());
}

static int use_args_concurrent(void)
{
        return use_args_of(rmmap_concurrent_allocator());
}

static void fill_options(void)
{
        any.options = (struct rmmap_options)RMMAP_OPTIONS_INIT;
}

static void fill_ops(void)
{
        any.ops = *rmmap_concurrent_allocator();
}

static void fill_args(void)
{
        any.args = (struct rmmap_allocator_args){sizeof(any.args), NULL, 0, FILE_SIZE,
                                                 RMMAP_ALIGNMENT,  0,    0};
}

/* ---- sizes */

static const struct input {
        const char *name;
        use_function *use;
        fill_function *fill;
        size_t size; /* now and in the first version */
} inputs[] = {
        {"options of create", use_in_create, fill_options, WORDS(80, 64)},
        {"options of open", use_in_open, fill_options, WORDS(80, 64)},
        {"options of open_fd", use_in_open_fd, fill_options, WORDS(80, 64)},
        {"ops", use_ops, fill_ops, WORDS(120, 64)},
        {"args of sequential", use_args_sequential, fill_args, WORDS(56, 48)},
        {"args of concurrent", use_args_concurrent, fill_args, WORDS(56, 48)},
};
#define INPUTS ((int)(sizeof(inputs) / sizeof(inputs[0])))

static int use_with_size(const struct input *input, size_t size)
{
        any.size = size;
        return input->use();
}

/* What is longer than any struct was never set. */
static const size_t absurd[] = {LONGEST + 1,  LONGEST + 8,  65536,
                                SIZE_MAX / 2, SIZE_MAX - 7, SIZE_MAX};
#define ABSURD (sizeof(absurd) / sizeof(absurd[0]))

START_TEST(an_input_of_an_odd_size_is_refused)
{
        const struct input *input = &inputs[_i];

        input->fill();
        ck_assert_uint_eq(any.size, input->size);
        for (size_t size = 0; size < input->size; size++) /* even of one byte, or none */
                ck_is(use_with_size(input, size), -EINVAL);
        for (size_t i = 0; i < ABSURD; i++)
                ck_is(use_with_size(input, absurd[i]), -EINVAL);
        ck_ok(use_with_size(input, input->size));
}
END_TEST

START_TEST(a_longer_input_is_fine_while_its_tail_is_zero)
{
        const struct input *input = &inputs[_i];

        input->fill();
        for (size_t size = input->size; size <= LONGEST; size += size < 128 ? 4 : 512)
                ck_ok(use_with_size(input, size));
        ck_ok(use_with_size(input, LONGEST));
}
END_TEST

/* Members beyond the given size are not read. */
START_TEST(a_longer_input_that_asks_for_something_is_unknown)
{
        const struct input *input = &inputs[_i];
        const size_t size = input->size + 24;

        for (size_t at = input->size; at < size + 8; at++) {
                memset(&any, 0, sizeof(any));
                input->fill();
                any.bytes[at] = 0x80;
                ck_is(use_with_size(input, size), at < size ? -EOPNOTSUPP : 0);
        }
        memset(&any, 0, sizeof(any));
        input->fill();
        any.bytes[LONGEST - 1] = 1;
        ck_is(use_with_size(input, LONGEST), -EOPNOTSUPP);
}
END_TEST

/* ---- info, the other way round */

/* The first byte in [from, to) that isn't byte; to when all are. */
static size_t differs_at(size_t from, size_t to, unsigned char byte)
{
        while (from < to && any.bytes[from] == byte)
                from++;
        return from;
}

/* Nothing is written on failure, nor past the size on success. */
static int describe_with_size(size_t size)
{
        int result;
        size_t end;

        memset(&any, 0xa5, sizeof(any));
        any.size = size;
        result = rmmap_describe(file, &any.info);
        end = result == 0 ? size : sizeof(size);
        ck_assert_uint_eq(any.size, size);
        ck_assert_uint_eq(differs_at(end, sizeof(any), 0xa5), sizeof(any));
        return result;
}

#define INFO_SIZE WORDS(200, 176)

START_TEST(an_info_of_an_odd_size_is_left_alone)
{
        for (size_t size = 0; size < INFO_SIZE; size++)
                ck_is(describe_with_size(size), -EINVAL);
        for (size_t i = 0; i < ABSURD; i++)
                ck_is(describe_with_size(absurd[i]), -EINVAL);
}
END_TEST

START_TEST(a_longer_info_gets_zeros)
{
        for (size_t size = INFO_SIZE; size <= LONGEST; size += size < 256 ? 1 : 128) {
                ck_ok(describe_with_size(size));
                ck_assert_uint_eq(any.info.file_size, FILE_SIZE);
                ck_assert_str_eq(any.info.allocator, "concurrent");
                ck_assert_int_eq(any.info.error, 0);
                ck_assert_uint_eq(any.info.reserved, 0);
                ck_assert_uint_gt(strlen(any.info.uncached_reason), 0);
                ck_assert_uint_eq(differs_at(INFO_SIZE, size, 0), size);
        }
}
END_TEST

/* ---- values */

static const struct {
        const char *function;
        use_function *use;
        uint32_t known; /* flags that it accepts; other known flags are EINVAL */
} makers[] = {
        {"create", use_in_create, 0x7fff & ~(RMMAP_READ_ONLY | RMMAP_REWRITE)},
        {"open", use_in_open,
         0x7fff & ~(RMMAP_MUST_CREATE | RMMAP_NO_PREALLOCATE | RMMAP_KEEP | RMMAP_UNNAMED)},
        {"open_fd", use_in_open_fd,
         0x7fff & ~(RMMAP_MUST_CREATE | RMMAP_NO_PREALLOCATE | RMMAP_NO_FOLLOW | RMMAP_KEEP |
                    RMMAP_UNNAMED)},
};
#define MAKERS ((int)(sizeof(makers) / sizeof(makers[0])))

static int expected_of_flag(int maker, uint32_t flag)
{
        if (flag > 0x4000)
                return -EOPNOTSUPP;
        if (!(makers[maker].known & flag))
                return -EINVAL;
        if (flag == RMMAP_UNNAMED)
                return -ENOENT; /* no such directory */
        if (flag == RMMAP_PUNCH_HOLES)
                return -EOPNOTSUPP; /* the allocator takes nothing back */
        if (!REOPENS_DESCRIPTORS && flag == RMMAP_LOCK_FILE && maker == 2)
                return -EOPNOTSUPP;
        return flag == RMMAP_LOCK_FILE && maker != 0 ? -EBUSY : 0; /* set_up's handle holds file */
}

START_TEST(unknown_flags_and_those_of_other_calls)
{
        for (int bit = 0; bit < 32; bit++) {
                uint32_t flag = UINT32_C(1) << bit;

                fill_options();
                any.options.flags = flag;
                ck_is(makers[_i].use(), expected_of_flag(_i, flag));
                /* An unknown flag has precedence over one that isn't accepted. */
                any.options.flags = flag | UINT32_C(1) << 31;
                ck_is(makers[_i].use(), -EOPNOTSUPP);
        }
}
END_TEST

START_TEST(unknown_engines_patterns_and_modes)
{
        static const uint32_t unknown[] = {5, 6, 256, UINT32_C(1) << 31, UINT32_MAX};

        for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
                fill_options();
                any.options.engine = unknown[i];
                ck_is(makers[_i].use(), -EOPNOTSUPP);
                fill_options();
                any.options.pattern = unknown[i];
                ck_is(makers[_i].use(), -EOPNOTSUPP);
        }
        fill_options();
        any.options.mode = 010000; /* not only permissions */
        ck_is(makers[_i].use(), -EINVAL);
        any.options.mode = 07777;
        any.options.engine = RMMAP_ENGINE_PWRITE;
        any.options.pattern = RMMAP_PATTERN_SCATTERED;
        ck_ok(makers[_i].use());
}
END_TEST

START_TEST(ops_must_be_whole_and_their_flags_known)
{
        fill_ops();
        any.ops.name = NULL;
        any.ops.give_back = NULL;
        any.ops.claim = NULL;
        any.ops.save = NULL;
        any.ops.restore = NULL;
        ck_ok(use_ops());
        for (int bit = 0; bit < 64; bit++) {
                any.ops.flags = UINT64_C(1) << bit;
                ck_is(use_ops(), bit == 0 ? 0 : -EOPNOTSUPP);
        }
        fill_ops();
        any.ops.create = NULL;
        ck_is(use_ops(), -EINVAL);
        fill_ops();
        any.ops.destroy = NULL;
        ck_is(use_ops(), -EINVAL);
        fill_ops();
        any.ops.allocate = NULL;
        ck_is(use_ops(), -EINVAL);
        fill_ops();
        any.ops.remaining = NULL;
        ck_is(use_ops(), -EINVAL);
}
END_TEST

START_TEST(options_are_copied_once_and_ops_too)
{
        struct rmmap_options options = test_options(RMMAP_REWRITE, 0);
        struct rmmap_range range;
        struct rmmap_file *given;

        fill_ops();
        options.allocator = &any.ops;
        ck_ok(rmmap_open(path, &options, &given));
        memset(&options, 0xff, sizeof(options));
        memset(&any, 0xff, sizeof(any));
        ck_ok(rmmap_allocate(given, 1, &range));
        rmmap_release(given);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("abi");
        TCase *tests = tcase_create("structs");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, set_up, tear_down);
        tcase_add_loop_test(tests, an_input_of_an_odd_size_is_refused, 0, INPUTS);
        tcase_add_loop_test(tests, a_longer_input_is_fine_while_its_tail_is_zero, 0, INPUTS);
        tcase_add_loop_test(tests, a_longer_input_that_asks_for_something_is_unknown, 0, INPUTS);
        tcase_add_test(tests, an_info_of_an_odd_size_is_left_alone);
        tcase_add_test(tests, a_longer_info_gets_zeros);
        tcase_add_loop_test(tests, unknown_flags_and_those_of_other_calls, 0, MAKERS);
        tcase_add_loop_test(tests, unknown_engines_patterns_and_modes, 0, MAKERS);
        tcase_add_test(tests, ops_must_be_whole_and_their_flags_known);
        tcase_add_test(tests, options_are_copied_once_and_ops_too);
        suite_add_tcase(suite, tests);
        return test_run(suite);
}
