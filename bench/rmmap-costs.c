/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * rmmap-costs - the time that the checks of the library add to the operation itself
 *
 * Each row compares one operation with its bare counterpart. The two take turns within a round. A
 * warm-up round is dropped, and the row has the medians over all rounds and their difference. The
 * times are per call, of all threads together.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <rmmap.h>

#include "costs-bare.h"

#define PAGE 4096
#define SMALL 64
#define MOST_ROUNDS 1000
#define MOST_THREADS 64
#define SYNCING_THREADS 8
#define MOST_AT_ONCE 64

struct bench {
        struct rmmap_file *file;    /* huge and sparse: allocating never reaches its end */
        struct rmmap_file *reusing; /* the same, by rmmap_reusing_allocator */
        struct rmmap_file *shared;  /* the same, by rmmap_shared_allocator */
        struct rmmap_file *warm;    /* small, preallocated, every page touched */
        struct rmmap_file *guarded; /* the same with RMMAP_CATCH_FAULTS */
        struct rmmap_file *records; /* to be synced; preallocated */
        struct rmmap_range slots[MOST_AT_ONCE];
        struct rmmap_queue *queue; /* one thread */
        struct rmmap_range page;
        void *page_data;
        unsigned char source[PAGE];
        atomic_size_t counter;
        pthread_mutex_t mutex;
        size_t mutex_counter;
        unsigned long calls;
};

typedef void operation(struct bench *bench, unsigned long calls);

static void die(const char *what, int err)
{
        fprintf(stderr, "rmmap-costs: %s: %s\n", what, strerror(-err));
        exit(EXIT_FAILURE);
}

static void must(int err, const char *what)
{
        if (err != 0)
                die(what, err);
}

static void allocate_handle(struct bench *bench, unsigned long calls)
{
        struct rmmap_range range;

        for (unsigned long i = 0; i < calls; i++)
                must(rmmap_allocate(bench->file, PAGE, &range), "allocate");
}

static void allocate_reusing(struct bench *bench, unsigned long calls)
{
        struct rmmap_range range;

        for (unsigned long i = 0; i < calls; i++)
                must(rmmap_allocate(bench->reusing, PAGE, &range), "allocate");
}

static void allocate_shared(struct bench *bench, unsigned long calls)
{
        struct rmmap_range range;

        for (unsigned long i = 0; i < calls; i++)
                must(rmmap_allocate(bench->shared, PAGE, &range), "allocate");
}

static void reuse(struct bench *bench, unsigned long calls)
{
        struct rmmap_range range;

        for (unsigned long i = 0; i < calls; i++) {
                must(rmmap_allocate(bench->reusing, PAGE, &range), "allocate");
                must(rmmap_give_back_range(bench->reusing, range), "give back");
        }
}

static void allocate_fetch_add(struct bench *bench, unsigned long calls)
{
        for (unsigned long i = 0; i < calls; i++)
                (void)atomic_fetch_add_explicit(&bench->counter, 1, memory_order_relaxed);
}

static void allocate_mutex(struct bench *bench, unsigned long calls)
{
        for (unsigned long i = 0; i < calls; i++) {
                pthread_mutex_lock(&bench->mutex);
                bench->mutex_counter++;
                pthread_mutex_unlock(&bench->mutex);
        }
}

static void write_page(struct bench *bench, unsigned long calls)
{
        for (unsigned long i = 0; i < calls; i++)
                must(rmmap_write_range(bench->warm, bench->page, bench->source, PAGE, NULL),
                     "write");
}

static void memcpy_page(struct bench *bench, unsigned long calls)
{
        for (unsigned long i = 0; i < calls; i++)
                bare_copy(bench->page_data, bench->source, PAGE);
}

static void seal_checked(struct bench *bench, unsigned long calls)
{
        uint64_t sum = 0;

        for (unsigned long i = 0; i < calls; i++)
                sum += rmmap_range_start(bench->page);
        bench->source[0] = (unsigned char)sum;
}

static void seal_unchecked(struct bench *bench, unsigned long calls)
{
        uint64_t sum = 0;

        for (unsigned long i = 0; i < calls; i++)
                sum += bare_start(bench->page);
        bench->source[0] = (unsigned char)sum;
}

static void raw_small(struct bench *bench, unsigned long calls)
{
        for (unsigned long i = 0; i < calls; i++)
                must(rmmap_raw_write(bench->warm, 0, bench->source, SMALL), "raw write");
}

static void raw_small_guarded(struct bench *bench, unsigned long calls)
{
        for (unsigned long i = 0; i < calls; i++)
                must(rmmap_raw_write(bench->guarded, 0, bench->source, SMALL), "guarded write");
}

static void raw_read(struct bench *bench, unsigned long calls)
{
        for (unsigned long i = 0; i < calls; i++)
                must(rmmap_raw_read(bench->warm, 0, bench->source, SMALL, NULL), "raw read");
}

static void raw_read_guarded(struct bench *bench, unsigned long calls)
{
        for (unsigned long i = 0; i < calls; i++)
                must(rmmap_raw_read(bench->guarded, 0, bench->source, SMALL, NULL), "guarded read");
}

static void guard_nothing(struct bench *bench, unsigned long calls)
{
        int result = 0;

        for (unsigned long i = 0; i < calls; i++)
                must(rmmap_guard_call(bench->guarded, bare_nothing, bench, &result), "guard");
}

static void call_nothing(struct bench *bench, unsigned long calls)
{
        for (unsigned long i = 0; i < calls; i++)
                must(bare_nothing(bench), "nothing");
}

static void memcpy_small(struct bench *bench, unsigned long calls)
{
        for (unsigned long i = 0; i < calls; i++)
                inlined_copy_64(bench->page_data, bench->source);
}

/* ---- records that are durable before the next one takes their place */

static void submit(struct bench *bench, uint64_t slot)
{
        must(rmmap_queue_write(bench->queue, bench->records, bench->slots[slot], bench->source,
                               PAGE, RMMAP_QUEUE_DURABLE, NULL, slot),
             "submit");
}

static void durable_by_queue(struct bench *bench, unsigned long calls, unsigned long at_once)
{
        struct pollfd loop = {rmmap_queue_fd(bench->queue), POLLIN, 0};
        struct rmmap_completion done[MOST_AT_ONCE];
        unsigned long submitted = 0;

        for (; submitted < at_once; submitted++)
                submit(bench, submitted);
        for (unsigned long complete = 0; complete < calls;) {
                int count = poll(&loop, 1, -1) == 1
                                    ? rmmap_queue_reap(bench->queue, done, MOST_AT_ONCE)
                                    : -errno;

                must(count < 0 ? count : 0, "reap");
                complete += (unsigned long)count;
                for (int i = 0; i < count; i++) {
                        must(done[i].result, "queued write");
                        if (submitted++ < calls)
                                submit(bench, done[i].cookie);
                }
        }
}

static void durable_by_queue_8(struct bench *bench, unsigned long calls)
{
        durable_by_queue(bench, calls, 8);
}

static void durable_by_queue_64(struct bench *bench, unsigned long calls)
{
        durable_by_queue(bench, calls, 64);
}

struct writer {
        struct bench *bench;
        struct rmmap_range slot;
        unsigned long calls;
};

static void *write_durably(void *arg)
{
        const struct writer *writer = arg;
        struct bench *bench = writer->bench;

        for (unsigned long i = 0; i < writer->calls; i++)
                must(rmmap_write_range_durable(bench->records, writer->slot, bench->source, PAGE,
                                               NULL),
                     "durable write");
        return NULL;
}

static void durable_by_threads(struct bench *bench, unsigned long calls)
{
        struct writer writers[SYNCING_THREADS];
        pthread_t threads[SYNCING_THREADS];

        for (int i = 0; i < SYNCING_THREADS; i++) {
                writers[i] = (struct writer){bench, bench->slots[i], calls / SYNCING_THREADS};
                must(-pthread_create(&threads[i], NULL, write_durably, &writers[i]),
                     "pthread_create");
        }
        for (int i = 0; i < SYNCING_THREADS; i++)
                pthread_join(threads[i], NULL);
}

static const struct row {
        const char *name, *mine_name, *bare_name;
        operation *mine, *bare;
        unsigned int threads;
        unsigned long calls;
} rows[] = {
        {"allocate, 1 thread", "rmmap_allocate", "fetch_add", allocate_handle, allocate_fetch_add,
         1, 1000000},
        {"allocate, 8 threads", "rmmap_allocate", "fetch_add", allocate_handle, allocate_fetch_add,
         8, 250000},
        {"allocate, 8 threads", "rmmap_allocate", "mutex", allocate_handle, allocate_mutex, 8,
         250000},
        {"allocate, 1 thread", "reusing", "concurrent", allocate_reusing, allocate_handle, 1,
         1000000},
        {"allocate, 8 threads", "reusing", "concurrent", allocate_reusing, allocate_handle, 8,
         250000},
        {"allocate, 1 thread", "shared", "concurrent", allocate_shared, allocate_handle, 1,
         1000000},
        {"allocate, 8 threads", "shared", "concurrent", allocate_shared, allocate_handle, 8,
         250000},
        {"allocate, give back", "reusing", "mutex", reuse, allocate_mutex, 1, 300000},
        {"the same, 8 threads", "reusing", "mutex", reuse, allocate_mutex, 8, 100000},
        {"write 4 KiB, warm", "rmmap_write_range", "memcpy", write_page, memcpy_page, 1, 300000},
        {"seal check", "rmmap_range_start", "a bare call", seal_checked, seal_unchecked, 1,
         3000000},
        {"raw write 64 bytes, warm", "rmmap_raw_write", "inlined memcpy", raw_small, memcpy_small,
         1, 2000000},
        {"the same with a guard", "CATCH_FAULTS", "without", raw_small_guarded, raw_small, 1,
         2000000},
        {"raw read 64 bytes, guard", "CATCH_FAULTS", "without", raw_read_guarded, raw_read, 1,
         2000000},
        {"guard of an empty body", "rmmap_guard_call", "a bare call", guard_nothing, call_nothing,
         1, 2000000},
        {"durable 4 KiB, 8 at once", "rmmap_queue_write", "8 threads", durable_by_queue_8,
         durable_by_threads, 1, 512},
        {"durable 4 KiB, 64 at once", "rmmap_queue_write", "8 threads", durable_by_queue_64,
         durable_by_threads, 1, 512},
};

struct worker {
        struct bench *bench;
        operation *operation;
        unsigned long calls;
        pthread_barrier_t *start;
};

static void *work(void *arg)
{
        struct worker *worker = arg;

        pthread_barrier_wait(worker->start);
        worker->operation(worker->bench, worker->calls);
        return NULL;
}

static double now(void)
{
        struct timespec time;

        clock_gettime(CLOCK_MONOTONIC, &time);
        return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Nanoseconds a call. */
static double measure(struct bench *bench, operation *run, const struct row *row)
{
        struct worker worker = {bench, run, row->calls, NULL};
        pthread_t threads[MOST_THREADS];
        pthread_barrier_t start;
        double began;

        pthread_barrier_init(&start, NULL, row->threads);
        worker.start = &start;
        for (unsigned int i = 1; i < row->threads; i++)
                must(-pthread_create(&threads[i], NULL, work, &worker), "pthread_create");
        began = now();
        work(&worker);
        for (unsigned int i = 1; i < row->threads; i++)
                pthread_join(threads[i], NULL);
        pthread_barrier_destroy(&start);
        return (now() - began) / ((double)row->calls * row->threads);
}

static int compare(const void *a, const void *b)
{
        double x = *(const double *)a, y = *(const double *)b;

        return (x > y) - (x < y);
}

static double median(double *values, int count)
{
        qsort(values, (size_t)count, sizeof(*values), compare);
        return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void run_row(struct bench *bench, const struct row *row, int rounds)
{
        static double mine[MOST_ROUNDS], bare[MOST_ROUNDS], differences[MOST_ROUNDS];
        double mine_median, bare_median, difference;

        for (int round = -1; round < rounds; round++) {
                int slot = round < 0 ? 0 : round;

                /* They take turns in running first, because the second one finds caches warm. */
                if (round & 1)
                        bare[slot] = measure(bench, row->bare, row);
                mine[slot] = measure(bench, row->mine, row);
                if (!(round & 1))
                        bare[slot] = measure(bench, row->bare, row);
                differences[slot] = mine[slot] - bare[slot];
        }
        mine_median = median(mine, rounds);
        bare_median = median(bare, rounds);
        difference = median(differences, rounds);
        printf("%-25s %-18s %6.1f   %-15s %6.1f   %+6.1f\n", row->name, row->mine_name, mine_median,
               row->bare_name, bare_median, difference);
}

static struct rmmap_file *open_warm(const char *path, uint32_t flags)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file;

        options.flags = flags;
        must(rmmap_create(path, UINT64_C(1) << 20, &options, &file), path);
        unlink(path);
        must(rmmap_raw_fill(file, 1), "fill");
        return file;
}

/* The state file stays open, too, so neither needs its name. */
static void open_shared(struct bench *bench, const char *path, struct rmmap_options options)
{
        struct rmmap_shared_config config = RMMAP_SHARED_CONFIG_INIT;
        char state[4200];

        snprintf(state, sizeof(state), "%s.state", path);
        config.path = state;
        options.allocator = rmmap_shared_allocator();
        options.allocator_config = &config;
        must(rmmap_create(path, UINT64_C(1) << 42, &options, &bench->shared), path);
        unlink(path);
        unlink(state);
}

static void open_files(struct bench *bench, const char *directory)
{
        struct rmmap_options sparse = RMMAP_OPTIONS_INIT;
        char path[4096];

        sparse.flags = RMMAP_NO_PREALLOCATE;
        snprintf(path, sizeof(path), "%s/rmmap-costs-%ld", directory, (long)getpid());
        must(rmmap_create(path, UINT64_C(1) << 42, &sparse, &bench->file), path);
        unlink(path);
        sparse.allocator = rmmap_reusing_allocator();
        must(rmmap_create(path, UINT64_C(1) << 42, &sparse, &bench->reusing), path);
        unlink(path);
        open_shared(bench, path, sparse);
        bench->guarded = open_warm(path, RMMAP_CATCH_FAULTS);
        bench->warm = open_warm(path, 0);
        bench->records = open_warm(path, 0);
        for (int i = 0; i < MOST_AT_ONCE; i++)
                must(rmmap_allocate(bench->records, PAGE, &bench->slots[i]), "allocate");
        must(rmmap_sync_all(bench->records), "sync");
        must(rmmap_allocate(bench->warm, PAGE, &bench->page), "allocate");
        must(rmmap_range_data(bench->warm, bench->page, &bench->page_data), "data");
}

int main(int argc, char **argv)
{
        static struct bench bench = {.mutex = PTHREAD_MUTEX_INITIALIZER};
        const struct rmmap_queue_options one_thread = {sizeof(one_thread), 0, 0, 1};
        const char *directory = ".";
        int option, rounds = 31;

        while ((option = getopt(argc, argv, "d:r:h")) != -1) {
                if (option == 'd')
                        directory = optarg;
                else if (option == 'r' && atoi(optarg) > 0 && atoi(optarg) <= MOST_ROUNDS)
                        rounds = atoi(optarg);
                else
                        return fprintf(stderr, "usage: rmmap-costs [-d DIRECTORY] [-r ROUNDS]\n"),
                               option == 'h' ? EXIT_SUCCESS : 2;
        }
        open_files(&bench, directory);
        must(rmmap_queue_create(&one_thread, &bench.queue), "queue");
        printf("medians of %d rounds, ns a call, %ld processors\n", rounds,
               sysconf(_SC_NPROCESSORS_ONLN));
        printf("%-25s %-18s %6s   %-15s %6s   %6s\n", "", "", "ns", "against", "ns", "more");
        for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
                run_row(&bench, &rows[i], rounds);
        rmmap_queue_release(bench.queue);
        rmmap_release(bench.records);
        rmmap_release(bench.warm);
        rmmap_release(bench.guarded);
        rmmap_release(bench.shared);
        rmmap_release(bench.reusing);
        rmmap_release(bench.file);
        return EXIT_SUCCESS;
}
