/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* rmmap_publish: what is refused before anything changes; what it changes; what is left of it. */
#include <sys/stat.h>
#include <unistd.h>

#include "fault/inject.h"
#include "publishing.h"

#define SIZE PUBLISHING_SIZE
#define FOR_GOOD 1000000

static const int answers[] = {ENOSYS, EOPNOTSUPP, EINVAL, EPERM, EACCES};
#define ANSWERS ((int)(sizeof(answers) / sizeof(answers[0])))

static const unsigned char old[] = "what was there before";

static const char *older(const char *name)
{
        FILE *file = fopen(test_path(name), "w");

        ck_assert(file != NULL && fwrite(old, sizeof(old), 1, file) == 1);
        ck_assert_int_eq(fclose(file), 0);
        return test_path(name);
}

static bool is_older(const char *path)
{
        struct stat status;

        return stat(path, &status) == 0 && status.st_size == (off_t)sizeof(old) &&
               test_file_holds(path, 0, old, sizeof(old));
}

static bool exists(const char *path)
{
        struct stat status;

        return stat(path, &status) == 0;
}

static uint32_t facts_of(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        return info.facts;
}

/* The handle is as it was: nothing was cut. Ends it. */
static void still_writes(struct rmmap_file *file)
{
        ck_assert_uint_eq(rmmap_size(file), SIZE);
        ck_ok(rmmap_raw_write(file, 0, "again", 5));
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
}

/* ---- what it makes of a file */

/* Holds D.8. */
START_TEST(exactly_this_size)
{
        static const uint64_t sizes[] = {0, 1, 4095, 4096, 4097, SIZE - 1, SIZE};
        uint64_t size = sizes[_i % 7];
        struct rmmap_file *file = publishing_begin("new.part", _i < 7 ? 0 : RMMAP_NO_PREALLOCATE);
        const char *path = test_path("new");

        ck_ok(rmmap_publish(file, path, size, 0));
        ck_assert(publishing_whole(path, size));
        ck_assert(!exists(test_path("new.part")));
        ck_assert_uint_eq(rmmap_size(file), size);
        rmmap_release(file);
        ck_assert(publishing_whole(path, size));
        ck_assert_int_eq(unlink(path), 0);
}
END_TEST

START_TEST(afterwards_it_only_reads)
{
        struct rmmap_file *file = publishing_begin("new.part", _i == 0 ? 0 : RMMAP_CATCH_FAULTS);
        unsigned char back[SIZE], encoded[512];
        struct rmmap_range range, other;
        struct rmmap_receipt receipt;
        size_t length = 7, saved = sizeof(encoded);
        const void *view;
        void *data;

        ck_ok(rmmap_allocate(file, 4096, &range));
        ck_ok(rmmap_mark_written(file, range, &receipt));
        ck_ok(rmmap_allocate(file, 4096, &other));
        ck_ok(rmmap_allocator_save(file, encoded, &saved));
        ck_ok(rmmap_publish(file, test_path("new"), 5000, 0));
        ck_assert_uint_eq(facts_of(file) & (RMMAP_FACT_READ_ONLY | RMMAP_FACT_MAPPED),
                          RMMAP_FACT_READ_ONLY);
        ck_assert_uint_eq(rmmap_remaining(file), 0);
        ck_assert_uint_eq(rmmap_allocated(file), 5000);

        ck_is(rmmap_raw_write(file, 0, back, 1), -EROFS);
        ck_is(rmmap_raw_fill(file, 0), -EROFS);
        ck_is(rmmap_write_range(file, range, back, 4096, NULL), -EROFS);
        ck_is(rmmap_write_range_durable(file, range, back, 4096, NULL), -EROFS);
        ck_is(rmmap_write_within(file, range, 0, back, 1), -EROFS);
        ck_is(rmmap_mark_written(file, range, &receipt), -EROFS);
        ck_is(rmmap_allocate(file, 4096, &other), -EROFS);
        ck_is(rmmap_allocate_exact(file, 4096, &other), -EROFS);
        ck_is(rmmap_claim_range(file, 0, 4096, &other), -EROFS);
        ck_is(rmmap_give_back_range(file, range), -EROFS);
        ck_is(rmmap_allocator_restore(file, encoded, saved), -EROFS);
        ck_is(rmmap_range_data(file, range, &data), -EROFS);
        ck_is(rmmap_range_view(file, range, &view), -EOPNOTSUPP);
        ck_is(rmmap_raw_data(file, &data), -EROFS);
        ck_is(rmmap_raw_view(file, &view), -EOPNOTSUPP);
        ck_is(rmmap_publish(file, test_path("newer"), 10, 0), -EROFS);

        ck_ok(rmmap_read_range(file, range, back, sizeof(back), &length));
        ck_assert(length == 4096 && back[4095] == test_byte(4095));
        ck_ok(rmmap_read_within(file, other, 0, back, 5000 - 4096));
        ck_assert_uint_eq(back[5000 - 4097], test_byte(4999));
        ck_is(rmmap_read_within(file, other, 0, back, 5001 - 4096), -ERANGE);
        ck_is(rmmap_read_range(file, other, back, sizeof(back), NULL), -ERANGE);
        ck_ok(rmmap_raw_read(file, 4990, back, 100, &length));
        ck_assert_uint_eq(length, 10);
        ck_ok(rmmap_sync_range(file, receipt));
        ck_ok(rmmap_sync_all(file));
        rmmap_release(file);
        ck_assert(publishing_whole(test_path("new"), 5000));
        unlink(test_path("new"));
}
END_TEST

START_TEST(it_replaces)
{
        struct rmmap_file *file = publishing_begin("new.part", 0);
        const char *path = older("new");

        ck_is(rmmap_publish(file, path, 9, RMMAP_PUBLISH_NO_REPLACE), -EEXIST);
        ck_assert(is_older(path));
        ck_ok(rmmap_publish(file, path, SIZE, 0));
        ck_assert(publishing_whole(path, SIZE));
        rmmap_release(file);
        unlink(path);
}
END_TEST

START_TEST(a_link_is_replaced)
{
        struct rmmap_file *file = publishing_begin("new.part", 0);
        const char *path = test_path("link"), *target = older("target");
        struct stat status;

        ck_assert_int_eq(symlink(target, path), 0);
        ck_is(rmmap_publish(file, path, SIZE, RMMAP_PUBLISH_NO_REPLACE), -EEXIST);
        ck_ok(rmmap_publish(file, path, SIZE, 0));
        ck_assert(lstat(path, &status) == 0 && S_ISREG(status.st_mode));
        ck_assert(publishing_whole(path, SIZE) && is_older(target));
        rmmap_release(file);
        unlink(path);
        unlink(target);
}
END_TEST

START_TEST(its_own_name)
{
        struct rmmap_file *file = publishing_begin("own", 0);
        const char *path = test_path("own");

        ck_ok(rmmap_publish(file, path, 6000, _i == 0 ? 0 : RMMAP_PUBLISH_NO_REPLACE));
        ck_assert(publishing_whole(path, 6000));
        ck_is(rmmap_raw_write(file, 0, "x", 1), -EROFS);
        rmmap_release(file);
        ck_assert(publishing_whole(path, 6000));
        unlink(path);
}
END_TEST

/* rename does nothing with two names of one file. */
START_TEST(another_name_of_its_own)
{
        struct rmmap_file *file = publishing_begin("one", 0);

        ck_assert_int_eq(link(test_path("one"), test_path("two")), 0);
        ck_ok(rmmap_publish(file, test_path("two"), 6000, 0));
        rmmap_release(file);
        ck_assert(publishing_whole(test_path("one"), 6000));
        ck_assert(publishing_whole(test_path("two"), 6000));
        unlink(test_path("one"));
        unlink(test_path("two"));
}
END_TEST

/* The entry is remembered by its directory. */
START_TEST(elsewhere_in_the_meantime)
{
        struct rmmap_file *file;

        ck_assert_int_eq(chdir(test_directory()), 0);
        ck_assert_int_eq(mkdir("sub", 0700), 0);
        ck_ok(rmmap_create("new.part", SIZE, NULL, &file));
        ck_assert_int_eq(chdir("sub"), 0);
        ck_ok(rmmap_publish(file, "new", 10, 0));
        rmmap_release(file);
        ck_assert(exists(test_path("sub/new")) && !exists(test_path("new.part")));
        ck_assert_int_eq(chdir("/"), 0);
        unlink(test_path("sub/new"));
        rmdir(test_path("sub"));
}
END_TEST

START_TEST(created_through_a_link)
{
        const char *link = test_path("link");
        struct rmmap_file *file;

        FLOOR_LACKS("way to find the name of an open file");
        ck_assert_int_eq(symlink(test_path("behind"), link), 0);
        file = publishing_begin("link", 0);
        ck_ok(rmmap_publish(file, test_path("new"), SIZE, 0));
        rmmap_release(file);
        ck_assert(publishing_whole(test_path("new"), SIZE) && !exists(test_path("behind")));
        unlink(link);
        unlink(test_path("new"));
}
END_TEST

/* ---- what is refused, before anything changes */

START_TEST(refused_and_not_cut)
{
        static const struct {
                const char *path;
                uint64_t size;
                int want;
        } cases[] = {
                {"new", SIZE + 1, -ERANGE},  {"new", UINT64_MAX, -ERANGE}, {"", 1, -ENOENT},
                {"missing/new", 1, -ENOENT}, {"sub", 1, -EISDIR},          {"sub/", 1, -EISDIR},
                {".", 1, -EISDIR},
        };
        struct rmmap_file *file = publishing_begin("new.part", 0);

        ck_assert_int_eq(mkdir(test_path("sub"), 0700), 0);
        for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
                const char *path = cases[i].path[0] == '\0' ? "" : test_path(cases[i].path);

                ck_is(rmmap_publish(file, path, cases[i].size, 0), cases[i].want);
        }
        ck_is(rmmap_publish(file, NULL, 1, 0), -EINVAL);
        ck_is(rmmap_publish(NULL, "new", 1, 0), -EINVAL);
        ck_is(rmmap_publish(file, test_path("new"), 1, 4), -EOPNOTSUPP);
        ck_assert(!exists(test_path("new")));
        still_writes(file);
        rmdir(test_path("sub"));
        unlink(test_path("new.part"));
}
END_TEST

START_TEST(below_a_plain_file)
{
        struct rmmap_file *file = publishing_begin("new.part", 0);

        older("plain");
        ck_is(rmmap_publish(file, test_path("plain/new"), 1, 0), -ENOTDIR);
        still_writes(file);
        unlink(test_path("plain"));
        unlink(test_path("new.part"));
}
END_TEST

START_TEST(in_use)
{
        struct rmmap_file *file = publishing_begin("new.part", 0), *other;
        struct rmmap_options options = test_options(RMMAP_READ_ONLY, 0);

        rmmap_clone(file);
        ck_is(rmmap_publish(file, test_path("new"), 1, 0), -EBUSY);
        rmmap_release(file);
        ck_ok(rmmap_open(test_path("new.part"), &options, &other));
        ck_is(rmmap_publish(file, test_path("new"), 1, 0), -EBUSY);
        rmmap_release(other);
        ck_assert_uint_eq(rmmap_size(file), SIZE);
        ck_ok(rmmap_publish(file, test_path("new"), SIZE, 0));
        /* Readers aren't kept out. */
        ck_ok(rmmap_open(test_path("new"), &options, &other));
        rmmap_release(other);
        rmmap_release(file);
        unlink(test_path("new"));
}
END_TEST

START_TEST(with_a_lock_of_its_own)
{
        struct rmmap_file *file = publishing_begin("new.part", RMMAP_LOCK_FILE), *other;

        ck_ok(rmmap_publish(file, test_path("new"), SIZE, 0));
        ck_is(rmmap_open(test_path("new"), NULL, &other), -EBUSY);
        rmmap_release(file);
        ck_ok(rmmap_open(test_path("new"), NULL, &other));
        rmmap_release(other);
        unlink(test_path("new"));
}
END_TEST

START_TEST(not_created)
{
        struct rmmap_options options = test_options(RMMAP_READ_ONLY, 0);
        const char *path = test_file("there", SIZE);
        struct rmmap_file *file;

        ck_ok(rmmap_open(path, NULL, &file));
        ck_is(rmmap_publish(file, path, 1, 0), -EINVAL);
        rmmap_release(file);
        ck_ok(rmmap_open(path, &options, &file));
        ck_is(rmmap_publish(file, path, 1, 0), -EROFS);
        rmmap_release(file);
        options.flags = RMMAP_UNNAMED;
        ck_is(rmmap_open(path, &options, &file), -EINVAL);
        unlink(path);
}
END_TEST

/* Renamed, removed, replaced: the name isn't the file's any more. */
START_TEST(another_file_by_now)
{
        struct rmmap_file *file = publishing_begin("new.part", 0);

        if (_i == 0)
                ck_assert_int_eq(rename(test_path("new.part"), test_path("moved")), 0);
        else
                ck_assert_int_eq(unlink(test_path("new.part")), 0);
        if (_i == 2)
                older("new.part");
        ck_is(rmmap_publish(file, test_path("new"), 1, 0), -ESTALE);
        ck_assert(!exists(test_path("new")));
        still_writes(file);
        unlink(test_path("moved"));
        unlink(test_path("new.part"));
}
END_TEST

/* ---- again, after a failure */

/* Holds D.9. */
START_TEST(rename_fails_and_then_works)
{
        struct rmmap_file *file =
                publishing_begin(_i < 2 ? "new.part" : NULL, _i < 2 ? 0 : RMMAP_UNNAMED);
        const char *path = older("new"), *another = older("another");
        unsigned char byte;

        inject_start();
        inject_fail(INJECT_RENAME, 1, EIO, 1);
        inject_fail(INJECT_RENAME_NEW, 1, EIO, 1);
        ck_is(rmmap_publish(file, path, 9000, 0), -EIO);
        inject_start();
        ck_assert(is_older(path));
        ck_assert_uint_eq(rmmap_size(file), 9000);
        ck_is(rmmap_raw_write(file, 0, "x", 1), -EROFS);
        ck_ok(rmmap_raw_read(file, 8999, &byte, 1, NULL));
        ck_is(rmmap_publish(file, path, 9001, 0), -ERANGE);
        if (_i == 3) { /* given up */
                rmmap_release(file);
        } else {
                ck_ok(rmmap_publish(file, _i % 2 == 0 ? path : another, 8000, 0));
                rmmap_release(file);
                ck_assert(publishing_whole(_i % 2 == 0 ? path : another, 8000));
        }
        ck_assert(!exists(test_path("new.part")));
        ck_assert_int_eq(publishing_names(test_directory()), 2);
        unlink(path);
        unlink(another);
}
END_TEST

/* ---- without replacing, where the kernel can't */

static void appears(void *ignored)
{
        (void)ignored;
        older("new");
}

/* Holds D.9. */
START_TEST(appears_meanwhile)
{
        struct rmmap_file *file;

        FLOOR_LACKS("rename that refuses to replace");
        file = publishing_begin(_i < 2 ? "new.part" : NULL, _i < 2 ? 0 : RMMAP_UNNAMED);
        inject_start();
        if (_i == 1)
                inject_fail(INJECT_RENAME_NEW, 1, EINVAL, 1);
        inject_before(_i == 0 ? INJECT_RENAME_NEW : INJECT_LINK, appears, NULL);
        ck_is(rmmap_publish(file, test_path("new"), 9, RMMAP_PUBLISH_NO_REPLACE), -EEXIST);
        inject_start();
        ck_assert(is_older(test_path("new")));
        ck_assert(_i == 2 || exists(test_path("new.part")));
        ck_ok(rmmap_publish(file, test_path("newer"), 9, RMMAP_PUBLISH_NO_REPLACE));
        rmmap_release(file);
        ck_assert(publishing_whole(test_path("newer"), 9));
        ck_assert_int_eq(publishing_names(test_directory()), 2);
        unlink(test_path("new"));
        unlink(test_path("newer"));
}
END_TEST

/* renameat2 is refused, then links too. */
START_TEST(nothing_but_rename)
{
        struct rmmap_file *file = publishing_begin("new.part", 0);
        const char *path = test_path("new");

        older("new");
        inject_start();
        inject_fail(INJECT_RENAME_NEW, 1, answers[_i % ANSWERS], FOR_GOOD);
        if (_i >= ANSWERS)
                inject_fail(INJECT_LINK, 1, answers[_i % ANSWERS], FOR_GOOD);
        ck_is(rmmap_publish(file, path, SIZE, RMMAP_PUBLISH_NO_REPLACE), -EEXIST);
        ck_assert(is_older(path));
        unlink(path);
        ck_ok(rmmap_publish(file, path, SIZE, RMMAP_PUBLISH_NO_REPLACE));
        inject_start();
        rmmap_release(file);
        ck_assert(publishing_whole(path, SIZE));
        ck_assert_int_eq(publishing_names(test_directory()), 1);
        unlink(path);
}
END_TEST

/* ---- without a name */

/* Holds D.10. */
START_TEST(without_a_name)
{
        struct rmmap_options options = test_options(RMMAP_UNNAMED, 0);
        const char *path = test_path("new");
        struct rmmap_file *file;
        struct stat status;
        int names = ON_FLOOR || _i >= 2;

        inject_start();
        if (_i >= 2)
                inject_fail(INJECT_OPEN_UNNAMED, 1, answers[_i % ANSWERS], FOR_GOOD);
        ck_ok(rmmap_create(test_directory(), SIZE, &options, &file));
        ck_assert_int_eq(publishing_names(test_directory()), names);
        ck_assert_int_eq(publishing_hidden(test_directory()), names);
        if (_i % 2 == 0)
                older("new");
        ck_ok(rmmap_publish(file, path, 77, 0));
        inject_start();
        ck_assert_int_eq(publishing_names(test_directory()), 1);
        rmmap_release(file);
        ck_assert_int_eq(publishing_names(test_directory()), 1);
        ck_assert(stat(path, &status) == 0 && status.st_size == 77);
        unlink(path);
}
END_TEST

START_TEST(with_permissions)
{
        struct rmmap_options options = test_options(RMMAP_UNNAMED, 0);
        mode_t mask = umask(027);
        struct rmmap_file *file;
        struct stat status;

        options.mode = 0666;
        inject_start();
        if (_i == 1)
                inject_fail(INJECT_OPEN_UNNAMED, 1, EOPNOTSUPP, FOR_GOOD);
        ck_ok(rmmap_create(test_directory(), SIZE, &options, &file));
        umask(mask);
        older("new");
        ck_ok(rmmap_publish(file, test_path("new"), 77, 0));
        inject_start();
        rmmap_release(file);
        ck_assert(stat(test_path("new"), &status) == 0 && (status.st_mode & 0777) == 0640);
        unlink(test_path("new"));
}
END_TEST

/* linkat is refused: the file gets a hidden name at once, and rename does. */
START_TEST(without_links)
{
        struct rmmap_file *file;

        FLOOR_LACKS("files without a name");
        inject_start();
        inject_fail(INJECT_LINK, 1, answers[_i], FOR_GOOD);
        file = publishing_begin(NULL, RMMAP_UNNAMED);
        ck_assert_int_eq(publishing_hidden(test_directory()), 1);
        ck_ok(rmmap_publish(file, test_path("new"), SIZE, RMMAP_PUBLISH_NO_REPLACE));
        inject_start();
        rmmap_release(file);
        ck_assert(publishing_whole(test_path("new"), SIZE));
        ck_assert_int_eq(publishing_names(test_directory()), 1);
        unlink(test_path("new"));
}
END_TEST

START_TEST(given_up)
{
        struct rmmap_file *file;

        inject_start();
        if (_i == 1)
                inject_fail(INJECT_OPEN_UNNAMED, 1, EOPNOTSUPP, FOR_GOOD);
        file = publishing_begin(NULL, RMMAP_UNNAMED);
        ck_ok(rmmap_sync_all(file));
        inject_start();
        rmmap_release(file);
        ck_assert_int_eq(publishing_names(test_directory()), 0);
}
END_TEST

START_TEST(no_such_directory)
{
        struct rmmap_options options = test_options(RMMAP_UNNAMED, 0);
        struct rmmap_file *file = UNTOUCHED;
        const char *plain = older("plain"), *link = test_path("link");

        ck_is(rmmap_create(test_path("missing"), SIZE, &options, &file), -ENOENT);
        ck_is(rmmap_create(plain, SIZE, &options, &file), -ENOTDIR);
        ck_assert_int_eq(symlink(test_directory(), link), 0);
        options.flags |= RMMAP_NO_FOLLOW;
        ck_is(rmmap_create(link, SIZE, &options, &file), -ELOOP);
        ck_assert_ptr_eq(file, UNTOUCHED);
        options.flags = RMMAP_UNNAMED | RMMAP_MUST_CREATE;
        ck_ok(rmmap_create(link, SIZE, &options, &file));
        rmmap_release(file);
        unlink(link);
        unlink(plain);
        ck_assert_int_eq(publishing_names(test_directory()), 0);
}
END_TEST

/* ---- the order: data and size, the name, the directories */

START_TEST(synced_before_and_after)
{
        struct rmmap_file *file = publishing_begin("new.part", 0);
        ino_t inode = test_inode(test_path("new.part"));
        int directories = 0, content = -1, first = -1;

        ck_assert_int_eq(mkdir(test_path("sub"), 0700), 0);
        inject_start();
        ck_ok(rmmap_publish(file, test_path(_i == 0 ? "new" : "sub/new"), 5000, 0));
        for (int i = 0; i < inject_total(); i++) {
                struct inject_record record = inject_record(i);

                if (record.call != INJECT_FSYNC)
                        continue;
                if (record.directory && first < 0)
                        first = i;
                directories += record.directory;
                if (record.inode == inode)
                        content = i;
        }
        ck_assert(content >= 0 && content < first);
        ck_assert_int_eq(directories, _i == 0 ? 1 : 2);
        rmmap_release(file);
        unlink(test_path("new"));
        unlink(test_path("sub/new"));
        rmdir(test_path("sub"));
}
END_TEST

/* Nothing is synced until the program asks for it; then the name is, too. */
START_TEST(without_a_sync)
{
        struct rmmap_file *file =
                publishing_begin(_i == 0 ? "new.part" : NULL, _i == 0 ? 0 : RMMAP_UNNAMED);
        const char *path = older("new");
        int files = 0, directories = 0;

        inject_start();
        ck_ok(rmmap_publish(file, path, 5000, RMMAP_PUBLISH_NO_SYNC));
        for (int i = 0; i < inject_total(); i++) {
                enum injected call = inject_record(i).call;

                ck_assert(call != INJECT_FSYNC && call != INJECT_FDATASYNC);
        }
        ck_assert(publishing_whole(path, 5000));
        ck_assert_int_eq(publishing_names(test_directory()), 1);
        ck_is(rmmap_raw_write(file, 0, "x", 1), -EROFS);
        inject_start();
        ck_ok(rmmap_sync_all(file));
        for (int i = 0; i < inject_total(); i++) {
                struct inject_record record = inject_record(i);

                files += record.call == INJECT_FSYNC && record.inode == test_inode(path);
                directories += record.call == INJECT_FSYNC && record.directory;
        }
        ck_assert(files == 1 && directories == 1);
        rmmap_release(file);
        unlink(path);
}
END_TEST

/* The side file must outlive the file's old name. */
START_TEST(without_a_sync_no_checkpoint)
{
        struct rmmap_checkpoint checkpoint = RMMAP_CHECKPOINT_INIT;
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;
        struct rmmap_receipt receipt;
        struct rmmap_range range;

        checkpoint.path = test_path("side");
        checkpoint.identity = "publish";
        checkpoint.identity_length = 7;
        options.checkpoint = &checkpoint;
        ck_ok(rmmap_create(test_path("new.part"), 4096, &options, &file));
        ck_ok(rmmap_allocate(file, 4096, &range));
        ck_ok(rmmap_mark_written(file, range, &receipt));
        ck_ok(rmmap_sync_range(file, receipt));
        ck_is(rmmap_publish(file, test_path("new"), 4096, RMMAP_PUBLISH_NO_SYNC), -EINVAL);
        ck_ok(rmmap_publish(file, test_path("new"), 4096, 0));
        rmmap_release(file);
        ck_assert_int_eq(publishing_names(test_directory()), 1);
        unlink(test_path("new"));
}
END_TEST

/* An error of syncing stays; before the name it keeps path as it was. Holds D.9. */
START_TEST(an_error_of_a_sync_stays)
{
        struct rmmap_file *file = publishing_begin("new.part", 0);
        const char *path = older("new");

        inject_start();
        inject_fail(INJECT_FSYNC, _i == 0 ? 1 : 2, EIO, 1);
        ck_is(rmmap_publish(file, path, 5000, 0), -EIO);
        inject_start();
        ck_is(rmmap_error(file), -EIO);
        ck_is(rmmap_publish(file, path, 5000, 0), -EIO);
        ck_assert(_i == 0 ? is_older(path) : publishing_whole(path, 5000));
        rmmap_release(file);
        unlink(path);
        unlink(test_path("new.part"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("publish");
        TCase *core = tcase_create("core");

        test_directory();
        tcase_add_loop_test(core, exactly_this_size, 0, 14);
        tcase_add_loop_test(core, afterwards_it_only_reads, 0, 2);
        tcase_add_test(core, it_replaces);
        tcase_add_test(core, a_link_is_replaced);
        tcase_add_loop_test(core, its_own_name, 0, 2);
        tcase_add_test(core, another_name_of_its_own);
        tcase_add_test(core, elsewhere_in_the_meantime);
        tcase_add_test(core, created_through_a_link);
        tcase_add_test(core, refused_and_not_cut);
        tcase_add_test(core, below_a_plain_file);
        tcase_add_test(core, in_use);
        tcase_add_test(core, with_a_lock_of_its_own);
        tcase_add_test(core, not_created);
        tcase_add_loop_test(core, another_file_by_now, 0, 3);
        tcase_add_loop_test(core, rename_fails_and_then_works, 0, 4);
        tcase_add_loop_test(core, appears_meanwhile, 0, 3);
        tcase_add_loop_test(core, nothing_but_rename, 0, 2 * ANSWERS);
        tcase_add_loop_test(core, without_a_name, 0, 2 + ANSWERS);
        tcase_add_loop_test(core, with_permissions, 0, 2);
        tcase_add_loop_test(core, without_links, 0, ANSWERS);
        tcase_add_loop_test(core, given_up, 0, 2);
        tcase_add_test(core, no_such_directory);
        tcase_add_loop_test(core, synced_before_and_after, 0, 2);
        tcase_add_loop_test(core, without_a_sync, 0, 2);
        tcase_add_test(core, without_a_sync_no_checkpoint);
        tcase_add_loop_test(core, an_error_of_a_sync_stays, 0, 2);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
