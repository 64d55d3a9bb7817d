/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Structs that cross the ABI, with the sizes of other versions: shorter, longer, absurdly long.
 * Their layout is tested by abi/layout.c.
 */
#include "abi/any.h"

static const struct input {
        const char *name;
        use_function *use;
        fill_function *fill;
        size_t size, first_size; /* now, and in the first version */
} inputs[] = {
        {"options of create", use_in_create, fill_options, WORDS(56, 40), WORDS(56, 40)},
        {"options of open", use_in_open, fill_options, WORDS(56, 40), WORDS(56, 40)},
        {"options of open_fd", use_in_open_fd, fill_options, WORDS(56, 40), WORDS(56, 40)},
        {"ops", use_ops, fill_ops, WORDS(88, 48), WORDS(88, 48)},
        {"args of sequential", use_args_sequential, fill_args, WORDS(48, 40), WORDS(40, 32)},
        {"args of concurrent", use_args_concurrent, fill_args, WORDS(48, 40), WORDS(40, 32)},
};
#define INPUTS ((int)(sizeof(inputs) / sizeof(inputs[0])))

static int use_with_size(const struct input *input, size_t size)
{
        any.size = size;
        return input->use();
}

START_TEST(an_input_shorter_than_the_first_version_is_refused)
{
        const struct input *input = &inputs[_i];

        input->fill();
        ck_assert_uint_eq(any.size, input->size);
        for (size_t size = 0; size < input->first_size; size++) /* even of one byte, or none */
                ck_is(use_with_size(input, size), -EINVAL);
        ck_ok(use_with_size(input, input->first_size));
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

START_TEST(an_absurd_size_was_never_set)
{
        static const size_t absurd[] = {LONGEST + 1,  LONGEST + 8,  65536,
                                        SIZE_MAX / 2, SIZE_MAX - 7, SIZE_MAX};

        inputs[_i].fill();
        for (size_t i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++)
                ck_is(use_with_size(&inputs[_i], absurd[i]), -EINVAL);
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

START_TEST(an_info_of_an_odd_size_is_left_alone)
{
        static const size_t absurd[] = {LONGEST + 1, 65536, SIZE_MAX / 2, SIZE_MAX};

        for (size_t size = 0; size < WORDS(136, 120); size++)
                ck_is(describe_with_size(size), -EINVAL);
        for (size_t i = 0; i < sizeof(absurd) / sizeof(absurd[0]); i++)
                ck_is(describe_with_size(absurd[i]), -EINVAL);
}
END_TEST

START_TEST(a_longer_info_gets_zeros)
{
        for (size_t size = WORDS(136, 120); size <= LONGEST; size += size < 256 ? 1 : 128) {
                ck_ok(describe_with_size(size));
                ck_assert_uint_eq(any.info.file_size, FILE_SIZE);
                ck_assert_str_eq(any.info.allocator, "concurrent");
                ck_assert_int_eq(any.info.error, 0);
                ck_assert_uint_eq(differs_at(WORDS(136, 120), size, 0), size);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("abi");
        TCase *tests = tcase_create("structs");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, set_up, tear_down);
        tcase_add_loop_test(tests, an_input_shorter_than_the_first_version_is_refused, 0, INPUTS);
        tcase_add_loop_test(tests, a_longer_input_is_fine_while_its_tail_is_zero, 0, INPUTS);
        tcase_add_loop_test(tests, a_longer_input_that_asks_for_something_is_unknown, 0, INPUTS);
        tcase_add_loop_test(tests, an_absurd_size_was_never_set, 0, INPUTS);
        tcase_add_test(tests, an_info_of_an_odd_size_is_left_alone);
        tcase_add_test(tests, a_longer_info_gets_zeros);
        suite_add_tcase(suite, tests);
        return test_run(suite);
}
