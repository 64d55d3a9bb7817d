/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "inject.h"

#define MOST_RECORDS 4096

static int (*real_fsync)(int fd);
static int (*real_fdatasync)(int fd);
static int (*real_msync)(void *address, size_t length, int flags);
static ssize_t (*real_pwritev2)(int fd, const struct iovec *iov, int count, off_t at, int flags);
static int (*real_sync_file_range)(int fd, off_t offset, off_t length, unsigned int flags);

static struct rule {
        atomic_int calls_until; /* 1: the next one fails; 0 and below: so long ago */
        atomic_int error, times;
} rules[INJECT_CALLS];

static struct inject_record records[MOST_RECORDS];
static atomic_int record_count, counts[INJECT_CALLS];
/* The process whose callers wait: a forked child must not find itself at its parent's gate. */
static atomic_int gate_of, waiting;

static void *find(const char *name)
{
        void *found = dlsym(RTLD_NEXT, name);

        if (found == NULL)
                abort();
        return found;
}

static void find_all(void)
{
        /* ISO C has no cast from a data pointer to a function's. */
        *(void **)&real_fsync = find("fsync");
        *(void **)&real_fdatasync = find("fdatasync");
        *(void **)&real_msync = find("msync");
        *(void **)&real_pwritev2 = find("pwritev2");
        *(void **)&real_sync_file_range = find("sync_file_range");
}

static void find_once(void)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;

        pthread_once(&once, find_all);
}

void inject_start(void)
{
        find_once();
        for (int i = 0; i < INJECT_CALLS; i++) {
                atomic_store(&rules[i].calls_until, 0);
                atomic_store(&rules[i].times, 0);
                atomic_store(&counts[i], 0);
        }
        atomic_store(&record_count, 0);
        inject_open_gate();
}

void inject_fail(enum injected call, int k, int error, int times)
{
        atomic_store(&rules[call].error, error);
        atomic_store(&rules[call].times, times);
        atomic_store(&rules[call].calls_until, k);
}

int inject_count(enum injected call)
{
        return atomic_load(&counts[call]);
}

int inject_sync_count(void)
{
        return inject_total() - inject_count(INJECT_SYNC_FILE_RANGE);
}

int inject_total(void)
{
        return atomic_load(&record_count);
}

struct inject_record inject_record(int n)
{
        return records[n];
}

void inject_close_gate(void)
{
        atomic_store(&waiting, 0);
        atomic_store(&gate_of, getpid());
}

void inject_open_gate(void)
{
        atomic_store(&gate_of, 0);
}

int inject_waiting(void)
{
        return atomic_load(&waiting);
}

static void pass_gate(void)
{
        const struct timespec moment = {.tv_nsec = 200000};

        if (atomic_load(&gate_of) != getpid())
                return;
        atomic_fetch_add(&waiting, 1);
        while (atomic_load(&gate_of) == getpid())
                nanosleep(&moment, NULL);
}

static void note(struct inject_record record, int fd)
{
        int at = atomic_fetch_add(&record_count, 1);
        struct stat status;

        if (fd >= 0 && fstat(fd, &status) == 0) {
                record.inode = status.st_ino;
                record.directory = S_ISDIR(status.st_mode);
        }
        atomic_fetch_add(&counts[record.call], 1);
        if (at < MOST_RECORDS)
                records[at] = record;
}

/* 0, or the error this call is to fail with. All of them are cancellation points in libc, too. */
static int meddle(struct inject_record record, int fd)
{
        struct rule *rule = &rules[record.call];
        int left;

        find_once();
        pthread_testcancel();
        note(record, fd);
        pass_gate();
        left = atomic_fetch_sub(&rule->calls_until, 1);
        if (left > 1 || left <= 1 - atomic_load(&rule->times))
                return 0;
        return atomic_load(&rule->error);
}

static int fail(int error)
{
        errno = error;
        return -1;
}

int fsync(int fd)
{
        int error = meddle((struct inject_record){.call = INJECT_FSYNC}, fd);

        return error != 0 ? fail(error) : real_fsync(fd);
}

int fdatasync(int fd)
{
        int error = meddle((struct inject_record){.call = INJECT_FDATASYNC}, fd);

        return error != 0 ? fail(error) : real_fdatasync(fd);
}

int msync(void *address, size_t length, int flags)
{
        struct inject_record record = {
                .call = INJECT_MSYNC, .address = address, .length = length, .flags = flags};
        int error = meddle(record, -1);

        return error != 0 ? fail(error) : real_msync(address, length, flags);
}

ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
        struct inject_record record = {
                .call = INJECT_PWRITEV2, .length = iov->iov_len, .flags = flags};
        int error = meddle(record, fd);

        return error != 0 ? fail(error) : real_pwritev2(fd, iov, count, at, flags);
}

int sync_file_range(int fd, off_t offset, off_t length, unsigned int flags)
{
        struct inject_record record = {
                .call = INJECT_SYNC_FILE_RANGE, .length = (size_t)length, .flags = (int)flags};
        int error = meddle(record, fd);

        return error != 0 ? fail(error) : real_sync_file_range(fd, offset, length, flags);
}
