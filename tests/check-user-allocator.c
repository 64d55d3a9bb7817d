/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* How a handle accepts a program's own allocator: the struct, create, and missing ops. */
#include <unistd.h>

#include "puppet-allocator.h"
#include "support.h"

#define A UINT64_C(4096)
#define SIZE (6 * A + 100)

/* In plugins/, where allocator-contract examines them as well. */
extern const struct rmmap_allocator_ops no_remaining, too_short, unknown_flag;

static struct puppet puppet;
static struct rmmap_file *file;

static int create(const struct rmmap_allocator_ops *ops)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.allocator = ops;
        options.allocator_config = &puppet;
        options.allocate_from = 1;
        return rmmap_create(test_path("user"), SIZE, &options, &file);
}

static void setup(void)
{
        memset(&puppet, 0, sizeof(puppet));
        file = NULL;
        unlink(test_path("user"));
}

static void teardown(void)
{
        file = rmmap_release(file);
}

/* The errors that any op may return. */
static bool is_common(int answer)
{
        return answer == 0 || answer == -ENOSPC || answer == -EBUSY || answer == -ENOMEM ||
               answer == -EINVAL || answer == -EOPNOTSUPP || answer == -ERANGE;
}

START_TEST(create_that_fails)
{
        for (int answer = -200; answer <= 200; answer++) {
                if (answer == 0)
                        continue;
                puppet.create = answer;
                ck_is(create(&puppet_ops),
                      is_common(answer) || answer == -EFBIG ? answer : -EPROTO);
                ck_assert_ptr_null(file);
                ck_assert_int_ne(access(test_path("user"), F_OK), 0); /* nothing was made */
        }
        ck_assert_uint_eq(puppet.created, 400);
        ck_assert_uint_eq(puppet.destroyed, 0); /* there was nothing to destroy */
}
END_TEST

/* The allocator is created before the file is touched. */
START_TEST(create_that_fails_over_a_file)
{
        const char *path = test_file("user", 3000);
        unsigned char bytes[3000];

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = test_byte(i);
        puppet.create = -ENOMEM;
        ck_is(create(&puppet_ops), -ENOMEM);
        ck_assert(test_file_holds(path, 0, bytes, sizeof(bytes)));
        ck_is(create(&too_short), -EINVAL);
        ck_is(create(&unknown_flag), -EOPNOTSUPP);
        ck_is(create(&no_remaining), -EINVAL);
        ck_assert(test_file_holds(path, 0, bytes, sizeof(bytes)));
}
END_TEST

START_TEST(made_once_and_destroyed_once)
{
        ck_ok(create(&puppet_ops));
        ck_assert_uint_eq(puppet.args.size, sizeof(puppet.args));
        ck_assert_ptr_eq(puppet.args.config, &puppet);
        ck_assert_uint_eq(puppet.args.first, A); /* 1, rounded up */
        ck_assert_uint_eq(puppet.args.total, SIZE);
        ck_assert_uint_eq(puppet.args.alignment, A);
        ck_assert(rmmap_clone(file) == file);
        rmmap_release(file);
        ck_assert_uint_eq(puppet.destroyed, 0);
        file = rmmap_release(file);
        ck_assert_uint_eq(puppet.created, 1);
        ck_assert_uint_eq(puppet.destroyed, 1);
}
END_TEST

START_TEST(without_the_optional_ones)
{
        struct rmmap_allocator_ops ops = puppet_ops;
        struct rmmap_range range;
        unsigned char buffer[8] = {0};
        size_t length = sizeof(buffer);

        ops.give_back = NULL;
        ops.claim = NULL;
        ops.save = NULL;
        ops.restore = NULL;
        ops.name = NULL;
        ck_ok(create(&ops));
        memset(&ops, 0, sizeof(ops)); /* it was copied */
        puppet.start = A;
        puppet.end = 2 * A;
        ck_ok(rmmap_allocate(file, 1, &range));
        ck_is(rmmap_give_back_range(file, range), -EOPNOTSUPP);
        ck_is(rmmap_claim_range(file, 0, A, &range), -EOPNOTSUPP);
        ck_is(rmmap_claim_range(file, A, A, &range), -EINVAL); /* bounds are checked first */
        ck_is(rmmap_allocator_save(file, buffer, &length), -EOPNOTSUPP);
        ck_is(rmmap_allocator_restore(file, buffer, length), -EOPNOTSUPP);
}
END_TEST

START_TEST(names_are_copied)
{
        struct rmmap_allocator_ops ops = puppet_ops;
        struct rmmap_info info = RMMAP_INFO_INIT;
        char name[] = "of the moment";

        ops.name = name;
        ck_ok(create(&ops));
        name[0] = 'X';
        ck_ok(rmmap_describe(file, &info));
        ck_assert_str_eq(info.allocator, "of the moment");
        file = rmmap_release(file);
        ops.name = NULL;
        ck_ok(create(&ops));
        ck_ok(rmmap_describe(file, &info));
        ck_assert_str_eq(info.allocator, "unnamed");
}
END_TEST

START_TEST(structs_of_other_versions)
{
        static const struct {
                size_t size;
                uint64_t more;
                int answer;
        } sizes[] = {
                {0, 0, -EINVAL},
                {sizeof(puppet_ops) - 8, 0, -EINVAL},
                {sizeof(puppet_ops) + 8, 0, 0},
                {sizeof(puppet_ops) + 8, 1, -EOPNOTSUPP},
                {4097, 0, -EINVAL},
                {SIZE_MAX, 0, -EINVAL},
        };

        for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
                struct {
                        struct rmmap_allocator_ops ops;
                        uint64_t more;
                } later = {puppet_ops, sizes[i].more};

                later.ops.size = sizes[i].size;
                ck_is(create(&later.ops), sizes[i].answer);
                file = rmmap_release(file);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("user-allocator");
        TCase *cases = tcase_create("taken in");

        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, create_that_fails);
        tcase_add_test(cases, create_that_fails_over_a_file);
        tcase_add_test(cases, made_once_and_destroyed_once);
        tcase_add_test(cases, without_the_optional_ones);
        tcase_add_test(cases, names_are_copied);
        tcase_add_test(cases, structs_of_other_versions);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
