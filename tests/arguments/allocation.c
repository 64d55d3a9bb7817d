/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Arguments of the calls on a handle's allocator, and of those that make bytes of ranges. */
#include "stage.h"

#define LEFT (FILE_SIZE - LENGTH) /* two pages and a short one */

typedef int allocate_function(struct rmmap_file *file, uint64_t size, struct rmmap_range *range);
static allocate_function *const allocates[] = {rmmap_allocate, rmmap_allocate_exact};

START_TEST(allocate_without_something)
{
        refused(allocates[_i](NULL, 1, &out.range), EINVAL);
        refused(allocates[_i](stage.file, 1, NULL), EINVAL);
        refused(allocates[_i](stage.file, 0, &out.range), EINVAL);
        ck_assert_uint_eq(rmmap_remaining(stage.file), LEFT);
}
END_TEST

START_TEST(allocate_takes_what_is_left)
{
        static const uint64_t too_much[] = {LEFT + 1, INT64_MAX, UINT64_MAX - 4094, UINT64_MAX};

        for (size_t i = 0; i < sizeof(too_much) / sizeof(too_much[0]); i++) {
                struct rmmap_options options = RMMAP_OPTIONS_INIT;
                struct rmmap_file *file;

                options.allocate_from = LENGTH;
                ck_ok(rmmap_open(test_path("file"), &options, &file));
                ck_ok(rmmap_allocate(file, too_much[i], &out.range));
                ck_assert_uint_eq(rmmap_range_length(out.range), LEFT);
                refused(rmmap_allocate(file, 1, &out.range), ENOSPC);
                refused(rmmap_allocate(file, UINT64_MAX, &out.range), ENOSPC);
                rmmap_release(file);
        }
}
END_TEST

/* Never a short last page; what is too much takes nothing. */
START_TEST(allocate_exact_takes_all_or_nothing)
{
        static const uint64_t too_much[] = {LENGTH + 1, LEFT, LEFT + 1, UINT64_MAX - 4094,
                                            UINT64_MAX};

        for (size_t i = 0; i < sizeof(too_much) / sizeof(too_much[0]); i++)
                refused(rmmap_allocate_exact(stage.file, too_much[i], &out.range), ENOSPC);
        ck_assert_uint_eq(rmmap_remaining(stage.file), LEFT);
        ck_ok(rmmap_allocate_exact(stage.file, LENGTH, &out.range));
        refused(rmmap_allocate_exact(stage.file, 1, &out.range), ENOSPC);
        refused(rmmap_allocate_exact(stage.file, 100, &out.range), ENOSPC);
}
END_TEST

START_TEST(claim_anything)
{
        static const struct {
                uint64_t start, end;
                int error;
        } claims[] = {
                {0, 0, EINVAL},
                {4096, 4096, EINVAL},
                {4096, 0, EINVAL},
                {UINT64_MAX, 0, EINVAL},
                {1, 4096, EINVAL},
                {0, 4095, EINVAL},
                {0, 4097, EINVAL},
                {0, LENGTH + 4096, EBUSY},
                {LENGTH, LENGTH + 4096, ERANGE},
                {0, FILE_SIZE, EBUSY},
                {0, LENGTH, EBUSY},
                {0, FILE_SIZE + 1, ERANGE},
                {0, UINT64_MAX, ERANGE},
                {UINT64_MAX - 4095, UINT64_MAX, ERANGE},
        };

        for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
                refused(rmmap_claim_range(stage.file, claims[i].start, claims[i].end, &out.range),
                        claims[i].error);
        refused(rmmap_claim_range(NULL, 0, 4096, &out.range), EINVAL);
        refused(rmmap_claim_range(stage.file, 0, 4096, NULL), EINVAL);
        refused(rmmap_unclaim_range(NULL, stage.range), EINVAL);
        refused(rmmap_unclaim_range(stage.file, stage.zeros), EINVAL);
        refused(rmmap_unclaim_range(stage.file, stage.foreign), EXDEV);
        ck_ok(rmmap_unclaim_range(stage.file, stage.range));
        refused(rmmap_unclaim_range(stage.file, stage.range), EINVAL);
        ck_ok(rmmap_claim_range(stage.file, 0, LENGTH, &out.range));
        ck_ok(rmmap_allocate(stage.file, UINT64_MAX, &out.range));
        ck_ok(rmmap_unclaim_range(stage.file, out.range));
        refused(rmmap_claim_range(stage.file, 0, FILE_SIZE - 1, &out.range), EINVAL);
        ck_ok(rmmap_claim_range(stage.file, LENGTH, FILE_SIZE, &out.range));
}
END_TEST

START_TEST(give_back_what_is_not_ours)
{
        refused(rmmap_give_back_range(NULL, stage.range), EINVAL);
        refused(rmmap_give_back_range(stage.file, stage.zeros), EINVAL);
        refused(rmmap_give_back_range(stage.file, stage.forged), EINVAL);
        refused(rmmap_give_back_range(stage.file, as_range(stage.receipt)), EINVAL);
        refused(rmmap_give_back_range(stage.file, stage.foreign), EXDEV);
        refused(rmmap_give_back_range(stage.file, stage.range), EOPNOTSUPP);
        ck_ok(rmmap_give_back_range(stage.file, stage.empty));
}
END_TEST

static int save_to(void *buffer, size_t length, size_t wanted)
{
        size_t used = length;
        int result = rmmap_allocator_save(stage.file, buffer, &used);

        ck_assert_uint_eq(used, wanted);
        return result;
}

START_TEST(save_into_too_little)
{
        const size_t needed = stage.state_length;
        size_t length = 7;

        refused(rmmap_allocator_save(NULL, out.buffer, &length), EINVAL);
        refused(rmmap_allocator_save(stage.file, out.buffer, NULL), EINVAL);
        ck_assert_uint_eq(length, 7);
        refused(save_to(out.buffer, 0, needed), ENOBUFS);
        refused(save_to(out.buffer, 1, needed), ENOBUFS);
        refused(save_to(out.buffer, needed - 1, needed), ENOBUFS);
        ck_ok(save_to(NULL, 0, needed));
        ck_ok(save_to(NULL, SIZE_MAX, needed));
        ck_ok(save_to(out.buffer, needed, needed));
        ck_assert_mem_eq(out.buffer, stage.state, needed);
        ck_assert_uint_eq(out.buffer[needed], 0xa5);
}
END_TEST

START_TEST(restore_what_is_no_state)
{
        struct rmmap_file *fresh;

        ck_ok(rmmap_open(test_path("file"), NULL, &fresh));
        refused(rmmap_allocator_restore(NULL, stage.state, stage.state_length), EINVAL);
        refused(rmmap_allocator_restore(fresh, NULL, stage.state_length), EINVAL);
        refused(rmmap_allocator_restore(fresh, NULL, 0), EINVAL);
        refused(rmmap_allocator_restore(fresh, stage.state, 0), EBADMSG);
        refused(rmmap_allocator_restore(fresh, stage.state, stage.state_length - 1), EBADMSG);
        refused(rmmap_allocator_restore(fresh, stage.state, stage.state_length + 1), EBADMSG);
        refused(rmmap_allocator_restore(fresh, stage.state, SIZE_MAX), EBADMSG);
        refused(rmmap_allocator_restore(stage.file, stage.state, stage.state_length), EBUSY);
        ck_assert_uint_eq(rmmap_allocated(fresh), FILE_SIZE);
        ck_ok(rmmap_allocator_restore(fresh, stage.state, stage.state_length));
        ck_assert_uint_eq(rmmap_allocated(fresh), LENGTH);
        rmmap_release(fresh);
}
END_TEST

/* ---- an allocator that writes to its results although it fails */

static int fail_to_allocate(void *state, uint64_t size, uint32_t flags, uint64_t *start,
                            uint64_t *end)
{
        (void)state;
        (void)flags;
        *start = 0;
        *end = size;
        return -ENOMEM;
}

static int fail_to_save(const void *state, void *buffer, size_t *length)
{
        (void)state;
        (void)buffer;
        *length = 1;
        return -ENOMEM;
}

START_TEST(what_a_failing_allocator_leaves)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_allocator_ops ops = *rmmap_concurrent_allocator();
        size_t length = sizeof(out.buffer);
        struct rmmap_file *file;

        ops.allocate = fail_to_allocate;
        ops.save = fail_to_save;
        options.allocator = &ops;
        ck_ok(rmmap_open(test_path("file"), &options, &file));
        refused(rmmap_allocate(file, 4096, &out.range), ENOMEM);
        refused(rmmap_allocate_exact(file, 4096, &out.range), ENOMEM);
        refused(rmmap_allocator_save(file, out.buffer, &length), ENOMEM);
        ck_assert_uint_eq(length, sizeof(out.buffer));
        rmmap_release(file);
}
END_TEST

TCase *allocation_case(void)
{
        TCase *tests = stage_case("allocation");

        tcase_add_loop_test(tests, allocate_without_something, 0, 2);
        tcase_add_test(tests, allocate_takes_what_is_left);
        tcase_add_test(tests, allocate_exact_takes_all_or_nothing);
        tcase_add_test(tests, claim_anything);
        tcase_add_test(tests, give_back_what_is_not_ours);
        tcase_add_test(tests, save_into_too_little);
        tcase_add_test(tests, restore_what_is_no_state);
        tcase_add_test(tests, what_a_failing_allocator_leaves);
        return tests;
}
