/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "crash/cut.h"
#include "support.h"

int cut_trouble(const struct cut *cut, const char *what, int err)
{
        fprintf(stderr, "%s: %s %s\n", cut->program, what, err == 0 ? "" : strerror(-err));
        return 99;
}

int cut_begin(struct cut *cut, const char *program, int argc, char **argv)
{
        *cut = (struct cut){.program = program};
        cut->name = argc > 1 ? argv[1] : "";
        cut->rounds = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : 100;
        cut->mutant = argc > 3 ? argv[3] : "none";
        cut->off = mmap(NULL, sizeof(*cut->off), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                        -1, 0);
        if (cut->off == MAP_FAILED)
                return cut_trouble(cut, "no memory", 0);
        if (!test_disk_begin())
                return 77;
        cut->random = test_seed();
        cut->disk = test_disk_new(cut->name);
        return cut->disk == NULL ? 77 : 0;
}

void cut_end(struct cut *cut)
{
        test_disk_free(cut->disk);
}

bool cut_has_mutant(const struct cut *cut)
{
        return strcmp(cut->mutant, "none") != 0;
}

void cut_stop_after(const atomic_bool *off)
{
        while (atomic_load(off))
                pause();
}

int cut_power(struct cut *cut, unsigned int longest_us, const pid_t *writers, int *statuses,
              unsigned int count)
{
        struct timespec time = {.tv_nsec = (long)(test_random(&cut->random) % longest_us) * 1000};
        bool ended = true;
        int err;

        nanosleep(&time, NULL);
        atomic_store(cut->off, true);
        err = test_disk_cut(cut->disk);
        for (unsigned int i = 0; i < count; i++)
                kill(writers[i], SIGKILL);
        for (unsigned int i = 0; i < count; i++)
                ended = waitpid(writers[i], &statuses[i], 0) == writers[i] && ended;
        if (!ended || err != 0)
                return cut_trouble(cut, "the power can't be cut", err);
        if (test_disk_again(cut->disk, &cut->random) != 0)
                return cut_trouble(cut, "can't be mounted again", 0);
        cut->done++;
        atomic_store(cut->off, false);
        return 0;
}
