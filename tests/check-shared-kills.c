/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Eight processes allocate in one file, and kill -9 ends them at random moments, also while they
 * open it. No byte is handed out twice, the others go on, and each death loses at most the range
 * that the process was about to get. RMMAP_ROUNDS sets the number of kills.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "support.h"

#define PROCESSES 8
#define UNIT ((uint64_t)RMMAP_ALIGNMENT)
#define BLOCKS (UINT64_C(1) << 20)
#define LONGEST 4

struct process {
        pid_t pid;
        uint64_t seed;
        _Atomic uint64_t ranges; /* how many it got */
        atomic_uint asked;       /* blocks that it is about to get; 0: none */
};

static struct oracle {
        atomic_int twice, failed;
        struct process processes[PROCESSES];
        atomic_uchar owned[BLOCKS]; /* by how many ranges */
} * oracle;

static uint64_t random_state;

static struct rmmap_file *open_shared(void)
{
        struct rmmap_shared_config config = RMMAP_SHARED_CONFIG_INIT;
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = NULL;
        int err;

        config.path = test_path("state");
        options.flags = RMMAP_KEEP | RMMAP_NO_PREALLOCATE;
        options.engine = RMMAP_ENGINE_PWRITE;
        options.allocator = rmmap_shared_allocator();
        options.allocator_config = &config;
        err = rmmap_create(test_path("data"), BLOCKS * UNIT, &options, &file);
        if (err != 0)
                atomic_store(&oracle->failed, err);
        return file;
}

static void note(struct rmmap_range range)
{
        for (uint64_t at = rmmap_range_start(range); at < rmmap_range_end(range); at += UNIT)
                if (atomic_fetch_add(&oracle->owned[at / UNIT], 1) != 0)
                        atomic_store(&oracle->twice, 1);
}

/* Until the file is full. The pause leaves it some blocks for many kills. */
static int allocate_for_ever(void *arg)
{
        struct process *process = arg;
        uint64_t seed = process->seed;
        struct rmmap_file *file = open_shared();
        struct rmmap_range range;

        while (file != NULL) {
                unsigned int blocks = 1 + (unsigned int)(test_random(&seed) % LONGEST);
                int err;

                atomic_store(&process->asked, blocks);
                err = seed & 64 ? rmmap_allocate(file, blocks * UNIT, &range)
                                : rmmap_allocate_exact(file, blocks * UNIT, &range);
                if (err == 0)
                        note(range);
                else if (err != -ENOSPC)
                        atomic_store(&oracle->failed, err);
                atomic_store(&process->asked, 0);
                atomic_fetch_add(&process->ranges, 1);
                if (seed % 16 == 0)
                        usleep(50);
        }
        return 1;
}

static void start(struct process *process)
{
        process->seed = test_random(&random_state);
        atomic_store(&process->asked, 0);
        process->pid = child_start(allocate_for_ever, process);
        ck_assert_int_gt(process->pid, 0);
}

/* Returns how many blocks it may have taken with it. */
static unsigned int end(struct process *process)
{
        int status;

        ck_assert_int_eq(kill(process->pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(process->pid, &status, 0), process->pid);
        ck_assert_msg(WIFSIGNALED(status), "it ended by itself: %d", atomic_load(&oracle->failed));
        return atomic_load(&process->asked);
}

static uint64_t progress_seen;

static bool goes_on(const void *arg)
{
        const struct process *process = arg;

        return atomic_load(&process->ranges) > progress_seen || atomic_load(&oracle->failed) != 0;
}

static uint64_t lost_blocks(void)
{
        struct rmmap_file *file = open_shared();
        uint64_t lost = 0, wrong = 0, out;

        ck_assert_ptr_ne(file, NULL);
        out = rmmap_allocated(file) / UNIT;
        for (uint64_t i = 0; i < BLOCKS; i++) {
                unsigned int owned = atomic_load(&oracle->owned[i]);

                wrong += owned > (i < out ? 1 : 0);
                lost += i < out && owned == 0;
        }
        ck_assert_uint_eq(wrong, 0);
        rmmap_release(file);
        return lost;
}

/* One file, until half of it is used. Returns the number of kills, at most `most`. */
static unsigned int one_file(unsigned int most)
{
        unsigned int kills = 0;
        uint64_t may_be_lost = 0;

        unlink(test_path("data"));
        unlink(test_path("state"));
        memset((void *)oracle, 0, sizeof(*oracle));
        for (int i = 0; i < PROCESSES; i++)
                start(&oracle->processes[i]);
        while (kills < most && atomic_load(&oracle->owned[BLOCKS / 2]) == 0) {
                uint64_t which = test_random(&random_state) % PROCESSES;
                struct process *other = &oracle->processes[(which + 1) % PROCESSES];

                usleep((useconds_t)(test_random(&random_state) % 2000));
                may_be_lost += end(&oracle->processes[which]);
                kills++;
                start(&oracle->processes[which]);
                progress_seen = atomic_load(&other->ranges);
                if (kills % 16 == 0)
                        ck_assert(test_until(goes_on, other));
        }
        for (int i = 0; i < PROCESSES; i++)
                may_be_lost += end(&oracle->processes[i]);
        ck_assert_int_eq(atomic_load(&oracle->failed), 0);
        ck_assert_int_eq(atomic_load(&oracle->twice), 0);
        ck_assert_uint_le(lost_blocks(), may_be_lost);
        return kills;
}

static unsigned int rounds(void)
{
        const char *given = getenv("RMMAP_ROUNDS");

        if (given != NULL && given[0] != '\0')
                return (unsigned int)strtoul(given, NULL, 10);
        return test_under_valgrind() ? 10 : test_sanitized() ? 100 : 400;
}

START_TEST(nobody_waits_and_nothing_overlaps)
{
        unsigned int kills = 0, files = 0;

        random_state = test_seed();
        oracle = mmap(NULL, sizeof(*oracle), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
                      0);
        ck_assert_ptr_ne(oracle, MAP_FAILED);
        for (; kills < rounds(); files++)
                kills += one_file(rounds() - kills);
        printf("%u kills, %u files\n", kills, files);
}
END_TEST

int main(void)
{
        Suite *suite = suite_create("shared kills");
        TCase *core = tcase_create("core");

        tcase_set_timeout(core, 3600);
        tcase_add_test(core, nobody_waits_and_nothing_overlaps);
        suite_add_tcase(suite, core);
        return test_run(suite);
}
