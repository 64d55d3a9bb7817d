/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "descriptor.h"
#include "neighbour.h"

/* Both processes see it. */
struct neighbour {
        pid_t process;
        sem_t halfway;
        struct histogram waits;
};

void neighbour_path(char *path, size_t capacity, const struct job *job)
{
        snprintf(path, capacity, "%.4000s-neighbour", job->path);
}

/* Appends a page and syncs it, again and again. */
static void sync_often(struct neighbour *neighbour, const char *path)
{
        static const unsigned char page[PAGE];
        struct timespec pause = {0, 10 * 1000000L};
        int fd = descriptor_create(path, 0);

        for (uint64_t offset = 0; fd >= 0; offset += PAGE) {
                uint64_t began = histogram_now();

                if (descriptor_write(fd, page, PAGE, offset) != 0 || fsync(fd) != 0)
                        return;
                histogram_add(&neighbour->waits, histogram_now() - began);
                nanosleep(&pause, NULL);
        }
}

/* Takes three quarters of the memory group when the job is half done, and keeps them. */
static void grow(struct neighbour *neighbour, uint64_t memory)
{
        while (sem_wait(&neighbour->halfway) != 0)
                continue;
        (void)mmap(NULL, (size_t)(memory / 4 * 3), PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED | MAP_POPULATE, -1, 0);
        for (;;)
                pause();
}

int neighbour_start(struct neighbour **neighbour, const struct job *job)
{
        static char path[4096];
        struct neighbour *new;
        pid_t process;

        *neighbour = NULL;
        if (job->scenario->neighbour == NEIGHBOUR_NONE)
                return 0;
        neighbour_path(path, sizeof(path), job);
        new = mmap(NULL, sizeof(*new), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (new == MAP_FAILED)
                return -errno;
        sem_init(&new->halfway, 1, 0);
        process = fork();
        if (process < 0) {
                int err = -errno;

                munmap(new, sizeof(*new));
                return err;
        }
        if (process == 0) {
                prctl(PR_SET_PDEATHSIG, SIGKILL);
                if (job->scenario->neighbour == NEIGHBOUR_SYNCS)
                        sync_often(new, path);
                else
                        grow(new, job->scenario->memory);
                _exit(1);
        }
        new->process = process;
        *neighbour = new;
        return 0;
}

void neighbour_halfway(struct neighbour *neighbour)
{
        sem_post(&neighbour->halfway);
}

void neighbour_stop(struct neighbour *neighbour, const struct job *job, struct histogram *waits)
{
        char path[4096];

        if (neighbour == NULL)
                return;
        kill(neighbour->process, SIGKILL);
        while (waitpid(neighbour->process, NULL, 0) < 0 && errno == EINTR)
                continue;
        neighbour_path(path, sizeof(path), job);
        unlink(path);
        histogram_merge(waits, &neighbour->waits);
        sem_destroy(&neighbour->halfway);
        munmap(neighbour, sizeof(*neighbour));
}
