/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* storage_identity: by it a state file knows the file that it was made for. */
#include <fcntl.h>
#include <unistd.h>

#include "fault/inject.h"
#include "os/handle.h"
#include "os/os.h"
#include "support.h"

static struct rmmap_file *make(const char *name)
{
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path(name), 4096, NULL, &file));
        return file;
}

static struct file_identity identity_of(const struct rmmap_file *file)
{
        struct file_identity identity;

#ifdef _WIN32
        ck_ok(storage_identity(fd_of(rmmap_handle(file)), &identity));
#else
        ck_ok(storage_identity(rmmap_fd(file), &identity));
#endif
        return identity;
}

START_TEST(a_file_has_one)
{
        struct rmmap_file *a = make("a"), *b = make("b"), *again;
        struct file_identity of_a = identity_of(a), of_b = identity_of(b), of_again;

        ck_ok(rmmap_open(test_path("a"), NULL, &again));
        of_again = identity_of(again);
        ck_assert(file_identity_equal(&of_a, &of_again));
        ck_assert_uint_eq(of_a.born_seconds, of_again.born_seconds);
        ck_assert_uint_eq(of_a.born_nanoseconds, of_again.born_nanoseconds);
        ck_assert_uint_eq(of_a.device, of_b.device);
        ck_assert_uint_ne(of_a.inode, of_b.inode);
        ck_assert(!file_identity_equal(&of_a, &of_b));
        rmmap_release(a);
        rmmap_release(b);
        rmmap_release(again);
}
END_TEST

/* Only Linux has this call. */
START_TEST(without_statx)
{
        static const int answers[] = {ENOSYS, EPERM};
        struct rmmap_file *a = make("a");
        struct file_identity full = identity_of(a), less;

        inject_start();
        inject_fail(INJECT_STATX, 1, answers[_i], 1);
        less = identity_of(a);
        ck_assert_uint_eq(less.device, full.device);
        ck_assert_uint_eq(less.inode, full.inode);
        ck_assert(file_identity_equal(&less, &full));
        if (inject_count(INJECT_STATX) > 0)
                ck_assert_uint_eq(less.born_seconds, 0);
        rmmap_release(a);
}
END_TEST

START_TEST(what_tells_them_apart)
{
        const struct file_identity full = {1, 2, 3, 4}, unborn = {1, 2, 0, 0};
        const struct file_identity others[] = {
                {2, 2, 3, 4}, {1, 3, 3, 4}, {1, 2, 4, 4}, {1, 2, 3, 5}};

        ck_assert(file_identity_equal(&full, &full));
        ck_assert(file_identity_equal(&full, &unborn));
        ck_assert(file_identity_equal(&unborn, &full));
        for (int i = 0; i < 4; i++) {
                ck_assert_int_eq(file_identity_equal(&full, &others[i]), i == 0);
                ck_assert_int_eq(file_identity_equal(&unborn, &others[i]), i >= 2);
        }
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("identity");
        TCase *core = tcase_create("core");

        tcase_add_test(core, a_file_has_one);
        tcase_add_loop_test(core, without_statx, 0, 2);
        tcase_add_test(core, what_tells_them_apart);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
