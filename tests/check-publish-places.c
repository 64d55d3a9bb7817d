/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Publishing where something is in the way: another file system, a directory that can't be written
 * or read, no /proc, no standard descriptors, another process. As root.
 */
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "fault/inject.h"
#include "place.h"
#include "publishing.h"

#define SIZE PUBLISHING_SIZE
#define NOBODY 65534
#define FOR_GOOD 1000000

/* A directory that anybody may use, in the test's. */
static const char *open_directory(const char *name, mode_t mode)
{
        const char *path = test_path(name);

        return (mkdir(path, mode) == 0 || errno == EEXIST) && chmod(path, mode) == 0 &&
                               chmod(test_directory(), 0755) == 0
                       ? path
                       : NULL;
}

static const char *in(const char *directory, const char *name)
{
        static char paths[8][4200];
        static int next;

        next = (next + 1) % 8;
        snprintf(paths[next], sizeof(paths[next]), "%s/%s", directory, name);
        return paths[next];
}

static struct rmmap_file *begin(const char *path, uint32_t flags)
{
        struct rmmap_options options = test_options(flags, 0);
        unsigned char bytes[SIZE];
        struct rmmap_file *file = NULL;

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = test_byte(i);
        if (rmmap_create(path, SIZE, &options, &file) == 0 &&
            rmmap_raw_write(file, 0, bytes, sizeof(bytes)) != 0)
                file = rmmap_release(file);
        return file;
}

/* ---- in a child, because of its mounts, user or descriptors */

static int to_another_file_system(void *arg)
{
        const char *other = place_private() ? place_tmpfs("other", "size=1m") : NULL;
        struct rmmap_file *file;

        (void)arg;
        if (other == NULL)
                return CHILD_SKIPPED;
        for (int i = 0; i < 2; i++) {
                file = begin(i == 0 ? test_path("new.part") : test_directory(),
                             i == 0 ? 0 : RMMAP_UNNAMED);
                child_expect(file != NULL);
                child_is(rmmap_publish(file, in(other, "new"), SIZE, 0), -EXDEV);
                child_expect(publishing_names(other) == 0);
                child_is(rmmap_publish(file, test_path("new"), SIZE, 0), 0);
                child_expect(publishing_whole(test_path("new"), SIZE));
                rmmap_release(file);
                child_expect(publishing_hidden(test_directory()) == 0);
                unlink(test_path("new"));
        }
        return 0;
}

static int as_nobody(void)
{
        return setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
}

/* Not to be written: nothing is done to it. Not to be read: it works, but isn't synced. */
static int into_forbidden_directories(void *arg)
{
        const char *mine = open_directory("mine", 0777), *closed = open_directory("closed", 0555);
        const char *blind = open_directory("blind", 0333);
        struct rmmap_info info = RMMAP_INFO_INIT;
        struct rmmap_file *file;

        (void)arg;
        if (geteuid() != 0) {
                skip_part("needs root");
                return CHILD_SKIPPED;
        }
        child_expect(mine != NULL && closed != NULL && blind != NULL && as_nobody());
        file = begin(mine, RMMAP_UNNAMED);
        child_expect(file != NULL);
        child_is(rmmap_publish(file, in(closed, "new"), SIZE, 0), -EACCES);
        child_is(rmmap_publish(file, in(blind, "new"), SIZE, RMMAP_PUBLISH_NO_REPLACE), 0);
        child_is(rmmap_describe(file, &info), 0);
        child_expect(info.facts & RMMAP_FACT_ENTRY_UNSYNCED);
        child_expect(publishing_whole(in(blind, "new"), SIZE));
        rmmap_release(file);
        child_expect(publishing_names(mine) == 0);
        file = begin(in(mine, "part"), 0);
        child_expect(file != NULL);
        child_is(rmmap_publish(file, in(blind, "new"), 100, 0), 0);
        child_expect(publishing_whole(in(blind, "new"), 100));
        rmmap_release(file);
        return begin(closed, RMMAP_UNNAMED) == NULL ? 0 : 1;
}

/* As a user whom the kernel may not let link a descriptor: there is a name, hidden or none. */
static int without_proc(void *arg)
{
        const char *mine = open_directory("mine", 0777);
        struct rmmap_file *file;

        (void)arg;
        if (!place_private() || mount("none", "/proc", "tmpfs", 0, "size=4k") != 0) {
                skip_part("/proc can't be hidden here");
                return CHILD_SKIPPED;
        }
        child_expect(mine != NULL && as_nobody());
        for (int i = 0; i < 2; i++) { /* a new one, then over that */
                file = begin(mine, RMMAP_UNNAMED);
                child_expect(file != NULL);
                child_is(rmmap_publish(file, in(mine, "new"), SIZE, 0), 0);
                rmmap_release(file);
                child_expect(publishing_whole(in(mine, "new"), SIZE));
                child_expect(publishing_names(mine) == 1);
        }
        return 0;
}

static int without_descriptors(void *arg)
{
        const char *mine = open_directory("mine", 0777);
        struct rmmap_file *file;

        (void)arg;
        for (int fd = 0; fd < 3; fd++)
                close(fd);
        for (int i = 0; i < 2; i++) {
                file = begin(i == 0 ? mine : in(mine, "part"), i == 0 ? RMMAP_UNNAMED : 0);
                if (file == NULL || rmmap_publish(file, in(mine, "new"), SIZE, 0) != 0)
                        return 1;
                rmmap_release(file);
                if (!publishing_whole(in(mine, "new"), SIZE) || publishing_names(mine) != 1)
                        return 2;
        }
        return 0;
}

/* A child's release leaves the temporary name to its parent. */
static int release_copy(void *file)
{
        child_is(rmmap_publish(file, test_path("new"), 1, 0), -EPERM);
        rmmap_release(file);
        return 0;
}

START_TEST(in_a_place)
{
        static int (*const places[])(void *) = {to_another_file_system, into_forbidden_directories,
                                                without_proc, without_descriptors};

        ck_child(places[_i], NULL);
}
END_TEST

START_TEST(a_childs_copy)
{
        struct rmmap_file *file;

        inject_start();
        inject_fail(INJECT_OPEN_UNNAMED, 1, EOPNOTSUPP, FOR_GOOD);
        file = publishing_begin(NULL, RMMAP_UNNAMED);
        inject_start();
        ck_child(release_copy, file);
        ck_ok(rmmap_publish(file, test_path("new"), SIZE, 0));
        rmmap_release(file);
        ck_assert(publishing_whole(test_path("new"), SIZE));
        ck_assert_int_eq(publishing_hidden(test_directory()), 0);
        unlink(test_path("new"));
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("publish-places");
        TCase *core = tcase_create("core");

        test_directory();
        tcase_add_loop_test(core, in_a_place, 0, 4);
        tcase_add_test(core, a_childs_copy);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
