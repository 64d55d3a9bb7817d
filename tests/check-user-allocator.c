/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A program's own allocator behind a handle: how it is taken in, and what becomes of one that
 * breaks the contract. The handle can't detect an overlap; but ranges that are unaligned, out of
 * bounds or empty are EPROTO.
 */
#include <unistd.h>

#include "support.h"

#define A UINT64_C(4096)
#define SIZE (6 * A + 100)

/* What the test's allocator answers, and what it was asked. */
static struct puppet {
        int create, save;
        uint64_t start, end, remaining; /* the next range, and what is left */
        size_t length;                  /* of the state, as save tells it */
        struct rmmap_allocator_args args;
        unsigned int created, destroyed;
        uint64_t given_start, given_end; /* back */
} puppet;
static struct rmmap_file *file;

static int puppet_create(const struct rmmap_allocator_args *args, void **state)
{
        puppet.args = *args;
        puppet.created++;
        *state = &puppet;
        return puppet.create;
}

static void puppet_destroy(void *state)
{
        ((struct puppet *)state)->destroyed++;
}

static int puppet_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                           uint64_t *end)
{
        (void)size;
        (void)flags;
        *start = ((struct puppet *)state)->start;
        *end = ((struct puppet *)state)->end;
        return 0;
}

static uint64_t puppet_remaining(const void *state)
{
        return ((const struct puppet *)state)->remaining;
}

static int puppet_give_back(void *state, uint64_t start, uint64_t end)
{
        ((struct puppet *)state)->given_start = start;
        ((struct puppet *)state)->given_end = end;
        return 0;
}

static int puppet_save(const void *state, void *buffer, size_t *length)
{
        (void)buffer;
        *length = ((const struct puppet *)state)->length;
        return ((const struct puppet *)state)->save;
}

static const struct rmmap_allocator_ops puppet_ops = {
        .size = sizeof(puppet_ops),
        .create = puppet_create,
        .destroy = puppet_destroy,
        .allocate = puppet_allocate,
        .remaining = puppet_remaining,
        .give_back = puppet_give_back,
        .save = puppet_save,
};

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

/* ---- taken in ---- */

/* check-errors has every answer of every op. */
START_TEST(create_that_fails)
{
        static const int answers[] = {-EFBIG, -EIO, 1, INT32_MIN};

        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
                puppet.create = answers[i];
                ck_is(create(&puppet_ops), i == 0 ? -EFBIG : -EPROTO);
                ck_assert_ptr_null(file);
                ck_assert_int_ne(access(test_path("user"), F_OK), 0); /* nothing was made */
        }
        ck_assert_uint_eq(puppet.destroyed, 0); /* there was nothing to destroy */
}
END_TEST

/* The allocator is created before the file is touched. */
START_TEST(create_that_fails_over_a_file)
{
        const char *path = test_file("user", 3000);
        struct rmmap_allocator_ops unknown_flag = puppet_ops, incomplete = puppet_ops;
        unsigned char last = test_byte(2999);

        unknown_flag.flags = UINT64_C(1) << 40;
        incomplete.remaining = NULL;
        puppet.create = -ENOMEM;
        ck_is(create(&puppet_ops), -ENOMEM);
        ck_is(create(&unknown_flag), -EOPNOTSUPP);
        ck_is(create(&incomplete), -EINVAL);
        ck_assert(test_file_holds(path, 2999, &last, 1));
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
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_range range;
        unsigned char buffer[8] = {0};
        size_t length = sizeof(buffer);

        ops.give_back = NULL;
        ops.save = NULL;
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
        ck_ok(rmmap_describe(file, &info));
        ck_assert_str_eq(info.allocator, "unnamed");
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
}
END_TEST

/* ---- broken ---- */

static int allocate(uint64_t size, bool exact)
{
        struct rmmap_range range, marked;
        int err;

        memset(&marked, 0xa5, sizeof(marked));
        range = marked;
        err = exact ? rmmap_allocate_exact(file, size, &range) : rmmap_allocate(file, size, &range);
        if (err != 0)
                ck_assert(memcmp(&range, &marked, sizeof(range)) == 0);
        return err;
}

/* Holds F.4. */
START_TEST(ranges_that_can_not_be)
{
        static const struct {
                uint64_t start, end;
                bool exact;
                int answer;
        } answers[] = {
                {A, 2 * A, false, 0},
                {A, 2 * A, true, 0},
                {6 * A, SIZE, false, 0},
                {0, 0, false, -EPROTO}, /* empty */
                {A, A, false, -EPROTO},
                {2 * A, A, false, -EPROTO}, /* backwards */
                {UINT64_MAX - 4095, A, false, -EPROTO},
                {1, A, false, -EPROTO}, /* not aligned */
                {A + 512, 2 * A, false, -EPROTO},
                {A, A + 1, false, -EPROTO},
                {A, SIZE - 1, false, -EPROTO},
                {SIZE, SIZE, false, -EPROTO}, /* not in the file */
                {6 * A, SIZE + 1, false, -EPROTO},
                {6 * A, 7 * A, false, -EPROTO},
                {7 * A, 8 * A, false, -EPROTO},
                {0, UINT64_MAX, false, -EPROTO},
                {A, 3 * A, true, -EPROTO}, /* not exact */
                {6 * A, SIZE, true, -EPROTO},
        };

        ck_ok(create(&puppet_ops));
        for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
                puppet.start = answers[i].start;
                puppet.end = answers[i].end;
                ck_assert_msg(allocate(1, answers[i].exact) == answers[i].answer, "answer %zu", i);
        }
}
END_TEST

START_TEST(remaining_that_is_too_much)
{
        ck_ok(create(&puppet_ops));
        puppet.remaining = UINT64_MAX;
        ck_assert_uint_eq(rmmap_remaining(file), SIZE);
        ck_assert_uint_eq(rmmap_allocated(file), 0);
        puppet.remaining = A;
        ck_assert_uint_eq(rmmap_allocated(file), SIZE - A);
}
END_TEST

START_TEST(save_that_lies)
{
        unsigned char buffer[8];
        size_t length = sizeof(buffer);

        ck_ok(create(&puppet_ops));
        puppet.length = 9; /* more than it was given room for */
        ck_is(rmmap_allocator_save(file, buffer, &length), -EPROTO);
        ck_assert_uint_eq(length, sizeof(buffer));
        ck_ok(rmmap_allocator_save(file, NULL, &length)); /* how much it needs */
        ck_assert_uint_eq(length, 9);
        puppet.save = -ENOBUFS;
        ck_is(rmmap_allocator_save(file, buffer, &length), -ENOBUFS);
        ck_assert_uint_eq(length, 9);
        puppet.save = -EIO;
        puppet.length = 77;
        ck_is(rmmap_allocator_save(file, buffer, &length), -EPROTO);
        ck_assert_uint_eq(length, 9);
}
END_TEST

START_TEST(give_back_is_handed_on)
{
        struct rmmap_range range, low, high;

        ck_ok(create(&puppet_ops));
        puppet.start = A;
        puppet.end = 3 * A;
        ck_ok(rmmap_allocate(file, 1, &range));
        ck_is(rmmap_range_split_up(range, 0, &low, &high), RMMAP_SPLIT_BOTH);
        ck_ok(rmmap_give_back_range(file, low)); /* empty: the op isn't asked */
        ck_assert_uint_eq(puppet.given_end, 0);
        ck_ok(rmmap_give_back_range(file, high));
        ck_assert(puppet.given_start == A && puppet.given_end == 3 * A);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("user-allocator");
        TCase *cases = tcase_create("through the handle");

        tcase_add_checked_fixture(cases, setup, teardown);
        tcase_add_test(cases, create_that_fails);
        tcase_add_test(cases, create_that_fails_over_a_file);
        tcase_add_test(cases, made_once_and_destroyed_once);
        tcase_add_test(cases, without_the_optional_ones);
        tcase_add_test(cases, names_are_copied);
        tcase_add_test(cases, ranges_that_can_not_be);
        tcase_add_test(cases, remaining_that_is_too_much);
        tcase_add_test(cases, save_that_lies);
        tcase_add_test(cases, give_back_is_handed_on);
        suite_add_tcase(suite, cases);
        return test_run(suite);
}
