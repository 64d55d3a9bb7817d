/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "crash/mutant.h"

#ifndef RWF_DSYNC
#define RWF_DSYNC 2
#endif

enum fault {
        NONE,
        NO_FDATASYNC,
        NO_MSYNC,
        HALF_MSYNC,
        NO_DSYNC,
        NO_DIRECTORY,
        NO_FSYNC,
        NO_STATE,
        DEAF,
        FAULTS
};

static const char *const names[FAULTS] = {"none",       "no-fdatasync", "no-msync",
                                          "half-msync", "no-dsync",     "no-directory",
                                          "no-fsync",   "no-state",     "deaf"};
/* Set before there are threads. */
static enum fault fault = NONE;

static int (*real_fsync)(int fd);
static int (*real_fdatasync)(int fd);
static int (*real_msync)(void *address, size_t length, int flags);
static ssize_t (*real_pwritev2)(int fd, const struct iovec *iov, int count, off_t at, int flags);

bool mutant_become(const char *name)
{
        for (int i = 0; i < FAULTS; i++) {
                if (strcmp(name, names[i]) == 0) {
                        fault = (enum fault)i;
                        return true;
                }
        }
        return false;
}

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
}

static void find_once(void)
{
        static pthread_once_t once = PTHREAD_ONCE_INIT;

        pthread_once(&once, find_all);
}

static int heard(int result)
{
        return fault == DEAF ? 0 : result;
}

static bool is_directory(int fd)
{
        struct stat status;

        return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

int fsync(int fd)
{
        find_once();
        if (fault == (is_directory(fd) ? NO_DIRECTORY : NO_FSYNC))
                return 0;
        return heard(real_fsync(fd));
}

int fdatasync(int fd)
{
        find_once();
        return fault == NO_FDATASYNC ? 0 : heard(real_fdatasync(fd));
}

/* Is a file of that name mapped there? */
static bool maps_file(const void *address, const char *name)
{
        FILE *maps = fopen("/proc/self/maps", "re");
        char line[8192];
        bool is = false;

        while (maps != NULL && fgets(line, sizeof(line), maps) != NULL) {
                unsigned long start, end;

                if (sscanf(line, "%lx-%lx", &start, &end) != 2 || (uintptr_t)address < start ||
                    (uintptr_t)address >= end)
                        continue;
                line[strcspn(line, "\n")] = '\0';
                is = strlen(line) > strlen(name) &&
                     strcmp(line + strlen(line) - strlen(name), name) == 0;
        }
        if (maps != NULL)
                fclose(maps);
        return is;
}

int msync(void *address, size_t length, int flags)
{
        find_once();
        if (fault == NO_MSYNC || (fault == NO_STATE && maps_file(address, "/state")))
                return 0;
        return heard(real_msync(address, fault == HALF_MSYNC ? length / 2 : length, flags));
}

ssize_t pwritev2(int fd, const struct iovec *iov, int count, off_t at, int flags)
{
        find_once();
        return real_pwritev2(fd, iov, count, at, fault == NO_DSYNC ? flags & ~RWF_DSYNC : flags);
}
