/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One directory seen through two mounts of a file system whose clients have caches of their own:
 * two handles write next to each other, and nothing is lost. Uses bindfs, as root.
 */
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "place.h"
#include "setups.h"

#define PIECE ((size_t)512)
#define SIZE ((size_t)1 << 20)

static char directory[1024], mounted[2][1100], path[2][1110];

/* Mounts the same directory twice; false: impossible; prints why. */
static bool mount_both(void)
{
        char command[8192];

        snprintf(directory, sizeof(directory), "%.1000s", test_path("directory"));
        mkdir(directory, 0700);
        if (!place_private())
                return false;
        for (int i = 0; i < 2; i++) {
                snprintf(mounted[i], sizeof(mounted[i]), "%s-%d", directory, i);
                snprintf(path[i], sizeof(path[i]), "%s-%d/file", directory, i);
                mkdir(mounted[i], 0700);
                snprintf(command, sizeof(command), "bindfs %s %s", directory, mounted[i]);
                if (system(command) == 0)
                        continue;
                skip_part("two clients: bindfs is missing, or can't mount");
                if (i == 1)
                        umount2(mounted[0], MNT_DETACH);
                return false;
        }
        return true;
}

static void unmount_both(void)
{
        for (int i = 0; i < 2; i++)
                umount2(mounted[i], MNT_DETACH);
}

/* In turns, as two machines would; each byte encodes its writer. Nothing is mapped. */
static int write_by_turns(uint32_t flags)
{
        struct rmmap_options mapped = test_options(flags, RMMAP_ENGINE_MAP);
        struct rmmap_options options = test_options(flags, RMMAP_ENGINE_AUTO);
        struct rmmap_file *file[2];
        struct rmmap_info info = RMMAP_INFO_INIT;
        unsigned char piece[PIECE], *found = malloc(SIZE);
        char below[sizeof(directory) + 8];
        size_t lost = 0;

        child_is(rmmap_create(path[0], SIZE, &mapped, &file[0]), -EOPNOTSUPP);
        child_is(rmmap_create(path[0], SIZE, &options, &file[0]), 0);
        child_is(rmmap_open(path[1], &options, &file[1]), 0);
        for (int i = 0; i < 2; i++) {
                child_is(rmmap_describe(file[i], &info), 0);
                child_is((int)info.engine, (int)RMMAP_ENGINE_PWRITE);
                child_expect(!(info.facts & RMMAP_FACT_MAPPED));
        }
        for (size_t at = 0; at < SIZE; at += PIECE) {
                int turn = at / PIECE % 2;

                memset(piece, 'a' + turn, PIECE);
                child_is(rmmap_raw_write(file[turn], at, piece, PIECE), 0);
        }
        for (int i = 0; i < 2; i++) {
                child_is(rmmap_sync_all(file[i]), 0);
                rmmap_release(file[i]);
        }
        options = test_options(RMMAP_READ_ONLY, RMMAP_ENGINE_PWRITE);
        snprintf(below, sizeof(below), "%s/file", directory);
        child_is(rmmap_open(below, &options, &file[0]), 0);
        child_is(rmmap_raw_read(file[0], 0, found, SIZE, NULL), 0);
        for (size_t at = 0; at < SIZE; at++)
                lost += found[at] != 'a' + at / PIECE % 2;
        rmmap_release(file[0]);
        free(found);
        child_is(unlink(path[0]), 0);
        child_is((int)lost, 0);
        return 0;
}

static int with_flags(void *arg)
{
        uint32_t flags = *(const uint32_t *)arg;
        int bad;

        if (!mount_both())
                return CHILD_SKIPPED;
        bad = write_by_turns(flags);
        unmount_both();
        return bad;
}

START_TEST(nothing_is_lost)
{
        FLOOR_LACKS("names of file systems");
        uint32_t flags = _i ? RMMAP_CATCH_FAULTS : 0;

        ck_child(with_flags, &flags);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("two-clients");
        TCase *core = tcase_create("core");

        if (geteuid() != 0)
                test_skip_all("file systems can be mounted by root only");
        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, nothing_is_lost, 0, 2);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
