/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * power-loss STAGE [ROUNDS [TWIN]]: cuts the power of a writer ROUNDS times, each at a random
 * moment, and looks for all that a sync had returned 0 for. TWIN: with a broken library; see
 * mutant.h. TEST_SEED sets the seed that is printed.
 *
 * Exit status: 0 nothing was lost, 1 something was, 77 the disk can't be set up, 99 trouble that
 * tells nothing of the library.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "crash/mutant.h"
#include "crash/oracle.h"
#include "crash/test-disk.h"
#include "crash/work.h"

struct run {
        struct test_disk *disk;
        struct oracle *oracle;
        const char *mutant;
        uint64_t random;
        unsigned int cuts;
        unsigned long writes, syncs, early; /* early: before the first */
        struct findings findings;
};

static int write_on(void *arg)
{
        struct run *run = arg;

        if (!mutant_become(run->mutant))
                return 1;
        work_for_ever(run->oracle, test_disk_directory(run->disk));
}

static void wait_microseconds(uint64_t microseconds)
{
        struct timespec time = {.tv_sec = (time_t)(microseconds / 1000000),
                                .tv_nsec = (long)(microseconds % 1000000) * 1000};

        nanosleep(&time, NULL);
}

static int trouble(const char *what, int err)
{
        fprintf(stderr, "power-loss: %s %s\n", what,
                err == 0 ? "" : strerror(err < 0 ? -err : err));
        return 99;
}

static bool is_at_work(const void *arg)
{
        const struct oracle *oracle = arg;

        return atomic_load(&oracle->writes) > 0 || atomic_load(&oracle->surprise) != 0;
}

/* Most often when all is at work; now and then while files are being created. */
static void wait_for_moment(struct run *run)
{
        static const uint64_t longest[] = {2000, 10000, 30000, 60000};

        if (test_random(&run->random) % 8 != 0)
                (void)test_until(is_at_work, run->oracle);
        wait_microseconds(test_random(&run->random) % longest[test_random(&run->random) % 4]);
}

/*
 * A while after the cut the writer goes on: what it is told then must be true as well, of a disk
 * without power. A file system that was shut down from within isn't that honest: ext4 answers 0 to
 * a sync that it was just at, although what the sync waited for was thrown away.
 */
static int cut(struct run *run, pid_t writer)
{
        int err, status;

        wait_for_moment(run);
        if (waitpid(writer, &status, WNOHANG) != 0 || atomic_load(&run->oracle->surprise) != 0) {
                fprintf(stderr, "%s: %s\n",
                        atomic_load(&run->oracle->what) ? atomic_load(&run->oracle->what)
                                                        : "the writer died",
                        strerror(-atomic_load(&run->oracle->surprise)));
                kill(writer, SIGKILL);
                return trouble("an error before the power was cut", 0);
        }
        atomic_store(&run->oracle->cut, true);
        if (test_disk_store(run->disk) == NULL)
                oracle_freeze(run->oracle, false);
        err = test_disk_cut(run->disk);
        if (err != 0)
                return trouble("the power can't be cut", err);
        wait_microseconds(test_random(&run->random) % 4000);
        kill(writer, SIGKILL);
        if (waitpid(writer, &status, 0) != writer)
                return trouble("waitpid", errno);
        if (test_disk_store(run->disk) != NULL)
                oracle_freeze(run->oracle, false);
        return 0;
}

static void look(struct run *run)
{
        for (unsigned int i = 0; i < ORACLE_FILES; i++) {
                const struct record *record = &run->oracle->records[i];
                char path[4096];

                snprintf(path, sizeof(path), "%s/%s", test_disk_directory(run->disk), record->name);
                oracle_check(record, path, &run->findings);
                unlink(path);
        }
        run->writes += atomic_load(&run->oracle->writes);
        run->syncs += atomic_load(&run->oracle->syncs);
}

static int one_round(struct run *run, unsigned int round)
{
        pid_t writer;
        int err;

        oracle_plan(run->oracle, round, false, &run->random);
        err = work_prepare(run->oracle, test_disk_directory(run->disk));
        if (err != 0)
                return trouble("the files can't be prepared", err);
        writer = child_start(write_on, run);
        err = cut(run, writer);
        if (err != 0)
                return err;
        run->cuts++;
        run->early += atomic_load(&run->oracle->writes) == 0;
        err = test_disk_again(run->disk, &run->random);
        if (err != 0)
                return trouble("it can't be mounted again", err);
        look(run);
        return 0;
}

static void report(const struct run *run, const char *name)
{
        const struct findings *found = &run->findings;

        printf("%s, %s: %u cut points (%u before the first write), %lu writes, %lu syncs\n", name,
               strcmp(run->mutant, "none") == 0 ? "the library" : run->mutant, run->cuts,
               (unsigned int)run->early, run->writes, run->syncs);
        printf("  checked: %lu ranges (%lu synced by the writer), %lu MiB, %lu files, %lu new "
               "directory entries; %lu ranges were newer than promised; LOST: %lu\n",
               found->ranges, found->synced, found->bytes >> 20, found->files, found->entries,
               found->newer, found->lost);
        printf("  synced ranges by engine: auto %lu, map %lu, pwrite %lu; written behind: %lu\n",
               found->by_engine[0], found->by_engine[1], found->by_engine[2], found->behind);
        printf("  synced ranges by pattern: unknown %lu, dense %lu, scattered %lu, sequential %lu, "
               "random %lu\n",
               found->by_pattern[RMMAP_PATTERN_UNKNOWN], found->by_pattern[RMMAP_PATTERN_DENSE],
               found->by_pattern[RMMAP_PATTERN_SCATTERED],
               found->by_pattern[RMMAP_PATTERN_SEQUENTIAL],
               found->by_pattern[RMMAP_PATTERN_RANDOM]);
        printf("  synced ranges by origin:");
        for (int i = 0; i < ORIGINS; i++)
                printf(" %s %lu%s", origin_names[i], found->by_origin[i],
                       i + 1 < ORIGINS ? "," : "\n");
}

/*
 * Enough rounds must have met every kind of handle, or they tell less than they seem to. is_fuse:
 * nothing is mapped there.
 */
static bool is_thorough(const struct findings *found, bool is_fuse)
{
        bool thorough = found->entries > 0;

        for (int i = 0; i < ORIGINS; i++)
                thorough = thorough && found->by_origin[i] > 0;
        for (int i = 0; i < 3; i++)
                thorough = thorough && (found->by_engine[i] > 0 || (is_fuse && i == 1));
        /* Where the disk is slow, so few are synced that one kind may miss its turn. */
        for (size_t i = 0; i < ORACLE_PATTERNS && found->synced >= 200; i++)
                thorough = thorough && found->by_pattern[i] > 0;
        return thorough && (found->behind > 0 || found->synced < 500);
}

int main(int argc, char **argv)
{
        const char *name = argc > 1 ? argv[1] : "";
        unsigned int rounds = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 100;
        struct run run = {.mutant = argc > 3 ? argv[3] : "none"};
        int status = 0;

        run.findings.quiet = argc > 3;
        run.oracle = oracle_new();
        if (run.oracle == NULL)
                return trouble("no memory", ENOMEM);
        if (!test_disk_begin())
                return 77;
        run.random = test_seed();
        run.disk = test_disk_new(name);
        if (run.disk == NULL)
                return 77;
        /* A mutant is found out as soon as something is lost. */
        for (unsigned int i = 0; i < rounds && status == 0; i++) {
                status = one_round(&run, i);
                if (run.findings.quiet && run.findings.lost > 0)
                        break;
        }
        report(&run, name);
        if (status == 0 && run.cuts >= 50 &&
            !is_thorough(&run.findings, strncmp(name, "volatile", 8) == 0))
                status = trouble("some kind of handle was never synced", 0);
        test_disk_free(run.disk);
        return status != 0 ? status : run.findings.lost > 0;
}
