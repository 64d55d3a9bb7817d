/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Preloaded to a program of a guide: kills it just before the DIE_AT-th of the calls by which a
 * file changes, so that each gap between two of them can be tried.
 *
 *  DIE_ON   only calls of these names, with spaces between them; what opens a file counts only so
 *  DIE_PATH only calls for this path
 *  HOLD     1: it is stopped there, not killed, so that others can run in the gap
 *  TELL     1: each call is told on descriptor 3, with its offset if it has one
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static bool names(const char *list, const char *name)
{
        size_t length = strlen(name);

        for (const char *at = list; (at = strstr(at, name)); at += length)
                if ((at == list || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\0'))
                        return true;
        return false;
}

/* path: NULL where a call has none. */
static void count_down(const char *name, const char *path)
{
        static atomic_int calls;
        const char *last = getenv("DIE_AT"), *only = getenv("DIE_ON");
        const char *only_path = getenv("DIE_PATH");

        if (!last || (only && !names(only, name)) || (!only && strcmp(name, "open") == 0) ||
            (only_path && (!path || strcmp(path, only_path) != 0)))
                return;
        if (atomic_fetch_add(&calls, 1) + 1 == atoi(last))
                raise(getenv("HOLD") ? SIGSTOP : SIGKILL);
}

static void tell(const char *name, long long at)
{
        if (getenv("TELL"))
                dprintf(3, "%s %lld\n", name, at);
}

static void *real_one(const char *name)
{
        return dlsym(RTLD_NEXT, name);
}

#define STAND_IN(type, name, path, at, parameters, ...)                                            \
        type name parameters                                                                       \
        {                                                                                          \
                type(*real) parameters;                                                            \
                                                                                                   \
                *(void **)&real = real_one(#name);                                                 \
                count_down(#name, path);                                                           \
                tell(#name, at);                                                                   \
                return real(__VA_ARGS__);                                                          \
        }

STAND_IN(ssize_t, pwrite, NULL, at, (int fd, const void *data, size_t length, off_t at), fd, data,
         length, at)
STAND_IN(ssize_t, pwritev2, NULL, at,
         (int fd, const struct iovec *iov, int count, off_t at, int flags), fd, iov, count, at,
         flags)
#ifdef __GLIBC__
STAND_IN(ssize_t, pwrite64, NULL, at, (int fd, const void *data, size_t length, off64_t at), fd,
         data, length, at)
STAND_IN(ssize_t, pwritev64v2, NULL, at,
         (int fd, const struct iovec *iov, int count, off64_t at, int flags), fd, iov, count, at,
         flags)
STAND_IN(int, ftruncate64, NULL, -1, (int fd, off64_t length), fd, length)
#endif
STAND_IN(int, msync, NULL, -1, (void *address, size_t length, int flags), address, length, flags)
STAND_IN(int, fdatasync, NULL, -1, (int fd), fd)
STAND_IN(int, fsync, NULL, -1, (int fd), fd)
STAND_IN(int, ftruncate, NULL, -1, (int fd, off_t length), fd, length)
STAND_IN(int, rename, from, -1, (const char *from, const char *to), from, to)
STAND_IN(int, renameat, from, -1, (int from_at, const char *from, int to_at, const char *to),
         from_at, from, to_at, to)
STAND_IN(int, unlinkat, path, -1, (int at, const char *path, int flags), at, path, flags)
STAND_IN(int, unlink, path, -1, (const char *path), path)

/* renameat2 comes this way, as not every libc has it. */
long syscall(long number, ...)
{
        long (*real)(long number, ...), arguments[6];
        va_list list;

        va_start(list, number);
        for (int i = 0; i < 6; i++)
                arguments[i] = va_arg(list, long);
        va_end(list);
        *(void **)&real = real_one("syscall");
        if (number == SYS_renameat2) {
                count_down("renameat2", (const char *)arguments[1]);
                tell("renameat2", -1);
        }
        return real(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                    arguments[5]);
}

/* A mode is there only for some flags; to ask for one that isn't does no harm here. */
#define STAND_IN_FOR_OPEN(name)                                                                    \
        int name(const char *path, int flags, ...)                                                 \
        {                                                                                          \
                int (*real)(const char *path, int flags, ...);                                     \
                va_list list;                                                                      \
                mode_t mode;                                                                       \
                                                                                                   \
                va_start(list, flags);                                                             \
                mode = va_arg(list, mode_t);                                                       \
                va_end(list);                                                                      \
                *(void **)&real = real_one(#name);                                                 \
                count_down("open", path);                                                          \
                return real(path, flags, mode);                                                    \
        }

STAND_IN_FOR_OPEN(open)
#ifdef __GLIBC__
STAND_IN_FOR_OPEN(open64)
#endif
