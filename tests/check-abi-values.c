/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Structs that cross the ABI with values that this version doesn't know or the call can't use. */
#include "abi/any.h"

static const struct {
        const char *function;
        use_function *use;
        uint32_t known; /* flags that it accepts; other known flags are EINVAL */
} makers[] = {
        {"create", use_in_create, 0x7ff & ~(RMMAP_READ_ONLY | RMMAP_REWRITE)},
        {"open", use_in_open, 0x7ff & ~(RMMAP_MUST_CREATE | RMMAP_NO_PREALLOCATE)},
        {"open_fd", use_in_open_fd,
         0x7ff & ~(RMMAP_MUST_CREATE | RMMAP_NO_PREALLOCATE | RMMAP_NO_FOLLOW)},
};
#define MAKERS ((int)(sizeof(makers) / sizeof(makers[0])))

static int expected_of_flag(int maker, uint32_t flag)
{
        if (flag > 0x400)
                return -EOPNOTSUPP;
        if (!(makers[maker].known & flag))
                return -EINVAL;
        if (ON_FLOOR && flag == RMMAP_LOCK_FILE && maker == 2)
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

START_TEST(unknown_engines_patterns_and_what_is_reserved)
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
        any.options.reserved = &any;
        ck_is(makers[_i].use(), -EOPNOTSUPP);
        fill_options();
        any.options.engine = RMMAP_ENGINE_PWRITE;
        any.options.pattern = RMMAP_PATTERN_SCATTERED;
        ck_ok(makers[_i].use());
}
END_TEST

START_TEST(a_mode_has_permission_bits_only)
{
        fill_options();
        any.options.mode = 07777;
        ck_ok(makers[_i].use());
        any.options.mode = 010000;
        ck_is(makers[_i].use(), -EINVAL);
        any.options.mode = UINT32_MAX;
        ck_is(makers[_i].use(), -EINVAL);
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
        for (int op = 0; op < 4; op++) {
                fill_ops();
                if (op == 0)
                        any.ops.create = NULL;
                else if (op == 1)
                        any.ops.destroy = NULL;
                else if (op == 2)
                        any.ops.allocate = NULL;
                else
                        any.ops.remaining = NULL;
                ck_is(use_ops(), -EINVAL);
        }
}
END_TEST

START_TEST(options_are_copied_once_and_ops_too)
{
        struct rmmap_range range;
        struct rmmap_file *opened;

        fill_ops();
        {
                struct rmmap_options options = RMMAP_OPTIONS_INIT;

                options.allocator = &any.ops;
                options.flags = RMMAP_REWRITE;
                ck_ok(rmmap_open(path, &options, &opened));
                memset(&options, 0xff, sizeof(options));
        }
        memset(&any, 0xff, sizeof(any));
        ck_ok(rmmap_allocate(opened, 1, &range));
        rmmap_release(opened);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("abi-values");
        TCase *tests = tcase_create("structs");

        tcase_set_timeout(tests, 60);
        tcase_add_checked_fixture(tests, set_up, tear_down);
        tcase_add_loop_test(tests, unknown_flags_and_those_of_other_calls, 0, MAKERS);
        tcase_add_loop_test(tests, unknown_engines_patterns_and_what_is_reserved, 0, MAKERS);
        tcase_add_loop_test(tests, a_mode_has_permission_bits_only, 0, MAKERS);
        tcase_add_test(tests, ops_must_be_whole_and_their_flags_known);
        tcase_add_test(tests, options_are_copied_once_and_ops_too);
        suite_add_tcase(suite, tests);
        return test_run(suite);
}
