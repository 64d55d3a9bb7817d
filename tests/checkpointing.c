/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checkpointing.h"
#include "queue.h"

#define MOST_IN_RANGE 96 /* blocks */
#define LAST_BLOCK 3000  /* bytes of it */
#define BATCH 4          /* ranges that are synced at once */
#define COOKIE 7

/* ---- promises */

static enum promise promise_of(uint64_t word)
{
        return (enum promise)(word & 7);
}

static uint64_t word_of(uint64_t generation, enum promise promise)
{
        return generation << 3 | promise;
}

__attribute__((__format__(__printf__, 2, 3))) static void is_wrong(struct job *job,
                                                                   const char *format, ...)
{
        va_list arguments;

        if (job->wrong[0] != '\0')
                return;
        va_start(arguments, format);
        vsnprintf(job->wrong, sizeof(job->wrong), format, arguments);
        va_end(arguments);
}

/* A range with the content of one generation. */
struct piece {
        struct rmmap_range range;
        struct rmmap_receipt receipt;
        uint64_t first, end, generation; /* blocks */
};

static void promise(struct job *job, const struct piece *piece, enum promise what)
{
        for (uint64_t block = piece->first; block < piece->end; block++)
                atomic_store(&job->word[block], word_of(piece->generation, what));
}

/* The next step of what still has this promise: others may have the block by now. */
static void promise_if(struct job *job, const struct piece *piece, enum promise was,
                       enum promise what)
{
        for (uint64_t block = piece->first; block < piece->end; block++) {
                uint64_t word = word_of(piece->generation, was);

                (void)atomic_compare_exchange_strong(&job->word[block], &word,
                                                     word_of(piece->generation, what));
        }
}

/* What a call returned after the cut counts for nothing. */
static void stop_after_cut(const struct job *job)
{
        while (job->cut != NULL && atomic_load(job->cut))
                pause();
}

static void was_synced(struct job *job, const struct piece *piece)
{
        stop_after_cut(job);
        promise(job, piece, PROMISED_SYNCED);
        atomic_fetch_add(&job->syncs, 1);
}

/* ---- content */

static uint64_t size_of(const struct job *job)
{
        return (job->blocks - 1) * JOB_BLOCK + LAST_BLOCK;
}

static void fill(unsigned char *bytes, uint64_t block, uint64_t generation)
{
        for (uint64_t at = 0; at < JOB_BLOCK; at += 8) {
                uint64_t value = (block * JOB_BLOCK + at) * UINT64_C(0x9e3779b97f4a7c15) ^
                                 (generation * UINT64_C(0xd1342543de82ef95) | 1);

                memcpy(bytes + at, &value, 8);
        }
}

/* The generation of what was found there; 0: zeros, or something else. */
static uint64_t generation_of(const unsigned char *found, uint64_t block)
{
        const uint64_t inverse = UINT64_C(0x572b5ee77a54e3bd);
        uint64_t value, even;

        memcpy(&value, found, 8);
        if (value == 0)
                return 0;
        value ^= block * JOB_BLOCK * UINT64_C(0x9e3779b97f4a7c15);
        even = (value - 1) * inverse;
        return even < UINT32_MAX ? even : value * inverse < UINT32_MAX ? value * inverse : 0;
}

static size_t length_of(const struct job *job, uint64_t block)
{
        return block + 1 == job->blocks ? LAST_BLOCK : (size_t)JOB_BLOCK;
}

static bool holds(const struct job *job, const unsigned char *found, uint64_t block,
                  uint64_t generation)
{
        unsigned char want[JOB_BLOCK];

        fill(want, block, generation);
        return memcmp(found, want, length_of(job, block)) == 0;
}

/* ---- the handle */

static const char *path_in(const struct job *job, const char *name, char *path)
{
        snprintf(path, 4100, "%s/%s", job->directory, name);
        return path;
}

void job_remove_files(const struct job *job)
{
        static const char *const names[] = {"job.part", "job.side", "job"};
        char path[4100];

        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                remove(path_in(job, names[i], path));
}

static int create(const struct job *job, uint32_t flags, struct rmmap_file **file)
{
        struct rmmap_checkpoint checkpoint = RMMAP_CHECKPOINT_INIT;
        struct rmmap_options options = test_options(job->flags | flags, job->engine);
        char path[4100], side[4100];

        checkpoint.path = path_in(job, "job.side", side);
        checkpoint.identity = "job";
        checkpoint.identity_length = 3;
        options.checkpoint = &checkpoint;
        return rmmap_create(path_in(job, "job.part", path), size_of(job), &options, file);
}

/* ---- what the last run left */

static bool next_is_recorded(const struct rmmap_file *file, uint64_t block)
{
        uint64_t start, end;

        return rmmap_next_recorded(file, block * JOB_BLOCK, &start, &end) == 0 &&
               start == block * JOB_BLOCK;
}

/* A file system that was shut down may not read any more. */
static void compare_content(struct job *job, struct rmmap_file *file, uint64_t block, uint64_t word)
{
        unsigned char found[JOB_BLOCK];
        int err = rmmap_raw_read(file, block * JOB_BLOCK, found, length_of(job, block), NULL);

        if (err == 0 && holds(job, found, block, word >> 3))
                return;
        stop_after_cut(job);
        if (err != 0)
                is_wrong(job, "block %lu can't be read: %s", (unsigned long)block, strerror(-err));
        else
                is_wrong(job, "block %lu is recorded, of generation %lu, and has that of %lu",
                         (unsigned long)block, (unsigned long)(word >> 3),
                         (unsigned long)generation_of(found, block));
}

static void compare_block(struct job *job, struct rmmap_file *file, uint64_t block)
{
        uint64_t word = atomic_load(&job->word[block]);
        bool recorded = next_is_recorded(file, block);
        if (recorded && promise_of(word) == PROMISED_NOTHING)
                is_wrong(job, "block %lu is recorded, without a receipt or given back",
                         (unsigned long)block);
        if (!recorded && promise_of(word) == PROMISED_SYNCED)
                is_wrong(job, "block %lu was synced, and isn't recorded", (unsigned long)block);
        if (recorded)
                compare_content(job, file, block, word);
        atomic_store(&job->word[block],
                     word_of(word >> 3, recorded ? PROMISED_SYNCED : PROMISED_NOTHING));
}

static void compare(struct job *job, struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        if (rmmap_describe(file, &info) != 0 ||
            info.recorded + rmmap_remaining(file) != size_of(job))
                is_wrong(job, "what is recorded and what remains isn't all");
        if (atomic_load(&job->anew) && info.recorded == 0)
                for (uint64_t block = 0; block < job->blocks; block++)
                        atomic_store(&job->word[block], 0);
        atomic_store(&job->anew, false);
        for (uint64_t block = 0; block < job->blocks; block++)
                compare_block(job, file, block);
        atomic_fetch_add(&job->resumed, info.recorded > 0);
}

/* ---- the loop */

struct worker {
        struct job *job;
        struct rmmap_file *file;
        struct rmmap_queue *queue;
        uint64_t random;
        unsigned int number;
        struct piece held[BATCH]; /* that have receipts, and aren't synced */
        unsigned int holds;
        unsigned char data[MOST_IN_RANGE * JOB_BLOCK];
};

static bool expect(struct worker *worker, const char *what, int err)
{
        if (err == 0)
                return true;
        stop_after_cut(worker->job);
        is_wrong(worker->job, "%s: %s", what, strerror(-err));
        return false;
}
#define expect(worker, call) expect(worker, #call, call)

static void own(struct worker *worker, struct piece *piece)
{
        struct job *job = worker->job;

        piece->first = rmmap_range_start(piece->range) / JOB_BLOCK;
        piece->end = (rmmap_range_end(piece->range) + JOB_BLOCK - 1) / JOB_BLOCK;
        piece->generation = atomic_fetch_add(&job->generation, 1) + 1;
        for (uint64_t block = piece->first; block < piece->end; block++)
                if (promise_of(atomic_load(&job->word[block])) == PROMISED_SYNCED)
                        is_wrong(job, "block %lu was synced, and is handed out",
                                 (unsigned long)block);
        promise(job, piece, PROMISED_NOTHING);
        for (uint64_t block = piece->first; block < piece->end; block++)
                fill(worker->data + (block - piece->first) * JOB_BLOCK, block, piece->generation);
}

static size_t bytes_of(const struct piece *piece)
{
        return (size_t)rmmap_range_length(piece->range);
}

static void write_piece(struct worker *worker, struct piece *piece)
{
        promise(worker->job, piece, PROMISED_MAYBE);
        if (expect(worker, rmmap_write_range(worker->file, piece->range, worker->data,
                                             bytes_of(piece), &piece->receipt)))
                promise(worker->job, piece, PROMISED_RECEIPT);
}

static void sync_one(struct worker *worker, struct piece *piece)
{
        write_piece(worker, piece);
        if (expect(worker, rmmap_sync_range(worker->file, piece->receipt)))
                was_synced(worker->job, piece);
}

static void sync_held(struct worker *worker)
{
        struct rmmap_receipt receipts[BATCH];

        for (unsigned int i = 0; i < worker->holds; i++)
                receipts[i] = worker->held[i].receipt;
        if (expect(worker, rmmap_sync_ranges(worker->file, receipts, worker->holds)))
                for (unsigned int i = 0; i < worker->holds; i++)
                        was_synced(worker->job, &worker->held[i]);
        worker->holds = 0;
}

static void sync_some(struct worker *worker, struct piece *piece)
{
        write_piece(worker, piece);
        worker->held[worker->holds++] = *piece;
        if (worker->holds == BATCH)
                sync_held(worker);
}

/* All receipts that were returned before the call, of all threads. */
static void sync_everything(struct worker *worker, bool closes)
{
        struct job *job = worker->job;
        uint64_t *seen = malloc(job->blocks * sizeof(*seen));
        int err;

        for (uint64_t block = 0; block < job->blocks; block++)
                seen[block] = atomic_load(&job->word[block]);
        err = closes ? rmmap_close(worker->file) : rmmap_sync_all(worker->file);
        if (expect(worker, err)) {
                stop_after_cut(job);
                for (uint64_t block = 0; block < job->blocks; block++)
                        if (promise_of(seen[block]) == PROMISED_RECEIPT)
                                (void)atomic_compare_exchange_strong(
                                        &job->word[block], &seen[block],
                                        word_of(seen[block] >> 3, PROMISED_SYNCED));
        }
        free(seen);
}

static void sync_all(struct worker *worker, struct piece *piece)
{
        write_piece(worker, piece);
        sync_everything(worker, false);
}

static void write_durable(struct worker *worker, struct piece *piece)
{
        promise(worker->job, piece, PROMISED_MAYBE);
        if (expect(worker, rmmap_write_range_durable(worker->file, piece->range, worker->data,
                                                     bytes_of(piece), NULL)))
                was_synced(worker->job, piece);
}

/* A queue of each worker's own. */
static int queued(struct worker *worker)
{
        struct rmmap_completion completion;

        for (;;) {
                int count = rmmap_queue_reap(worker->queue, &completion, 1);

                if (count != 0)
                        return count < 0 ? count : completion.result;
                test_pause();
        }
}

static void queue_sync(struct worker *worker, struct piece *piece)
{
        write_piece(worker, piece);
        if (expect(worker,
                   rmmap_queue_sync(worker->queue, worker->file, &piece->receipt, 1, COOKIE)) &&
            expect(worker, queued(worker)))
                was_synced(worker->job, piece);
}

static void queue_write(struct worker *worker, struct piece *piece)
{
        promise(worker->job, piece, PROMISED_MAYBE);
        if (expect(worker,
                   rmmap_queue_write(worker->queue, worker->file, piece->range, worker->data,
                                     bytes_of(piece), RMMAP_QUEUE_DURABLE, NULL, COOKIE)) &&
            expect(worker, queued(worker)))
                was_synced(worker->job, piece);
}

/* Its receipt is left to a later sync of everything, perhaps by another run. */
static void leave_written(struct worker *worker, struct piece *piece)
{
        write_piece(worker, piece);
}

static void give_back(struct worker *worker, struct piece *piece)
{
        struct job *job = worker->job;
        enum promise before = promise_of(atomic_load(&job->word[piece->first]));

        if (before != PROMISED_NOTHING)
                promise(job, piece, PROMISED_GIVING);
        if (expect(worker, rmmap_give_back_range(worker->file, piece->range)) &&
            before != PROMISED_NOTHING) {
                stop_after_cut(job);
                promise_if(job, piece, PROMISED_GIVING, PROMISED_NOTHING);
        }
        atomic_fetch_add(&job->given_back, 1);
}

/* Durable, but without a receipt: recorded never. */
static void sync_without_receipt(struct worker *worker, struct piece *piece)
{
        size_t length = bytes_of(piece);

        if (expect(worker,
                   rmmap_write_within(worker->file, piece->range, 0, worker->data, length)) &&
            expect(worker, rmmap_sync_within(worker->file, piece->range, 0, length)))
                give_back(worker, piece);
}

/* Its content turns out to be wrong, and is fetched again, unless another thread is faster. */
static void fetch_again(struct worker *worker, struct piece *piece)
{
        give_back(worker, piece);
        if (rmmap_allocate_at(worker->file, rmmap_range_start(piece->range),
                              rmmap_range_end(piece->range), &piece->range) != 0)
                return;
        own(worker, piece);
        /* On the disk, and not complete: a record of before would be found by the next run. */
        if (expect(worker, rmmap_write_within(worker->file, piece->range, 0, worker->data,
                                              bytes_of(piece))) &&
            expect(worker, rmmap_sync_within(worker->file, piece->range, 0, bytes_of(piece))))
                sync_one(worker, piece);
        atomic_fetch_add(&worker->job->refetched, 1);
}

/* The first JOB_WAYS sync at once. */
static void (*const ways[])(struct worker *worker, struct piece *piece) = {
        sync_one,    sync_all,  write_durable, queue_sync,
        queue_write, sync_some, leave_written, sync_without_receipt};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* false: nothing is left. */
static bool do_one(struct worker *worker, size_t way)
{
        uint64_t random = test_random(&worker->random);
        uint64_t most = worker->job->blocks > 2000 ? MOST_IN_RANGE : 8;
        struct piece piece;
        int err = rmmap_allocate(worker->file, (1 + random % most) * JOB_BLOCK - random % 7,
                                 &piece.range);

        if (err == -ENOSPC || !expect(worker, err))
                return false;
        own(worker, &piece);
        ways[way](worker, &piece);
        if (random / most % 8 == 0 &&
            promise_of(atomic_load(&worker->job->word[piece.first])) == PROMISED_SYNCED)
                fetch_again(worker, &piece);
        return worker->job->wrong[0] == '\0';
}

/* Content that was recorded by an earlier run: each worker has its share of the blocks. */
static void doubt_some(struct worker *worker)
{
        struct job *job = worker->job;
        struct piece piece;

        for (uint64_t block = worker->number; block < job->blocks; block += JOB_THREADS) {
                uint64_t word = atomic_load(&job->word[block]), start = block * JOB_BLOCK;

                if (promise_of(word) != PROMISED_SYNCED || test_random(&worker->random) % 200 != 0)
                        continue;
                if (!expect(worker, rmmap_claim_range(worker->file, start,
                                                      start + length_of(job, block), &piece.range)))
                        return;
                piece.first = block;
                piece.end = block + 1;
                piece.generation = word >> 3;
                fetch_again(worker, &piece);
        }
}

static void *work(void *arg)
{
        struct worker *worker = arg;
        size_t way = worker->number;

        while (do_one(worker, way % WAYS))
                way++;
        if (worker->holds > 0)
                sync_held(worker);
        return NULL;
}

static void start_worker(struct worker *worker, struct job *job, struct rmmap_file *file)
{
        struct rmmap_queue_options options = RMMAP_QUEUE_OPTIONS_INIT;

        worker->job = job;
        worker->file = file;
        worker->random = test_random(&job->seed);
        worker->holds = 0;
        options.depth = options.threads = 1;
        (void)expect(worker, rmmap_queue_create(&options, &worker->queue));
}

static struct worker workers[JOB_THREADS];

static void work_in_threads(struct job *job, struct rmmap_file *file)
{
        pthread_t threads[JOB_THREADS];

        for (unsigned int i = 0; i < JOB_THREADS; i++) {
                workers[i].number = i;
                start_worker(&workers[i], job, file);
                doubt_some(&workers[i]); /* before the blocks are the workers' of this run */
        }
        for (unsigned int i = 0; i < JOB_THREADS; i++)
                if (pthread_create(&threads[i], NULL, work, &workers[i]) != 0)
                        abort();
        for (unsigned int i = 0; i < JOB_THREADS; i++) {
                pthread_join(threads[i], NULL);
                rmmap_queue_release(workers[i].queue);
        }
}

static bool is_complete(const struct job *job)
{
        for (uint64_t block = 0; block < job->blocks; block++)
                if (promise_of(atomic_load(&job->word[block])) != PROMISED_SYNCED)
                        return false;
        return true;
}

static int end_run(struct job *job, struct rmmap_file *file)
{
        struct worker *worker = &workers[0];
        char path[4100];

        if (job->publishes || test_random(&job->seed) % 2 == 0) {
                sync_everything(worker, false);
                if (job->publishes && is_complete(job))
                        (void)expect(worker, rmmap_publish(file, path_in(job, "job", path),
                                                           size_of(job), 0));
                rmmap_release(file);
        } else {
                sync_everything(worker, true);
        }
        return job->wrong[0] != '\0' ? 2 : !is_complete(job);
}

static bool is_published(const struct job *job)
{
        char path[4100], final[4100];

        return access(path_in(job, "job.part", path), F_OK) != 0 &&
               access(path_in(job, "job", final), F_OK) == 0;
}

/* Opens the file as a program does that starts, and compares. 0, or what job_run gives. */
static int start_run(struct job *job, struct rmmap_file **file)
{
        int err;

        atomic_fetch_add(&job->runs, 1);
        err = create(job, RMMAP_KEEP, file);
        stop_after_cut(job);
        if (err != 0) {
                is_wrong(job, "can't go on: %s", strerror(-err));
                return 2;
        }
        compare(job, *file);
        return job->wrong[0] != '\0' ? 2 : 0;
}

/* Once in a while the program begins anew. */
static int begin_anew(struct job *job, struct rmmap_file **file)
{
        int err;

        rmmap_release(*file);
        atomic_store(&job->anew, true);
        err = create(job, 0, file);
        stop_after_cut(job);
        if (err != 0) {
                is_wrong(job, "can't begin anew: %s", strerror(-err));
                return 2;
        }
        compare(job, *file);
        return job->wrong[0] != '\0' ? 2 : 0;
}

int job_run(void *arg)
{
        struct job *job = arg;
        struct rmmap_file *file;
        int status;

        if (job->publishes && is_complete(job) && is_published(job))
                return 0;
        status = start_run(job, &file);
        if (status == 0 && test_random(&job->seed) % 40 == 0)
                status = begin_anew(job, &file);
        if (status != 0)
                return status;
        work_in_threads(job, file);
        return end_run(job, file);
}

int job_run_steps(void *arg)
{
        static const size_t order[] = {0, 6, 1, 2, 5, 5, 5, 7, 5, 6, 0, 1};
        struct job *job = arg;
        struct worker *worker = &workers[0];
        struct rmmap_file *file;
        int status;

        if (job->publishes && is_complete(job) && is_published(job))
                return 0;
        status = start_run(job, &file);
        if (status != 0)
                return status;
        worker->job = job;
        worker->file = file;
        worker->random = job->seed;
        worker->holds = 0;
        for (size_t i = 0; do_one(worker, order[i % (sizeof(order) / sizeof(order[0]))]); i++)
                ;
        if (worker->holds > 0)
                sync_held(worker);
        return end_run(job, file);
}

/* ---- outside of the runs */

int job_open(const struct job *job, struct rmmap_file **file)
{
        return create(job, RMMAP_KEEP, file);
}

int job_sync_first(struct job *job, struct rmmap_file *file, int way)
{
        struct worker *worker = &workers[0];

        start_worker(worker, job, file);
        (void)do_one(worker, (size_t)way);
        return job->wrong[0] != '\0';
}

bool job_file_is_right(struct job *job)
{
        unsigned char found[JOB_BLOCK];
        char path[4100];
        int fd =
                open(path_in(job, job->publishes ? "job" : "job.part", path), O_RDONLY | O_CLOEXEC);
        bool right = fd >= 0 && lseek(fd, 0, SEEK_END) == (off_t)size_of(job);

        for (uint64_t block = 0; right && block < job->blocks; block++)
                right = pread(fd, found, length_of(job, block), (off_t)(block * JOB_BLOCK)) ==
                                (ssize_t)length_of(job, block) &&
                        holds(job, found, block, atomic_load(&job->word[block]) >> 3);
        if (fd >= 0)
                close(fd);
        return right;
}

struct job *job_new(const char *directory)
{
        struct job *job =
                mmap(NULL, sizeof(*job), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        if (job == MAP_FAILED)
                return NULL;
        snprintf(job->directory, sizeof(job->directory), "%s", directory);
        return job;
}

void job_begin(struct job *job, uint64_t *random)
{
        /* Few have three slots: those take long. */
        static const uint64_t sizes[] = {40, 40, 300, 300, 300, 1500, 1500, 8200};
        static const uint32_t engines[] = {RMMAP_ENGINE_AUTO, RMMAP_ENGINE_PWRITE};

        job->blocks = sizes[test_random(random) % 8];
        job->flags = test_random(random) % 3 == 0 ? RMMAP_NO_PREALLOCATE : 0;
        job->engine = engines[test_random(random) % 2];
        job->publishes = test_random(random) % 2 == 0;
        for (uint64_t block = 0; block < JOB_MOST_BLOCKS; block++)
                atomic_store(&job->word[block], 0);
}
