/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The allocator in use: behind a handle of a real file. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocator-contract.h"

#define MOST (BLOCKS + 1)

/* A file without a name, so that an allocator that crashes leaves none behind; NULL: broken. */
static struct rmmap_file *open_file(struct contract *contract, uint64_t from)
{
        const char *parent = getenv("TMPDIR");
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *file = NULL;
        char directory[256], path[300];
        int err;

        snprintf(directory, sizeof(directory), "%s/allocator-contract-XXXXXX",
                 parent != NULL && parent[0] != '\0' ? parent : "/tmp");
        if (mkdtemp(directory) == NULL) {
                broken(contract, "%s: %s", directory, strerror(errno));
                return NULL;
        }
        snprintf(path, sizeof(path), "%s/file", directory);
        options.allocator = contract->ops;
        options.allocate_from = from;
        err = rmmap_create(path, TOTAL, &options, &file);
        unlink(path);
        rmdir(directory);
        if (err != 0)
                broken(contract, "rmmap_create answers %s", answer_text(err));
        return file;
}

/* Allocates everything, sometimes by exact allocations, and fills each range with its number. */
static size_t write_all(struct contract *contract, struct rmmap_file *file,
                        struct rmmap_range *ranges)
{
        static unsigned char data[TOTAL];
        size_t count = 0;

        for (int tries = 0; tries < 1000 && count < MOST && !contract->failed; tries++) {
                uint64_t size = random_below(contract, 3 * BLOCK) + 1;
                bool exact = tries % 4 == 3;
                int err = exact ? rmmap_allocate_exact(file, size, &ranges[count])
                                : rmmap_allocate(file, size, &ranges[count]);

                if (err == -ENOSPC && !exact)
                        return count;
                if (err == -ENOSPC)
                        continue;
                if (err == 0) {
                        size_t length = (size_t)rmmap_range_length(ranges[count]);

                        memset(data, (int)count + 1, length);
                        err = rmmap_write_range(file, ranges[count++], data, length, NULL);
                }
                if (err != 0)
                        broken(contract, "rmmap_allocate or rmmap_write_range answers %s",
                               answer_text(err));
        }
        broken(contract, "rmmap_allocate goes on and on");
        return count;
}

static void written_and_read(struct contract *contract)
{
        static unsigned char data[TOTAL];
        struct rmmap_range ranges[MOST];
        struct rmmap_file *file = open_file(contract, 1);
        size_t count = file != NULL ? write_all(contract, file, ranges) : 0;

        for (size_t i = 0; i < count; i++) {
                size_t length = 0;
                int err = rmmap_read_range(file, ranges[i], data, sizeof(data), &length);

                if (err != 0)
                        broken(contract, "rmmap_read_range answers %s", answer_text(err));
                for (size_t at = 0; at < length; at++)
                        if (data[at] != i + 1)
                                broken(contract, "range %zu was overwritten by another one", i);
        }
        rmmap_release(file);
}

/* The release in a child destroys the child's copy of the allocator; the parent's goes on. */
static void released_in_a_child(struct contract *contract)
{
        struct rmmap_file *file = open_file(contract, 0);
        struct rmmap_range range;
        uint64_t left;
        pid_t child;
        int status = -1;

        if (file == NULL)
                return;
        if (rmmap_allocate(file, BLOCK, &range) != 0)
                broken(contract, "rmmap_allocate fails");
        left = rmmap_remaining(file);
        fflush(NULL);
        child = fork();
        if (child == 0) {
                rmmap_release(file);
                _exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
                broken(contract, "the child ends with status %d", status);
        if (rmmap_remaining(file) != left || rmmap_allocate(file, 1, &range) != 0)
                broken(contract, "the parent can't go on after its child's release");
        rmmap_release(file);
}

const struct check file_checks[] = {
        {"file: written and read by its ranges", written_and_read, 0},
        {"file: released in a forked child", released_in_a_child, 0},
        {NULL, NULL, 0},
};
