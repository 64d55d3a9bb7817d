/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The allocator in use: behind a handle of a real file. */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "allocator-contract.h"

#define MOST (BLOCKS + 1)
#define THREADS 8

struct subject {
        struct contract *contract;
        struct rmmap_file *file;
        char directory[256], path[300];
};

static bool open_subject(struct subject *subject, struct contract *contract, uint64_t from)
{
        const char *parent = getenv("TMPDIR");
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        int err;

        subject->contract = contract;
        snprintf(subject->directory, sizeof(subject->directory), "%s/allocator-contract-XXXXXX",
                 parent != NULL && parent[0] != '\0' ? parent : "/tmp");
        if (mkdtemp(subject->directory) == NULL) {
                broken(contract, "%s: %s", subject->directory, strerror(errno));
                return false;
        }
        snprintf(subject->path, sizeof(subject->path), "%s/file", subject->directory);
        options.allocator = contract->ops;
        options.allocate_from = from;
        err = rmmap_create(subject->path, TOTAL, &options, &subject->file);
        /* The name isn't needed: an allocator that crashes leaves no file behind. */
        unlink(subject->path);
        rmdir(subject->directory);
        if (err != 0)
                broken(contract, "rmmap_create answers %s", answer_text(err));
        return err == 0;
}

/* Each block is filled with data that identifies its range, so that reading detects an overlap. */
static void fill(unsigned char *data, struct rmmap_range range)
{
        for (uint64_t i = 0; i < rmmap_range_length(range); i++)
                data[i] = (unsigned char)((rmmap_range_start(range) / BLOCK + 1) * 37 + i);
}

static void write_one(struct subject *subject, struct rmmap_range range)
{
        static unsigned char data[TOTAL];
        int err;

        fill(data, range);
        err = rmmap_write_range(subject->file, range, data, (size_t)rmmap_range_length(range),
                                NULL);
        if (err != 0)
                broken(subject->contract, "rmmap_write_range answers %s", answer_text(err));
}

static void read_one(struct subject *subject, struct rmmap_range range)
{
        static unsigned char data[TOTAL], want[TOTAL];
        int err = rmmap_read_range(subject->file, range, data, sizeof(data), NULL);

        fill(want, range);
        if (err != 0)
                broken(subject->contract, "rmmap_read_range answers %s", answer_text(err));
        else if (memcmp(data, want, (size_t)rmmap_range_length(range)) != 0)
                broken(subject->contract, "the range at %llu was overwritten by another one",
                       (unsigned long long)rmmap_range_start(range));
}

/* Allocates everything, sometimes by exact allocations; writes each range at once. */
static size_t write_all(struct subject *subject, struct rmmap_range *ranges)
{
        struct contract *contract = subject->contract;
        size_t count = 0;

        for (int tries = 0; tries < 1000 && count < MOST && !contract->failed; tries++) {
                uint64_t size = random_below(contract, 3 * BLOCK) + 1;
                bool exact = tries % 4 == 3;
                int err = exact ? rmmap_allocate_exact(subject->file, size, &ranges[count])
                                : rmmap_allocate(subject->file, size, &ranges[count]);

                if (err == -ENOSPC && !exact)
                        return count;
                if (err == 0)
                        write_one(subject, ranges[count++]);
                else if (err != -ENOSPC)
                        broken(contract, "rmmap_allocate answers %s", answer_text(err));
        }
        broken(contract, "rmmap_allocate goes on and on");
        return count;
}

static void written_and_read(struct contract *contract)
{
        struct rmmap_range ranges[MOST];
        struct subject subject;
        size_t count;

        if (!open_subject(&subject, contract, 1))
                return;
        count = write_all(&subject, ranges);
        for (size_t i = 0; i < count; i++)
                read_one(&subject, ranges[i]);
        rmmap_release(subject.file);
}

/* An existing op works through the handle; a missing one is EOPNOTSUPP. */
static void expect_optional(struct contract *contract, const char *name, bool is_there, int answer)
{
        if (answer != (is_there ? 0 : -EOPNOTSUPP))
                broken(contract, "%s answers %s", name, answer_text(answer));
}

static void go_on(struct contract *contract, const unsigned char *state, size_t length)
{
        struct subject subject;
        struct rmmap_range range;
        int err;

        if (!open_subject(&subject, contract, 0))
                return;
        err = rmmap_allocator_restore(subject.file, state, length);
        expect_optional(contract, "rmmap_allocator_restore", true, err);
        err = rmmap_allocate(subject.file, BLOCK, &range);
        if (err != 0 || rmmap_range_start(range) / BLOCK == 0)
                broken(contract, "after rmmap_allocator_restore: %s, range at %llu",
                       answer_text(err), (unsigned long long)rmmap_range_start(range));
        rmmap_release(subject.file);
}

/* A claim of owned bytes fails; a claim of unclaimed bytes works, with the op or without. */
static void claim_again(struct contract *contract, const struct subject *subject,
                        struct rmmap_range range)
{
        uint64_t start = rmmap_range_start(range), end = rmmap_range_end(range);
        struct rmmap_range claimed;
        int err = rmmap_claim_range(subject->file, start, end, &claimed);

        if (err != (contract->ops->claim != NULL ? -EBUSY : -EOPNOTSUPP))
                broken(contract, "rmmap_claim_range of an allocated range answers %s",
                       answer_text(err));
        err = rmmap_unclaim_range(subject->file, range);
        if (err != 0)
                broken(contract, "rmmap_unclaim_range answers %s", answer_text(err));
        expect_optional(contract, "rmmap_claim_range of an unclaimed range", true,
                        rmmap_claim_range(subject->file, start, end, &claimed));
}

static void optional_calls(struct contract *contract)
{
        const struct rmmap_allocator_ops *ops = contract->ops;
        struct subject subject;
        struct rmmap_range range;
        unsigned char state[4096];
        size_t length = sizeof(state);
        int err;

        if (!open_subject(&subject, contract, 0))
                return;
        err = rmmap_allocate_exact(subject.file, 1, &range);
        if (err != 0)
                broken(contract, "rmmap_allocate_exact answers %s", answer_text(err));
        claim_again(contract, &subject, range);
        err = rmmap_allocator_save(subject.file, state, &length);
        if (err != -ENOBUFS) /* a long state has had its own check */
                expect_optional(contract, "rmmap_allocator_save", ops->save != NULL, err);
        expect_optional(contract, "rmmap_give_back_range", ops->give_back != NULL,
                        rmmap_give_back_range(subject.file, range));
        rmmap_release(subject.file);
        if (err == 0 && ops->restore != NULL && rmmap_range_start(range) == 0)
                go_on(contract, state, length);
}

struct worker {
        pthread_t thread;
        struct rmmap_file *file;
        struct rmmap_range ranges[MOST + 1]; /* one more than there are blocks */
        size_t count;
        int last;
        bool started;
};

static void *take_all(void *arg)
{
        struct worker *worker = arg;

        while (worker->last == 0 && worker->count <= MOST) {
                worker->last = rmmap_allocate(worker->file, 1, &worker->ranges[worker->count]);
                worker->count += worker->last == 0;
        }
        rmmap_release(worker->file);
        return NULL;
}

static void from_many_threads(struct contract *contract)
{
        static struct worker workers[THREADS];
        struct subject subject;
        uint64_t given = 0;

        if (!(contract->ops->flags & RMMAP_ALLOCATOR_THREAD_SAFE)) {
                skip(contract, "not for many threads");
                return;
        }
        if (!open_subject(&subject, contract, 0))
                return;
        for (int i = 0; i < THREADS; i++) {
                workers[i].file = rmmap_clone(subject.file);
                workers[i].started =
                        pthread_create(&workers[i].thread, NULL, take_all, &workers[i]) == 0;
        }
        for (int i = 0; i < THREADS; i++) {
                if (workers[i].started)
                        pthread_join(workers[i].thread, NULL);
                for (size_t j = 0; j < workers[i].count; j++) {
                        write_one(&subject, workers[i].ranges[j]);
                        given += rmmap_range_length(workers[i].ranges[j]);
                }
                if (workers[i].last != -ENOSPC)
                        broken(contract, "rmmap_allocate ends with %s",
                               answer_text(workers[i].last));
        }
        for (int i = 0; i < THREADS; i++)
                for (size_t j = 0; j < workers[i].count; j++)
                        read_one(&subject, workers[i].ranges[j]);
        if (given != TOTAL)
                broken(contract, "%llu of %llu bytes were given", (unsigned long long)given,
                       (unsigned long long)TOTAL);
        rmmap_release(subject.file);
}

/* The release in a child destroys the child's copy of the allocator; the parent's goes on. */
static void released_in_a_child(struct contract *contract)
{
        struct subject subject;
        struct rmmap_range range;
        uint64_t left;
        pid_t child;
        int status = -1;

        if (!open_subject(&subject, contract, 0))
                return;
        if (rmmap_allocate(subject.file, BLOCK, &range) != 0)
                broken(contract, "rmmap_allocate fails");
        left = rmmap_remaining(subject.file);
        fflush(NULL);
        child = fork();
        if (child == 0) {
                rmmap_release(subject.file);
                _exit(0);
        }
        if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
                broken(contract, "the child ends with status %d", status);
        if (rmmap_remaining(subject.file) != left || rmmap_allocate(subject.file, 1, &range) != 0)
                broken(contract, "the parent can't go on after its child's release");
        rmmap_release(subject.file);
}

const struct check file_checks[] = {
        {"file: written and read by its ranges", written_and_read},
        {"file: what is optional works, or is EOPNOTSUPP", optional_calls},
        {"file: from many threads", from_many_threads},
        {"file: released in a forked child", released_in_a_child},
        {NULL, NULL},
};
