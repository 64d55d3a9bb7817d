/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * publish-cut DISK [ROUNDS [MUTANT]]: cuts the power of a program that publishes one version of a
 * file after the other, ROUNDS times, each at a random moment. What is found afterwards is whole,
 * and no older than the last version whose publish had returned. MUTANT: with a broken library; see
 * mutant.h. TEST_SEED sets the seed that is printed.
 *
 * Exit status: 0 all was well, 1 it wasn't, 77 the disk can't be set up, 99 other trouble.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "crash/mutant.h"
#include "crash/test-disk.h"
#include "publishing.h"

/* The writer's, and what it was promised. */
struct shared {
        _Atomic uint64_t begun, published;
        atomic_int error;
        atomic_bool cut;
};

struct run {
        struct test_disk *disk;
        struct shared *shared;
        const char *mutant;
        uint64_t random;
        unsigned int cuts, wrong, newer, hidden;
};

static int trouble(const char *what, int err)
{
        fprintf(stderr, "publish-cut: %s %s\n", what, err == 0 ? "" : strerror(-err));
        return 99;
}

/* An error after the cut is none; nor is a promise. */
static int publish_on(void *arg)
{
        struct run *run = arg;

        if (!mutant_become(run->mutant))
                return 1;
        for (uint64_t version = atomic_load(&run->shared->published) + 1;; version++) {
                int err;

                atomic_store(&run->shared->begun, version);
                err = publishing_version(test_disk_directory(run->disk), version);
                if (atomic_load(&run->shared->cut))
                        pause();
                if (err != 0) {
                        atomic_store(&run->shared->error, err);
                        return 1;
                }
                atomic_store(&run->shared->published, version);
        }
}

static int cut(struct run *run, pid_t writer)
{
        struct timespec time = {.tv_nsec = (long)(test_random(&run->random) % 30000) * 1000};
        int err, status;

        nanosleep(&time, NULL);
        atomic_store(&run->shared->cut, true);
        err = test_disk_cut(run->disk);
        kill(writer, SIGKILL);
        if (waitpid(writer, &status, 0) != writer || err != 0)
                return trouble("the power can't be cut", err);
        return test_disk_again(run->disk, &run->random) != 0 ? trouble("can't be mounted again", 0)
                                                             : 0;
}

static void look(struct run *run)
{
        const char *directory = test_disk_directory(run->disk);
        uint64_t promised = atomic_load(&run->shared->published), found;
        char path[4200];

        snprintf(path, sizeof(path), "%s/current", directory);
        found = publishing_read_version(path);
        if (found < promised || found > atomic_load(&run->shared->begun)) {
                run->wrong++;
                if (strcmp(run->mutant, "none") == 0)
                        fprintf(stderr, "found version %lu, promised %lu\n", (unsigned long)found,
                                (unsigned long)promised);
        }
        run->newer += found > promised;
        /* A mutant's leftovers needn't be whole. */
        while (publishing_first_hidden(directory, path, sizeof(path))) {
                run->hidden++;
                if (publishing_read_version(path) == 0)
                        run->wrong++;
                unlink(path);
        }
}

/* Each begins with a version that is there. */
static int one_round(struct run *run)
{
        pid_t writer;
        int err = 0;

        atomic_store(&run->shared->cut, false);
        atomic_store(&run->shared->begun, atomic_load(&run->shared->begun) + 1);
        err = publishing_version(test_disk_directory(run->disk), atomic_load(&run->shared->begun));
        if (err != 0)
                return trouble("the first version", err);
        sync();
        atomic_store(&run->shared->published, atomic_load(&run->shared->begun));
        writer = child_start(publish_on, run);
        err = cut(run, writer);
        if (err != 0)
                return err;
        if (atomic_load(&run->shared->error) != 0)
                return trouble("an error before the cut", atomic_load(&run->shared->error));
        run->cuts++;
        look(run);
        return 0;
}

int main(int argc, char **argv)
{
        unsigned int rounds = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 100;
        struct run run = {.mutant = argc > 3 ? argv[3] : "none"};
        int status = 0;

        run.shared = mmap(NULL, sizeof(*run.shared), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (run.shared == MAP_FAILED)
                return trouble("no memory", 0);
        if (!test_disk_begin())
                return 77;
        run.random = test_seed();
        run.disk = test_disk_new(argc > 1 ? argv[1] : "");
        if (run.disk == NULL)
                return 77;
        for (unsigned int i = 0; i < rounds && status == 0 && (run.wrong == 0 || argc <= 3); i++)
                status = one_round(&run);
        printf("%s, %s: %u cut points, %lu versions; %u found newer than promised, %u complete "
               "hidden files; WRONG: %u\n",
               argc > 1 ? argv[1] : "", run.mutant, run.cuts,
               (unsigned long)atomic_load(&run.shared->published), run.newer, run.hidden,
               run.wrong);
        test_disk_free(run.disk);
        return status != 0 ? status : run.wrong > 0;
}
