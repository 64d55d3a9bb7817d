/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * publish-cut DISK [ROUNDS [MUTANT]]: cuts the power of a program that publishes one version of a
 * file after the other, ROUNDS times, each at a random moment. What is found afterwards is whole,
 * and no older than the last version whose publish had returned. See cut.h.
 */
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "crash/cut.h"
#include "crash/mutant.h"
#include "publishing.h"

/* The writer's, and what it was promised. */
struct shared {
        _Atomic uint64_t begun, published;
        atomic_int error;
};

struct run {
        struct cut cut;
        struct shared *shared;
        unsigned int wrong, newer, hidden;
};

/* An error after the cut is none; nor is a promise. */
static int publish_on(void *arg)
{
        struct run *run = arg;

        if (!mutant_become(run->cut.mutant))
                return 1;
        for (uint64_t version = atomic_load(&run->shared->published) + 1;; version++) {
                int err;

                atomic_store(&run->shared->begun, version);
                err = publishing_version(test_disk_directory(run->cut.disk), version);
                cut_stop_after(run->cut.off);
                if (err != 0) {
                        atomic_store(&run->shared->error, err);
                        return 1;
                }
                atomic_store(&run->shared->published, version);
        }
}

static void look(struct run *run)
{
        const char *directory = test_disk_directory(run->cut.disk);
        uint64_t promised = atomic_load(&run->shared->published), found;
        char path[4200];

        snprintf(path, sizeof(path), "%s/current", directory);
        found = publishing_read_version(path);
        if (found < promised || found > atomic_load(&run->shared->begun)) {
                run->wrong++;
                if (!cut_has_mutant(&run->cut))
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
        int err, status;

        atomic_store(&run->shared->begun, atomic_load(&run->shared->begun) + 1);
        err = publishing_version(test_disk_directory(run->cut.disk),
                                 atomic_load(&run->shared->begun));
        if (err != 0)
                return cut_trouble(&run->cut, "the first version", err);
        sync();
        atomic_store(&run->shared->published, atomic_load(&run->shared->begun));
        writer = child_start(publish_on, run);
        err = cut_power(&run->cut, 30000, &writer, &status, 1);
        if (err != 0)
                return err;
        if (atomic_load(&run->shared->error) != 0)
                return cut_trouble(&run->cut, "an error before the cut",
                                   atomic_load(&run->shared->error));
        look(run);
        return 0;
}

int main(int argc, char **argv)
{
        struct run run = {.wrong = 0};
        int status = cut_begin(&run.cut, "publish-cut", argc, argv);

        if (status != 0)
                return status;
        run.shared = mmap(NULL, sizeof(*run.shared), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (run.shared == MAP_FAILED)
                return cut_trouble(&run.cut, "no memory", 0);
        while (run.cut.done < run.cut.rounds && status == 0 &&
               (run.wrong == 0 || !cut_has_mutant(&run.cut)))
                status = one_round(&run);
        printf("%s, %s: %u cut points, %lu versions; %u found newer than promised, %u complete "
               "hidden files; WRONG: %u\n",
               run.cut.name, run.cut.mutant, run.cut.done,
               (unsigned long)atomic_load(&run.shared->published), run.newer, run.hidden,
               run.wrong);
        cut_end(&run.cut);
        return status != 0 ? status : run.wrong > 0;
}
