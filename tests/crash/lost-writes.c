/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Data that really can't be written back: the disk refuses it, or the loop device's image finds no
 * room. All threads that sync then get an error, and afterwards, when the disk is well again and
 * the kernel would say 0, everybody still gets the first one.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "child.h"
#include "crash/test-disk.h"
#include "fault/sticky.h"

#define THREADS 6
#define LENGTH ((size_t)64 << 10)

/*
 * Left free before the data: what mkfs wrote may lie behind it, and there the image has its place.
 * A loop device takes a write that was cut short for a whole one, so each must fail at its begin.
 */
#define SPACER ((uint64_t)512 << 10)
#define SIZE (SPACER + (THREADS + 1) * LENGTH)

static const char *const places[] = {"full:ext4", "full:xfs",   "full:btrfs", "disk:ext4",
                                     "disk:xfs",  "disk:btrfs", "volatile",   "volatile-cached"};
static const uint32_t engines[] = {RMMAP_ENGINE_AUTO, RMMAP_ENGINE_MAP, RMMAP_ENGINE_PWRITE};

struct task {
        struct rmmap_file *file;
        struct rmmap_range range;
        struct rmmap_receipt receipt;
        int (*sync)(struct task *task);
        int got;
};

/* ---- each way to meet the error first ------------------------------------------------------- */

static unsigned char refused[LENGTH];

#define WAY(function, call)                                                                        \
        static int function(struct task *task)                                                     \
        {                                                                                          \
                return call;                                                                       \
        }

WAY(sync_all, rmmap_sync_all(task->file))
WAY(sync_range, rmmap_sync_range(task->file, task->receipt))
WAY(sync_ranges, rmmap_sync_ranges(task->file, &task->receipt, 1))
WAY(sync_within, rmmap_sync_within(task->file, task->range, 0, LENGTH))
WAY(sync_raw, rmmap_raw_sync(task->file, rmmap_range_start(task->range), LENGTH))
WAY(write_durably, rmmap_write_range_durable(task->file, task->range, refused, LENGTH, NULL))

/* The kernel meets it first, when nobody asks: by the time of the sync nothing is dirty. */
static int after_write_back(struct task *task)
{
        char link[64];
        int fd;

        if (rmmap_flush(task->file) != 0)
                return rmmap_sync_all(task->file);
        snprintf(link, sizeof(link), "/proc/self/fd/%d", rmmap_fd(task->file));
        fd = open(link, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
                (void)sync_file_range(fd, 0, 0,
                                      SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE |
                                              SYNC_FILE_RANGE_WAIT_AFTER);
                close(fd);
        }
        return rmmap_sync_all(task->file);
}

static int (*const ways[])(struct task *task) = {
        sync_all, sync_range, sync_ranges, sync_within, sync_raw, write_durably, after_write_back};

/* ---- one scene ------------------------------------------------------------------------------ */

/* NULL: the engine isn't had there. Without reserved space the mapping needs the flag; on FUSE
 * nothing is mapped. */
static struct rmmap_file *make(const char *path, uint32_t engine)
{
        struct rmmap_options options = test_options(0, engine);
        struct rmmap_file *file = NULL;
        int err = rmmap_create(path, SIZE, &options, &file);

        if (err == -EOPNOTSUPP) {
                options.flags = RMMAP_CATCH_FAULTS;
                err = rmmap_create(path, SIZE, &options, &file);
        }
        ck_assert(err == 0 || err == -EOPNOTSUPP);
        return file;
}

static void *run_task(void *arg)
{
        struct task *task = arg;

        task->got = task->sync(task);
        return NULL;
}

static void run_all(struct task *tasks)
{
        pthread_t threads[THREADS];

        for (int i = 0; i < THREADS; i++)
                ck_assert_int_eq(pthread_create(&threads[i], NULL, run_task, &tasks[i]), 0);
        for (int i = 0; i < THREADS; i++)
                ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

/* Whoever syncs lost data gets the error, and from then on everybody; it is returned. */
static int lose(struct test_disk *disk, struct rmmap_file *file, int (*way)(struct task *task))
{
        struct task tasks[THREADS];
        struct rmmap_range page, spacer;
        uint64_t word;
        int latched;

        memcpy(&word, refused, sizeof(word));
        ck_ok(rmmap_allocate(file, 4096, &page));
        ck_ok(rmmap_allocate(file, SPACER, &spacer));
        for (int i = 0; i < THREADS; i++) {
                tasks[i] = (struct task){.file = file, .sync = way, .got = 1};
                ck_ok(rmmap_allocate(file, LENGTH, &tasks[i].range));
        }
        ck_ok(rmmap_sync_all(file));
        for (int i = 0; i < THREADS; i++)
                ck_ok(rmmap_write_range(file, tasks[i].range, refused, LENGTH, &tasks[i].receipt));
        ck_assert(test_disk_refuse(disk, word));
        run_all(tasks);
        ck_assert(test_disk_accept(disk));

        latched = sticky_error_of(file);
        ck_assert_int_lt(latched, 0);
        for (int i = 0; i < THREADS; i++)
                ck_is(tasks[i].got, latched);
        sticky_everybody_hears(file, page, latched);
        return latched;
}

/*
 * Where room is missing, on a disk of its own each time: what a file system does after its own
 * writes failed is its own affair, and blocks that were freed have their place in the image.
 */
static bool lose_once(struct test_disk **disk, const char *place, uint32_t engine,
                      int (*way)(struct task *task), int *told)
{
        struct rmmap_file *file;
        char path[4096];

        if (*disk != NULL && test_disk_store(*disk) == NULL) {
                test_disk_free(*disk);
                *disk = NULL;
        }
        if (*disk == NULL)
                *disk = test_disk_new(place);
        if (*disk == NULL)
                return false;
        snprintf(path, sizeof(path), "%s/lost", test_disk_directory(*disk));
        file = make(path, engine);
        *told = file != NULL ? lose(*disk, file, way) : 0;
        rmmap_release(file);
        unlink(path);
        return true;
}

START_TEST(lost_and_told)
{
        unsigned int cases = 0, full = 0;
        struct test_disk *disk = NULL;
        int told;

        for (size_t n = 0; n < sizeof(engines) / sizeof(engines[0]); n++) {
                for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
                        if (!lose_once(&disk, places[_i], engines[n], ways[i], &told))
                                return;
                        cases += told != 0;
                        full += told == -ENOSPC;
                }
        }
        ck_assert_uint_gt(cases, sizeof(ways) / sizeof(ways[0]));
        printf("%s: %u times data was lost, and everybody told: ENOSPC %u, others %u\n", places[_i],
               cases, full, cases - full);
        fflush(stdout);
        test_disk_free(disk);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("lost-writes");
        TCase *core = tcase_create("core");

        if (!test_disk_begin())
                return 77;
        for (size_t i = 0; i < sizeof(refused); i++)
                refused[i] = (unsigned char)(0xa5 ^ (i >> 12));
        inject_start();
        tcase_set_timeout(core, 120);
        tcase_add_loop_test(core, lost_and_told, 0, sizeof(places) / sizeof(places[0]));
        suite_add_tcase(suite, core);
        return test_run(suite);
}
