/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Sandboxes and file systems without system calls that only improve speed, with each errno by which
 * they refuse: complete jobs work, and rmmap_describe reports what is missing.
 */
#include <fcntl.h>
#include <unistd.h>

#include "child.h"
#include "fault/inject.h"
#include "place.h"

#define SIZE ((size_t)(1 << 20))
#define FOR_GOOD 1000000

static const int answers[] = {ENOSYS, EOPNOTSUPP, EINVAL, EPERM, EACCES,
                              EROFS,  ENOLCK,     ENOTTY, 524};
#define ANSWERS ((int)(sizeof(answers) / sizeof(answers[0])))

static const unsigned char data[8192] = "there all the same";

static uint32_t facts_of(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        return info.facts;
}

static void use(struct rmmap_file *file, int flush_answer)
{
        struct rmmap_range range, durable;
        struct rmmap_receipt receipt;
        unsigned char back[sizeof(data)];

        ck_ok(rmmap_allocate(file, sizeof(data), &range));
        ck_ok(rmmap_write_range(file, range, data, sizeof(data), &receipt));
        ck_ok(rmmap_read_range(file, range, back, sizeof(back), NULL));
        ck_assert_int_eq(memcmp(back, data, sizeof(data)), 0);
        ck_is(flushed(rmmap_flush_range(file, receipt)), flush_answer);
        ck_is(flushed(rmmap_flush(file)), flush_answer);
        ck_ok(rmmap_sync_range(file, receipt));
        ck_ok(rmmap_allocate(file, sizeof(data), &durable));
        ck_ok(rmmap_write_range_durable(file, durable, data, sizeof(data), NULL));
        ck_ok(rmmap_sync_all(file));
        ck_assert(test_file_holds(test_path("job"), rmmap_range_start(range), data, sizeof(data)));
}

/* Create, open, open for reading and from a descriptor. Returns the created file's facts. */
static uint32_t whole_jobs(int flush_answer)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        const char *path = test_path("job");
        struct rmmap_file *file;
        uint32_t facts;
        int fd;

        unlink(path);
        options.flags = RMMAP_WRITE_BEHIND;
        ck_ok(rmmap_create(path, SIZE, &options, &file));
        use(file, flush_answer);
        ck_ok(rmmap_raw_fill(file, 3)); /* large: starts write-back, if possible */
        facts = facts_of(file);
        rmmap_release(file);

        options.allocate_from = 4096;
        ck_ok(rmmap_open(path, &options, &file));
        use(file, flush_answer);
        rmmap_release(file);

        fd = open(path, O_RDWR | O_CLOEXEC);
        ck_ok(rmmap_open_fd(fd, &options, &file));
        close(fd);
        use(file, flush_answer);
        rmmap_release(file);

        options.flags = RMMAP_READ_ONLY;
        ck_ok(rmmap_open(path, &options, &file));
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
        return facts;
}

/* One kind of call is refused for good. */
static const struct {
        enum injected call;
        const char *floor_lacks; /* there it isn't made at all */
        uint32_t missing;        /* facts that aren't there then */
        int flush_answer;
        bool made; /* in any case, on any file system */
} refusals[] = {
        {INJECT_FALLOCATE, "reservation of space", RMMAP_FACT_RESERVED, 0, true},
        {INJECT_SYNC_FILE_RANGE, "start of write-back", 0, -EOPNOTSUPP, true},
        {INJECT_FSTATFS, "names of file systems", RMMAP_FACT_RESERVED | RMMAP_FACT_COHERENT, 0,
         true},
        {INJECT_GETENTROPY, NULL, 0, 0, HAVE_DECL_GETENTROPY},
        {INJECT_GETRLIMIT, NULL, 0, 0, false},
        {INJECT_IOCTL, NULL, 0, 0, false},
        {INJECT_MADVISE, "advice that is refused", 0, 0, true},
        {INJECT_MINCORE, NULL, 0, 0, false},
        {INJECT_PWRITEV2, NULL, 0, 0, false},
};
#define REFUSALS ((int)(sizeof(refusals) / sizeof(refusals[0])))

START_TEST(whole_jobs_without_it)
{
        int which = _i / ANSWERS;

        if (refusals[which].floor_lacks != NULL) {
                FLOOR_LACKS(refusals[which].floor_lacks);
        }
        if (refusals[which].call == INJECT_SYNC_FILE_RANGE && place_has_only_advice())
                return;
        inject_start();
        inject_fail(refusals[which].call, 1, answers[_i % ANSWERS], FOR_GOOD);
        ck_assert_uint_eq(whole_jobs(refusals[which].flush_answer) & refusals[which].missing, 0);
        ck_assert(inject_failed() > 0 || !refusals[which].made);
}
END_TEST

START_TEST(no_file_can_be_locked)
{
        struct rmmap_options options = test_options(RMMAP_LOCK_FILE, 0);
        struct rmmap_file *file = NULL;

        inject_start();
        inject_fail(INJECT_FLOCK, 1, answers[_i], FOR_GOOD);
        ck_assert_uint_eq(whole_jobs(0) & RMMAP_FACT_LOCKED, 0);
        /* Only a caller that insists on a lock is refused, and the existing file stays. */
        ck_is(rmmap_open(test_path("job"), &options, &file), -EOPNOTSUPP);
        ck_is(rmmap_create(test_path("job"), SIZE, &options, &file), -EOPNOTSUPP);
        ck_assert_int_eq(access(test_path("job"), F_OK), 0);
}
END_TEST

/* A kernel that can't write and sync in one call is asked once for each handle. */
START_TEST(no_write_syncs_itself)
{
        struct rmmap_range range;
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("record"), SIZE, NULL, &file));
        ck_ok(rmmap_sync_all(file));
        inject_start();
        inject_fail(INJECT_PWRITEV2, 1, EOPNOTSUPP, FOR_GOOD);
        for (int i = 0; i < 3; i++) {
                ck_ok(rmmap_allocate(file, sizeof(data), &range));
                ck_ok(rmmap_write_range_durable(file, range, data, sizeof(data), NULL));
        }
        ck_assert_int_le(inject_count(INJECT_PWRITEV2), 1); /* none without a choice of paths */
        ck_assert_int_ge(inject_sync_count() - inject_count(INJECT_PWRITEV2), 3);
        rmmap_release(file);
}
END_TEST

static int create_and_open(uint32_t flags)
{
        struct rmmap_options options = test_options(RMMAP_POPULATE | flags, 0);
        const char *path = test_path("populated");
        struct rmmap_file *file;
        int err;

        unlink(path);
        err = rmmap_create(path, SIZE, &options, &file);
        if (err != 0) {
                ck_assert_int_ne(access(path, F_OK), 0);
                return err;
        }
        ck_ok(rmmap_raw_write(file, 5, data, sizeof(data)));
        rmmap_release(file);
        ck_assert(test_file_holds(path, 5, data, sizeof(data)));
        ck_ok(rmmap_open(path, &options, &file));
        rmmap_release(file);
        return 0;
}

static int open_for_reading(void)
{
        struct rmmap_options options = test_options(RMMAP_POPULATE | RMMAP_READ_ONLY, 0);
        unsigned char back[sizeof(data)];
        struct rmmap_file *file;
        int err = rmmap_open(test_file("populated-before", SIZE), &options, &file);

        if (err != 0)
                return err;
        ck_ok(rmmap_raw_read(file, SIZE - sizeof(data), back, sizeof(back), NULL));
        rmmap_release(file);
        return 0;
}

START_TEST(no_pages_come_early)
{
        FLOOR_LACKS("way to populate a mapping");
        inject_start();
        inject_fail(INJECT_MADVISE, 1, answers[_i], FOR_GOOD);
        ck_ok(create_and_open(0));
        ck_ok(create_and_open(RMMAP_HUGE_PAGES | RMMAP_CATCH_FAULTS));
        ck_ok(open_for_reading());
        ck_assert_int_gt(inject_failed(), 0);
}
END_TEST

/* For a page that it can't supply, the kernel returns EFAULT. */
START_TEST(what_else_keeps_pages_away_is_an_error)
{
        static const struct {
                int answer, writing, reading;
        } errors[] = {
                {ENOMEM, -ENOMEM, -ENOMEM}, {EIO, -EIO, -EIO},       {EDQUOT, -EDQUOT, -EDQUOT},
                {ENOSPC, -ENOSPC, -ENOSPC}, {EFAULT, -ENOSPC, -EIO},
        };

        FLOOR_LACKS("way to populate a mapping");
        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
                inject_start();
                inject_fail(INJECT_MADVISE, 1, errors[i].answer, FOR_GOOD);
                ck_is(create_and_open(0), errors[i].writing);
                ck_is(open_for_reading(), errors[i].reading);
        }
}
END_TEST

/* The second fsync of a new file syncs its directory. */
START_TEST(no_directory_can_be_synced)
{
        struct rmmap_file *file;

        ck_ok(rmmap_create(test_path("named"), SIZE, NULL, &file));
        inject_start();
        inject_fail(INJECT_FSYNC, 2, answers[_i], 1);
        ck_ok(rmmap_sync_all(file));
        ck_assert_int_eq(inject_failed(), 1);
        ck_assert_uint_ne(facts_of(file) & RMMAP_FACT_ENTRY_UNSYNCED, 0);
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("unavailable");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, whole_jobs_without_it, 0, REFUSALS * ANSWERS);
        tcase_add_loop_test(core, no_file_can_be_locked, 0, ANSWERS);
        tcase_add_test(core, no_write_syncs_itself);
        tcase_add_loop_test(core, no_pages_come_early, 0, ANSWERS);
        tcase_add_test(core, what_else_keeps_pages_away_is_an_error);
        tcase_add_loop_test(core, no_directory_can_be_synced, 0, ANSWERS);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
