/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the programs share that cut the power of writers again and again: NAME DISK [ROUNDS
 * [MUTANT]]. MUTANT: with a broken library; see mutant.h. TEST_SEED sets the seed that is printed.
 *
 * Exit status: 0 all was well, 1 it wasn't, 77 the disk can't be set up, 99 other trouble.
 */
#ifndef CRASH_CUT_H
#define CRASH_CUT_H

#include <stdatomic.h>
#include <sys/types.h>

#include "crash/test-disk.h"

struct cut {
        const char *program, *name, *mutant; /* name: of the disk */
        unsigned int rounds, done;
        struct test_disk *disk;
        uint64_t random;
        /* In memory shared with the writers: what is returned to them from now on is no promise. */
        atomic_bool *off;
};

/* 0, or what main returns. */
int cut_begin(struct cut *cut, const char *program, int argc, char **argv);
void cut_end(struct cut *cut);

bool cut_has_mutant(const struct cut *cut);

/* Says what was wrong, and returns 99. */
int cut_trouble(const struct cut *cut, const char *what, int err);

/* In a writer, after each call whose result promises something: waits for its end after the cut. */
void cut_stop_after(const atomic_bool *off);

/*
 * Lets the writers work for a random time of at most longest_us, cuts the power, ends them, and
 * mounts what the disk was left with. statuses: of waitpid. 0 or 99.
 */
int cut_power(struct cut *cut, unsigned int longest_us, const pid_t *writers, int *statuses,
              unsigned int count);

#endif
