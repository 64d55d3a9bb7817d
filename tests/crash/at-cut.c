/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * at-cut STAGE ROUNDS BEFORE AFTER: runs the shell's commands BEFORE where they can lose their
 * power, cuts it, and runs AFTER on what is left. Both find the round's number, from 0, in ROUND.
 * TEST_SEED sets the seed that is printed.
 *
 * Exit status: 0 AFTER succeeded each time, 1 it failed once and was the last, 77 the disk can't
 * be set up, 99 trouble, such as BEFORE failing.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crash/test-disk.h"
#include "support.h"

static int trouble(const char *what, unsigned int round, int err)
{
        fprintf(stderr, "at-cut: round %u: %s %s\n", round, what,
                err < 0 ? strerror(-err) : "failed");
        return 99;
}

/* Its exit status; -1 where it has none. */
static int run_in(const char *directory, const char *commands, unsigned int round)
{
        char number[16];
        pid_t child = fork();
        int status;

        if (child == 0) {
                snprintf(number, sizeof(number), "%u", round);
                if (chdir(directory) != 0 || setenv("ROUND", number, 1) != 0)
                        _exit(126);
                execl("/bin/sh", "sh", "-c", commands, (char *)NULL);
                _exit(127);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status))
                return -1;
        return WEXITSTATUS(status);
}

static int one_round(struct test_disk *disk, char **commands, unsigned int round, uint64_t *random)
{
        int err;

        if (run_in(test_disk_directory(disk), commands[0], round) != 0)
                return trouble(commands[0], round, 0);
        err = test_disk_cut(disk);
        if (err == 0)
                err = test_disk_again(disk, random);
        if (err != 0)
                return trouble("no power, or none again:", round, err);
        if (run_in(test_disk_directory(disk), commands[1], round) == 0)
                return 0;
        printf("round %u: LOST\n", round);
        return 1;
}

int main(int argc, char **argv)
{
        unsigned int rounds = argc == 5 ? (unsigned int)strtoul(argv[2], NULL, 10) : 0, round = 0;
        struct test_disk *disk;
        uint64_t random;
        int status = 0;

        if (rounds == 0) {
                fprintf(stderr, "usage: at-cut STAGE ROUNDS BEFORE AFTER\n");
                return 99;
        }
        if (!test_disk_begin())
                return 77;
        random = test_seed();
        disk = test_disk_new(argv[1]);
        if (disk == NULL)
                return 77;
        while (round < rounds && status == 0)
                status = one_round(disk, argv + 3, round++, &random);
        printf("%s: %u cut points\n", argv[1], round);
        test_disk_free(disk);
        return status;
}
