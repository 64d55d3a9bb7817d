/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Preloaded to a program of a guide: kills it just before the DIE_AT-th of the calls by which a
 * file changes, so that each gap between two of them can be tried. DIE_ON: only calls of that name.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

static void count_down(const char *name)
{
        static atomic_int calls;
        const char *last = getenv("DIE_AT"), *only = getenv("DIE_ON");

        if (last && (!only || strcmp(name, only) == 0) &&
            atomic_fetch_add(&calls, 1) + 1 == atoi(last))
                raise(SIGKILL);
}

#define STAND_IN(type, name, parameters, ...)                                                      \
        type name parameters                                                                       \
        {                                                                                          \
                type(*real) parameters;                                                            \
                                                                                                   \
                *(void **)&real = dlsym(RTLD_NEXT, #name);                                         \
                count_down(#name);                                                                 \
                return real(__VA_ARGS__);                                                          \
        }

STAND_IN(ssize_t, pwrite, (int fd, const void *data, size_t length, off_t at), fd, data, length, at)
STAND_IN(ssize_t, pwritev2, (int fd, const struct iovec *iov, int count, off_t at, int flags), fd,
         iov, count, at, flags)
#ifdef __GLIBC__
STAND_IN(ssize_t, pwrite64, (int fd, const void *data, size_t length, off64_t at), fd, data, length,
         at)
STAND_IN(ssize_t, pwritev64v2, (int fd, const struct iovec *iov, int count, off64_t at, int flags),
         fd, iov, count, at, flags)
#endif
STAND_IN(int, msync, (void *address, size_t length, int flags), address, length, flags)
STAND_IN(int, fdatasync, (int fd), fd)
STAND_IN(int, fsync, (int fd), fd)
STAND_IN(int, ftruncate, (int fd, off_t length), fd, length)
STAND_IN(int, rename, (const char *from, const char *to), from, to)
STAND_IN(int, unlink, (const char *path), path)
