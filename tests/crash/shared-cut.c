/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * shared-cut DISK [ROUNDS [MUTANT]]: cuts the power of processes that allocate in one file by the
 * shared allocator, write and sync, ROUNDS times, each at a random moment, and lets others go on.
 * What a returned sync covered is there, and is never handed out again; until the next cut nothing
 * is handed out twice. See cut.h.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "crash/cut.h"
#include "crash/mutant.h"

#define PROCESSES 3
#define THREADS 2
#define LONGEST_USE 64 /* ranges that a thread takes until the handle is closed */
#define BLOCK UINT64_C(4096)
#define BLOCKS 16384 /* a cut skips a sixteenth at most */
#define MOST 5       /* blocks of a range */

/* A block's last owner: the number of its range, and whether a sync of it returned. */
struct promises {
        _Atomic uint64_t owner[BLOCKS]; /* 0: none */
        atomic_bool synced[BLOCKS];
        _Atomic uint64_t session[BLOCKS]; /* the number of cuts before it was handed out */
        _Atomic uint64_t ranges, syncs;
        uint64_t cuts;
        uint32_t flags, engine; /* of the file */
        atomic_bool is_wrong;
        char wrong[200];
};

static struct run {
        struct cut cut;
        struct promises *promises;
        unsigned int files;
} run;

__attribute__((__format__(__printf__, 1, 2))) static void wrong(const char *format, ...)
{
        va_list arguments;

        if (atomic_exchange(&run.promises->is_wrong, true))
                return;
        va_start(arguments, format);
        vsnprintf(run.promises->wrong, sizeof(run.promises->wrong), format, arguments);
        va_end(arguments);
}

static const char *path_of(const char *name, char *path)
{
        snprintf(path, 4200, "%s/%s", test_disk_directory(run.cut.disk), name);
        return path;
}

static bool expect(const char *what, int err)
{
        if (err == 0)
                return true;
        cut_stop_after(run.cut.off);
        wrong("%s: %s", what, strerror(-err));
        return false;
}
#define expect(call) expect(#call, call)

/* ---- writers */

static struct rmmap_file *open_shared(void)
{
        struct rmmap_shared_config config = RMMAP_SHARED_CONFIG_INIT;
        struct rmmap_options options =
                test_options(RMMAP_KEEP | run.promises->flags, run.promises->engine);
        char path[4200], state[4200];
        struct rmmap_file *file;

        config.path = path_of("state", state);
        options.allocator = rmmap_shared_allocator();
        options.allocator_config = &config;
        if (!expect(rmmap_create(path_of("data", path), BLOCKS * BLOCK, &options, &file)))
                return NULL;
        return file;
}

static void fill(unsigned char *bytes, uint64_t block, uint64_t owner)
{
        for (uint64_t at = 0; at < BLOCK; at += 8) {
                uint64_t value = (block * BLOCK + at) * UINT64_C(0x9e3779b97f4a7c15) ^ owner;

                memcpy(bytes + at, &value, 8);
        }
}

struct piece {
        struct rmmap_range range;
        struct rmmap_receipt receipt;
        uint64_t first, end, owner;
};

static void own(struct piece *piece, unsigned char *data)
{
        struct promises *promises = run.promises;

        piece->first = rmmap_range_start(piece->range) / BLOCK;
        piece->end = rmmap_range_end(piece->range) / BLOCK;
        piece->owner = atomic_fetch_add(&promises->ranges, 1) + 1;
        for (uint64_t block = piece->first; block < piece->end; block++) {
                uint64_t before = atomic_exchange(&promises->owner[block], piece->owner);

                if (atomic_load(&promises->synced[block]))
                        wrong("block %lu was synced, and is handed out", (unsigned long)block);
                if (before != 0 && atomic_load(&promises->session[block]) == promises->cuts)
                        wrong("block %lu is handed out twice", (unsigned long)block);
                atomic_store(&promises->session[block], promises->cuts);
                fill(data + (block - piece->first) * BLOCK, block, piece->owner);
        }
}

static void was_synced(const struct piece *piece)
{
        cut_stop_after(run.cut.off);
        for (uint64_t block = piece->first; block < piece->end; block++)
                atomic_store(&run.promises->synced[block], true);
        atomic_fetch_add(&run.promises->syncs, 1);
}

static bool write_and_sync(struct rmmap_file *file, struct piece *piece, const unsigned char *data,
                           uint64_t way)
{
        size_t length = (size_t)rmmap_range_length(piece->range);

        if (way == 0)
                return expect(rmmap_write_range_durable(file, piece->range, data, length, NULL));
        if (!expect(rmmap_write_range(file, piece->range, data, length, &piece->receipt)))
                return false;
        if (way == 1)
                return expect(rmmap_sync_range(file, piece->receipt));
        return way == 2 && expect(rmmap_sync_all(file));
}

struct worker {
        pthread_t thread;
        struct rmmap_file *file;
        uint64_t random;
        bool ends; /* the file is full, or something is wrong */
        unsigned char data[MOST * BLOCK];
};

/* Until the file is full: then nothing is left to do. */
static void *work(void *arg)
{
        struct worker *worker = arg;
        struct piece piece;

        for (uint64_t left = test_random(&worker->random) % LONGEST_USE; left > 0; left--) {
                uint64_t random = test_random(&worker->random);
                uint64_t size = (1 + random % MOST) * BLOCK;
                int err = random & 64 ? rmmap_allocate_exact(worker->file, size, &piece.range)
                                      : rmmap_allocate(worker->file, size, &piece.range);

                worker->ends = err == -ENOSPC || !expect(err);
                if (worker->ends)
                        break;
                own(&piece, worker->data);
                if (write_and_sync(worker->file, &piece, worker->data, (random >> 8) % 4))
                        was_synced(&piece);
        }
        return NULL;
}

/* As the kernel may at any time: then the disk has the state of a closed file. */
static void write_all_back(void)
{
        int fd = open(test_disk_directory(run.cut.disk), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0)
                return;
        syncfs(fd);
        close(fd);
}

/* false: there is nothing more to do. */
static bool use_it_once(struct worker *workers)
{
        struct rmmap_file *file = open_shared();
        bool ends = file == NULL || atomic_load(&run.promises->is_wrong);

        for (int i = 0; file != NULL && i < THREADS; i++) {
                workers[i].file = file;
                if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
                        _exit(99);
        }
        for (int i = 0; file != NULL && i < THREADS; i++) {
                pthread_join(workers[i].thread, NULL);
                ends = ends || workers[i].ends;
        }
        rmmap_release(file);
        if (test_random(&workers[0].random) % 4 == 0)
                write_all_back();
        return !ends;
}

static int write_on(void *seed)
{
        static struct worker workers[THREADS];

        if (!mutant_become(run.cut.mutant))
                return 99;
        for (int i = 0; i < THREADS; i++)
                workers[i].random = *(uint64_t *)seed + (uint64_t)i;
        while (use_it_once(workers))
                ;
        return 0;
}

/* ---- after the cut */

static void look(void)
{
        unsigned char found[BLOCK], want[BLOCK];
        char path[4200];
        int fd = open(path_of("data", path), O_RDONLY | O_CLOEXEC);

        for (uint64_t block = 0; block < BLOCKS; block++) {
                if (!atomic_load(&run.promises->synced[block]))
                        continue;
                fill(want, block, atomic_load(&run.promises->owner[block]));
                if (fd < 0 || pread(fd, found, BLOCK, (off_t)(block * BLOCK)) != (ssize_t)BLOCK ||
                    memcmp(found, want, BLOCK) != 0)
                        wrong("block %lu was synced, and isn't there", (unsigned long)block);
        }
        if (fd >= 0)
                close(fd);
}

static void begin_file(void)
{
        struct promises *promises = run.promises;
        char path[4200];

        unlink(path_of("data", path));
        unlink(path_of("state", path));
        sync();
        for (size_t block = 0; block < BLOCKS; block++) {
                atomic_store(&promises->owner[block], 0);
                atomic_store(&promises->synced[block], false);
        }
        promises->flags = test_random(&run.cut.random) % 2 ? RMMAP_NO_PREALLOCATE : 0;
        promises->engine =
                test_random(&run.cut.random) % 2 ? RMMAP_ENGINE_PWRITE : RMMAP_ENGINE_AUTO;
        run.files++;
}

/* true: a cut later most blocks may be out. */
static bool is_nearly_full(void)
{
        for (size_t block = BLOCKS - BLOCKS / 8; block < BLOCKS; block++)
                if (atomic_load(&run.promises->owner[block]) != 0)
                        return true;
        return false;
}

static int one_round(void)
{
        pid_t writers[PROCESSES];
        int statuses[PROCESSES], err;
        /* One closes it often. */
        unsigned int count = 1 + (unsigned int)(test_random(&run.cut.random) % PROCESSES);

        if (run.files == 0 || is_nearly_full())
                begin_file();
        for (unsigned int i = 0; i < count; i++) {
                uint64_t seed = test_random(&run.cut.random);

                writers[i] = child_start(write_on, &seed);
        }
        err = cut_power(&run.cut, 60000, writers, statuses, count);
        if (err != 0)
                return err;
        run.promises->cuts++;
        look();
        return 0;
}

int main(int argc, char **argv)
{
        int status = cut_begin(&run.cut, "shared-cut", argc, argv);

        if (status != 0)
                return status;
        run.promises = mmap(NULL, sizeof(*run.promises), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (run.promises == MAP_FAILED)
                return cut_trouble(&run.cut, "no memory", 0);
        while (run.cut.done < run.cut.rounds && status == 0 &&
               !atomic_load(&run.promises->is_wrong))
                status = one_round();
        printf("%s, %s: %u cut points, %u files, %lu ranges, %lu syncs; %s\n", run.cut.name,
               run.cut.mutant, run.cut.done, run.files,
               (unsigned long)atomic_load(&run.promises->ranges),
               (unsigned long)atomic_load(&run.promises->syncs),
               atomic_load(&run.promises->is_wrong) ? run.promises->wrong : "nothing wrong");
        cut_end(&run.cut);
        return status != 0 ? status : atomic_load(&run.promises->is_wrong);
}
