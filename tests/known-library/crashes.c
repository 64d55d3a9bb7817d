/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The eighth fault: a full disk, a second create of the same path, and a truncation from outside
 * each kill that library's program by a signal. Here a child process takes the risk.
 */
#include <unistd.h>

#include "../child.h"
#include "../place.h"
#include "known.h"

/* A file without space of its own, on a disk that has none left. */
static int write_on_a_full_disk(const char *path, const char *disk)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        unsigned char block[4096] = {1};
        struct rmmap_file *file = NULL;
        struct rmmap_range range;
        int err = 0;

        options.flags = RMMAP_NO_PREALLOCATE;
        child_is(rmmap_create(path, 64 * A, &options, &file), 0);
        child_expect(place_fill(disk));
        for (int i = 0; i < 64 && err == 0; i++) {
                child_is(rmmap_allocate(file, A, &range), 0);
                err = rmmap_write_range(file, range, block, sizeof(block), NULL);
        }
        child_is(err, -ENOSPC);
        rmmap_release(file);
        return 0;
}

static int on_a_full_disk(void *arg)
{
        const char *disk = place_small_disk();
        struct rmmap_file *file = NULL;
        char path[4096];

        (void)arg;
        if (disk == NULL)
                return CHILD_SKIPPED;
        snprintf(path, sizeof(path), "%s/large", disk);
        child_is(rmmap_create(path, place_free(disk) + (64 << 20), NULL, &file), -ENOSPC);
        child_expect(access(path, F_OK) != 0);
        return write_on_a_full_disk(path, disk);
}

START_TEST(fault_8_full_disk)
{
        FLOOR_LACKS("reservation of space");
        ck_child(on_a_full_disk, NULL);
}
END_TEST

/* The second truncated the file under the first one's mapping. */
static int second_create(void *arg)
{
        struct rmmap_file *first = known_create(4 * A, NULL), *second = NULL;
        unsigned char found[4096];
        struct rmmap_range range;

        (void)arg;
        child_is(rmmap_raw_fill(first, 9), 0);
        child_is(rmmap_create(known_path(), A, NULL, &second), -EBUSY);
        child_expect(second == NULL);
        child_is(rmmap_allocate(first, A, &range), 0);
        child_is(rmmap_read_range(first, range, found, sizeof(found), NULL), 0);
        child_expect(found[0] == 9 && found[4095] == 9);
        rmmap_release(first);
        return 0;
}

START_TEST(fault_8_second_create)
{
        ck_child(second_create, NULL);
}
END_TEST

/* By a stranger, which only RMMAP_CATCH_FAULTS can answer. */
static int truncation(void *arg)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = NULL;
        unsigned char block[4096] = {1};
        struct rmmap_range range;

        (void)arg;
        options.flags = RMMAP_CATCH_FAULTS;
        child_is(rmmap_create(known_path(), 64 * A, &options, &file), 0);
        child_is(rmmap_allocate(file, 64 * A, &range), 0);
        child_expect(truncate(known_path(), 0) == 0);
        child_is(rmmap_write_within(file, range, 32 * A, block, sizeof(block)), -ESTALE);
        child_is(rmmap_read_within(file, range, 32 * A, block, sizeof(block)), -ESTALE);
        rmmap_release(file);
        return 0;
}

START_TEST(fault_8_truncation)
{
        ck_child(truncation, NULL);
}
END_TEST

void known_crashes(TCase *cases)
{
        tcase_add_test(cases, fault_8_full_disk);
        tcase_add_test(cases, fault_8_second_create);
        tcase_add_test(cases, fault_8_truncation);
}
