/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Everything at the same time: threads allocate, write in every way, pass ranges and clones to each
 * other, read what they received, split, flush, sync, describe, save, and meet caught faults in a
 * second file that they cut from outside. They also release handles, the last thread the shared
 * one. Runs on each engine with random patterns and flags; pieces fill regions and reach over
 * several. For race detectors: the threads record errors, and the main thread asserts.
 * Holds A.4, A.5, B.1, B.2, C.2, C.4, C.5.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "child.h"
#include "instrumented.h"

#define THREADS 8
#define LONGEST ((size_t)3 << 20) /* of a piece: more than a region */
#define CUT_PAGES 16

/* A range with its own reference to the handle, on its way to another thread. */
struct parcel {
        struct rmmap_file *file;
        struct rmmap_range range;
        struct rmmap_receipt receipt;
        unsigned char mark;
};

struct stress {
        struct rmmap_file *file; /* the second one: faults are caught in it */
        int fd;                  /* of that one's file, to cut it */
        pthread_mutex_t mailbox; /* protects all below; orders one thread's bytes for another */
        struct parcel parcels[4];
        size_t parcel_count;
        unsigned char *marks; /* of each page of the first file; each thread its own pages */
};

struct worker {
        struct stress *stress;
        struct rmmap_file *file; /* this thread's reference */
        uint64_t random;
        int steps;
        unsigned char mark;
        struct parcel latest;        /* what it wrote last; no file: nothing */
        unsigned char *data, *found; /* LONGEST each */
};

static atomic_uint faults, handed_over;

/* Each 8 bytes encode their writer, their page of the file, and their place there. */
static uint64_t word_of(uint64_t offset, unsigned char mark)
{
        return (uint64_t)mark << 56 | offset;
}

static void fill(unsigned char *bytes, uint64_t offset, size_t length, unsigned char mark)
{
        for (size_t i = 0; i < length; i += 8) {
                uint64_t word = word_of(offset + i, mark);

                memcpy(bytes + i, &word, length - i < 8 ? length - i : 8);
        }
}

static int holds(const unsigned char *bytes, uint64_t offset, size_t length, unsigned char mark)
{
        for (size_t i = 0; i < length; i += 8) {
                uint64_t word = word_of(offset + i, mark);

                if (memcmp(bytes + i, &word, length - i < 8 ? length - i : 8) != 0)
                        return -EILSEQ;
        }
        return 0;
}

/* By a random one of the write functions. */
static int write_somehow(struct worker *worker, struct rmmap_range range, unsigned char *data,
                         size_t length, struct rmmap_receipt *receipt)
{
        struct rmmap_file *file = worker->file;
        struct iovec iov[2] = {{data, length / 3}, {data + length / 3, length - length / 3}};
        void *bytes;
        int err;

        switch (test_random(&worker->random) % 6) {
        case 0:
                return rmmap_writev_range(file, range, iov, 2, receipt);
        case 1:
                return rmmap_write_range_durable(file, range, data, length, receipt);
        case 2:
                err = rmmap_write_within(file, range, length / 2, data + length / 2,
                                         length - length / 2);
                if (err == 0)
                        err = rmmap_write_within(file, range, 0, data, length / 2);
                return err != 0 ? err : rmmap_mark_written(file, range, receipt);
        case 3:
                err = rmmap_range_data(file, range, &bytes);
                if (err == 0) {
                        memcpy(bytes, data, length);
                        return rmmap_mark_written(file, range, receipt);
                }
                break;
        default:
                break;
        }
        return rmmap_write_range(file, range, data, length, receipt);
}

/* Some pages, which fill a region; sometimes enough for large copies. */
static size_t some_size(struct worker *worker)
{
        if (test_random(&worker->random) % 64 == 0)
                return ((size_t)256 << 10) +
                       (size_t)(test_random(&worker->random) % (LONGEST - (256 << 10)));
        return 4096 * (size_t)(1 + test_random(&worker->random) % 3);
}

static void allocate_and_write(struct worker *worker)
{
        size_t size = some_size(worker), length;
        struct parcel *latest = &worker->latest;
        struct rmmap_range range;
        int err = test_random(&worker->random) % 4 == 0
                          ? rmmap_allocate_exact(worker->file, size, &range)
                          : rmmap_allocate(worker->file, size, &range);

        if (err == -ENOSPC)
                return;
        must(err);
        if (err != 0)
                return;
        length = (size_t)rmmap_range_length(range);
        fill(worker->data, rmmap_range_start(range), length, worker->mark);
        must(write_somehow(worker, range, worker->data, length, &latest->receipt));
        memset(worker->stress->marks + rmmap_range_start(range) / 4096, worker->mark,
               (length + 4095) / 4096);
        latest->range = range;
        latest->mark = worker->mark;
        latest->file = worker->file;
}

/* A clone travels with the range; the thread that gets it releases it. */
static void hand_over(struct worker *worker)
{
        struct stress *stress = worker->stress;
        struct parcel *latest = &worker->latest;

        if (latest->file == NULL)
                return;
        pthread_mutex_lock(&stress->mailbox);
        if (stress->parcel_count < 4) {
                struct parcel *parcel = &stress->parcels[stress->parcel_count++];

                *parcel = *latest;
                parcel->file = rmmap_clone(worker->file);
                latest->file = NULL;
        }
        pthread_mutex_unlock(&stress->mailbox);
}

/* Reads by any function: it must see what was written by any other. */
static void take_over(struct worker *worker)
{
        struct stress *stress = worker->stress;
        struct rmmap_range low, high;
        unsigned char *found = worker->found;
        struct parcel parcel;
        size_t length = 0;

        pthread_mutex_lock(&stress->mailbox);
        parcel.file = NULL;
        if (stress->parcel_count > 0)
                parcel = stress->parcels[--stress->parcel_count];
        pthread_mutex_unlock(&stress->mailbox);
        if (parcel.file == NULL)
                return;
        must(rmmap_read_range(parcel.file, parcel.range, found, LONGEST, &length));
        must(holds(found, rmmap_range_start(parcel.range), length, parcel.mark));
        if (rmmap_range_split_up(parcel.range, 4096, &low, &high) == RMMAP_SPLIT_BOTH) {
                const void *view;

                must(rmmap_read_range(parcel.file, low, found, LONGEST, &length));
                must(holds(found, rmmap_range_start(low), length, parcel.mark));
                if (rmmap_range_view(parcel.file, low, &view) == 0)
                        must(memcmp(view, found, length) == 0 ? 0 : -EILSEQ);
        }
        must(rmmap_sync_range(parcel.file, parcel.receipt));
        rmmap_release(parcel.file);
        atomic_fetch_add(&handed_over, 1);
}

static void sync_somehow(struct worker *worker)
{
        struct parcel *latest = &worker->latest;

        if (latest->file == NULL || test_random(&worker->random) % 8 == 0) {
                must(rmmap_sync_all(worker->file));
                return;
        }
        switch (test_random(&worker->random) % 4) {
        case 0:
                must(rmmap_sync_range(worker->file, latest->receipt));
                break;
        case 1:
                must(rmmap_sync_ranges(worker->file, &latest->receipt, 1));
                break;
        case 2:
                must(rmmap_sync_within(worker->file, latest->range, 10, 100));
                break;
        default:
                must(flushed(rmmap_flush_range(worker->file, latest->receipt)));
                must(flushed(rmmap_flush(worker->file)));
        }
}

static void ask(struct worker *worker)
{
        struct rmmap_info info = RMMAP_INFO_INIT;
        unsigned char state[128];
        size_t length = sizeof(state);

        must(rmmap_describe(worker->file, &info));
        must(info.error);
        must(info.allocated <= rmmap_allocated(worker->file) ? 0 : -ERANGE);
        must(rmmap_allocator_save(worker->file, state, &length));
}

struct stroke {
        struct rmmap_file *file;
        uint64_t offset;
};

static int store_a_byte(void *arg)
{
        const struct stroke *stroke = arg;
        void *bytes;
        int err = rmmap_raw_data(stroke->file, &bytes);

        if (err == 0)
                ((volatile unsigned char *)bytes)[stroke->offset] = 1;
        return err;
}

/* The kernel's page size: a cut file loses nothing smaller. */
static uint64_t page_size(void)
{
        return (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Each thread has a page of its own in the file that is cut; only the first page stays. */
static void fault(struct worker *worker)
{
        struct stress *stress = worker->stress;
        struct rmmap_file *file = rmmap_clone(stress->file);
        uint64_t own = worker->mark * page_size();
        struct stroke stroke = {file, own + 100};
        unsigned char bytes[4096];
        int err;

        memset(bytes, worker->mark, sizeof(bytes));
        switch (test_random(&worker->random) % 5) {
        case 0:
                must(ftruncate(stress->fd, (off_t)page_size()) == 0 ? 0 : -errno);
                err = 0;
                break;
        case 1:
                must(ftruncate(stress->fd, (off_t)(CUT_PAGES * page_size())) == 0 ? 0 : -errno);
                err = 0;
                break;
        case 2:
                err = rmmap_raw_write(file, own, bytes, sizeof(bytes));
                break;
        case 3:
                err = rmmap_raw_read(file, own, bytes, sizeof(bytes), NULL);
                break;
        default:
                err = rmmap_guard_call(file, store_a_byte, &stroke, NULL);
        }
        if (err != 0)
                atomic_fetch_add(&faults, 1);
        must(err == -ESTALE || err == -ENOSPC || err == -EIO ? 0 : err);
        rmmap_release(file);
}

static void *work(void *arg)
{
        static void (*const steps[])(struct worker * worker) = {
                allocate_and_write,
                allocate_and_write,
                hand_over,
                take_over,
                take_over,
                sync_somehow,
                ask,
                ask,
                fault,
                fault,
        };
        struct worker *worker = arg;

        for (int i = 0; i < worker->steps; i++)
                steps[test_random(&worker->random) % (sizeof(steps) / sizeof(steps[0]))](worker);
        /* Use until the end: only the reference orders it before the unmapping. */
        if (worker->latest.file != NULL) {
                size_t length = 0;

                must(rmmap_read_range(worker->file, worker->latest.range, worker->found, LONGEST,
                                      &length));
                must(holds(worker->found, rmmap_range_start(worker->latest.range), length,
                           worker->mark));
        }
        rmmap_release(worker->file);
        free(worker->data);
        free(worker->found);
        return NULL;
}

/* ---- one run: a file that stays complete, one that is cut, and references of all threads */

/* Options of the file that stays complete; the first run uses the fastest paths. */
static struct rmmap_options some_options(int run, uint64_t *random)
{
        static const uint32_t engines[] = {RMMAP_ENGINE_AUTO, RMMAP_ENGINE_PWRITE, RMMAP_ENGINE_MAP,
                                           RMMAP_ENGINE_AUTO};
        static const uint32_t flags[] = {0, RMMAP_CATCH_FAULTS, RMMAP_WRITE_BEHIND | RMMAP_UNCACHED,
                                         RMMAP_CATCH_FAULTS | RMMAP_WRITE_BEHIND};
        struct rmmap_options options = test_options(0, engines[run % 4]);

        if (run > 0) {
                options.flags = flags[test_random(random) % 4];
                options.pattern = (uint32_t)(test_random(random) % (RMMAP_PATTERN_RANDOM + 1));
        }
        return options;
}

static void prepare(struct stress *stress, struct rmmap_options options, struct rmmap_file **file,
                    size_t size)
{
        int err = rmmap_create(test_path("whole"), size, &options, file);

        memset(stress, 0, sizeof(*stress));
        if (err == -EOPNOTSUPP && options.engine == RMMAP_ENGINE_MAP) {
                options.flags |= RMMAP_CATCH_FAULTS; /* nothing is reserved here */
                err = rmmap_create(test_path("whole"), size, &options, file);
        }
        ck_ok(err);
        printf("engine %u, pattern %u, flags %x\n", options.engine, options.pattern, options.flags);
        options.flags |= RMMAP_CATCH_FAULTS;
        ck_ok(rmmap_create(test_path("cut"), CUT_PAGES * page_size(), &options, &stress->file));
        stress->fd = open(test_path("cut"), O_RDWR | O_CLOEXEC);
        ck_assert_int_ge(stress->fd, 0);
        ck_assert_int_eq(pthread_mutex_init(&stress->mailbox, NULL), 0);
        stress->marks = calloc(1, size / 4096 + 1);
}

/* Parcels that no thread took still hold references. */
static void clear(struct stress *stress)
{
        for (size_t i = 0; i < stress->parcel_count; i++)
                rmmap_release(stress->parcels[i].file);
        rmmap_release(stress->file);
        close(stress->fd);
        free(stress->marks);
        pthread_mutex_destroy(&stress->mailbox);
}

/* Every byte of every page must be its writer's, or unwritten. */
static void compare(const struct stress *stress, size_t size)
{
        static const unsigned char zeros[4096];
        unsigned char page[4096];
        int fd = open(test_path("whole"), O_RDONLY | O_CLOEXEC);

        for (size_t at = 0; at < size; at += sizeof(page)) {
                unsigned char mark = stress->marks[at / 4096];
                size_t length = size - at < sizeof(page) ? size - at : sizeof(page);

                ck_assert_int_eq(pread(fd, page, sizeof(page), (off_t)at), (ssize_t)length);
                ck_assert_msg(mark != 0 ? holds(page, at, length, mark) == 0
                                        : memcmp(page, zeros, length) == 0,
                              "the page at %zu isn't what thread %d wrote", at, mark);
        }
        close(fd);
}

START_TEST(everything_at_once)
{
        int steps = test_is_interpreted() ? 300 : 1500;
        size_t size = THREADS * (size_t)steps * 4096 + 777, descriptors;
        uint64_t seed = test_seed();
        pthread_t threads[THREADS];
        struct worker workers[THREADS];
        struct rmmap_file *file;
        struct stress stress;

        descriptors = test_count_descriptors();
        prepare(&stress, some_options(_i, &seed), &file, size);
        for (int i = 0; i < THREADS; i++) {
                workers[i] = (struct worker){
                        .stress = &stress,
                        .file = rmmap_clone(file),
                        .random = seed + (uint64_t)(_i * THREADS + i),
                        .steps = steps,
                        .mark = (unsigned char)(i + 1),
                        .data = malloc(LONGEST),
                        .found = malloc(LONGEST),
                };
        }
        rmmap_release(file);
        for (int i = 0; i < THREADS; i++)
                ck_assert_int_eq(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
        for (int i = 0; i < THREADS; i++)
                ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        test_noted_nothing();
        compare(&stress, size);
        clear(&stress);
        ck_assert_uint_eq(test_count_descriptors(), descriptors);
        ck_assert_uint_gt(atomic_load(&faults), 0);
        ck_assert_uint_gt(atomic_load(&handed_over), 0);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("stress");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 300);
        tcase_add_loop_test(core, everything_at_once, 0, 4);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
