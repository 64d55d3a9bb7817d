/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef RMMAP_FLOOR
#include "os/posix/calls.h"
#else
#include "os/linux/calls.h"
#endif

#include "rules.h"

/* What stands in a table in the place of NAME. */
#define DECLARE(type, name, arguments) static type injected_##name arguments

/* A call that fails, or is made as it was asked for; or its work is done in part. */
#define FAILS(type, name, as, failed, parameters, ...)                                             \
        DECLARE(type, name, parameters)                                                            \
        {                                                                                          \
                return inject_fails(INJECT_##as) ? (failed) : name(__VA_ARGS__);                   \
        }
#define FAILS_OR_SHORTENS(name, as, parameters, ...)                                               \
        DECLARE(ssize_t, name, parameters)                                                         \
        {                                                                                          \
                return inject_fails_or_shortens(INJECT_##as, &length) ? -1 : name(__VA_ARGS__);    \
        }

/* ---- memory: counted, to see what is left over */

static void *counted(void *block)
{
        if (block != NULL)
                inject_take(1, (long long)malloc_usable_size(block));
        return block;
}

DECLARE(void *, calloc, (size_t count, size_t size))
{
        return inject_fails(INJECT_CALLOC) ? NULL : counted(calloc(count, size));
}

DECLARE(char *, strdup, (const char *text))
{
        return inject_fails(INJECT_STRDUP) ? NULL : counted(strdup(text));
}

DECLARE(int, posix_memalign, (void **memory, size_t alignment, size_t size))
{
        int error = inject_meddle(INJECT_POSIX_MEMALIGN);

        if (error == 0)
                error = posix_memalign(memory, alignment, size);
        if (error == 0)
                counted(*memory);
        return error;
}

DECLARE(void, free, (void *block))
{
        if (block != NULL)
                inject_take(-1, -(long long)malloc_usable_size(block));
        free(block);
}

/* ---- descriptors and what is behind them */

#ifdef O_TMPFILE
#define IS_UNNAMED(flags) (((flags)&O_TMPFILE) == O_TMPFILE)
#else
#define IS_UNNAMED(flags) false
#endif

DECLARE(int, open, (const char *path, int flags, ...))
{
        va_list arguments;
        mode_t mode = 0;

        if ((flags & O_CREAT) || IS_UNNAMED(flags)) {
                va_start(arguments, flags);
                mode = (mode_t)va_arg(arguments, unsigned int);
                va_end(arguments);
        }
        return inject_fails(IS_UNNAMED(flags) ? INJECT_OPEN_UNNAMED : INJECT_OPEN)
                       ? -1
                       : open(path, flags, mode);
}

/* Linux has closed the descriptor whatever it says. To close one twice is a mistake of ours. */
DECLARE(int, close, (int fd))
{
        int error = inject_meddle(INJECT_CLOSE), result = close(fd);

        if (result != 0 && errno == EBADF && fd >= 0)
                abort();
        if (error == 0)
                return result;
        errno = error;
        return -1;
}

FAILS(int, fchmod, FCHMOD, -1, (int fd, mode_t mode), fd, mode)
FAILS(int, fstat, FSTAT, -1, (int fd, struct stat *status), fd, status)
FAILS(int, fstatat, FSTATAT, -1, (int fd, const char *path, struct stat *status, int flags), fd,
      path, status, flags)
FAILS(int, ftruncate, FTRUNCATE, -1, (int fd, off_t size), fd, size)
#if HAVE_DECL_FLOCK
FAILS(int, flock, FLOCK, -1, (int fd, int operation), fd, operation)
#endif
FAILS(off_t, lseek, LSEEK, -1, (int fd, off_t offset, int whence), fd, offset, whence)
FAILS(int, pipe, PIPE, -1, (int ends[2]), ends)
FAILS(int, linkat, LINK, -1, (int from, const char *old, int to, const char *new, int flags), from,
      old, to, new, flags)
FAILS(int, renameat, RENAME, -1, (int from, const char *old, int to, const char *new), from, old,
      to, new)
FAILS(int, unlink, UNLINK, -1, (const char *path), path)
FAILS(int, unlinkat, UNLINK, -1, (int directory, const char *path, int flags), directory, path,
      flags)

/* Where there is no flock, this is the lock of a file. */
#if HAVE_DECL_F_OFD_SETLK && !HAVE_DECL_FLOCK
#define IS_LOCK(command) ((command) == F_OFD_SETLK)
#else
#define IS_LOCK(command) false
#endif

/* One argument of a word's size is all that the library gives. */
DECLARE(int, fcntl, (int fd, int command, ...))
{
        va_list arguments;
        long argument;

        va_start(arguments, command);
        argument = va_arg(arguments, long);
        va_end(arguments);
        return inject_fails(IS_LOCK(command) ? INJECT_FLOCK : INJECT_FCNTL)
                       ? -1
                       : fcntl(fd, command, argument);
}

/* ---- bytes */

FAILS_OR_SHORTENS(read, READ, (int fd, void *buffer, size_t length), fd, buffer, length)
FAILS_OR_SHORTENS(pread, PREAD, (int fd, void *buffer, size_t length, off_t at), fd, buffer, length,
                  at)
FAILS_OR_SHORTENS(pwrite, PWRITE, (int fd, const void *data, size_t length, off_t at), fd, data,
                  length, at)
#if HAVE_DECL_GETENTROPY
FAILS(int, getentropy, GETENTROPY, -1, (void *buffer, size_t length), buffer, length)
#endif

/* ---- the process */

static long long whole_pages(size_t length)
{
        size_t page = (size_t)sysconf(_SC_PAGESIZE);

        return (long long)((length + page - 1) / page * page);
}

/* What is mapped at a fixed place replaces what was there. */
DECLARE(void *, mmap, (void *address, size_t length, int protection, int flags, int fd, off_t at))
{
        void *got = inject_fails(INJECT_MMAP) ? MAP_FAILED
                                              : mmap(address, length, protection, flags, fd, at);

        if (got != MAP_FAILED && !(flags & MAP_FIXED))
                inject_map(whole_pages(length));
        return got;
}

DECLARE(int, munmap, (void *address, size_t length))
{
        int result = munmap(address, length);

        if (result == 0)
                inject_map(-whole_pages(length));
        return result;
}

DECLARE(int, pthread_create,
        (pthread_t * thread, const pthread_attr_t *attributes, void *(*body)(void *), void *arg))
{
        int error = inject_meddle(INJECT_PTHREAD_CREATE);

        return error != 0 ? error : pthread_create(thread, attributes, body, arg);
}

FAILS(int, sigaction, SIGACTION, -1,
      (int number, const struct sigaction *action, struct sigaction *before), number, action,
      before)
#ifdef __GLIBC__ /* has an enum for the resource */
FAILS(int, getrlimit, GETRLIMIT, -1, (__rlimit_resource_t resource, struct rlimit *limit), resource,
      limit)
#else
FAILS(int, getrlimit, GETRLIMIT, -1, (int resource, struct rlimit *limit), resource, limit)
#endif

/* ---- what makes data durable. All of it is a cancellation point in libc, too. */

static void enter(struct inject_record record, int fd)
{
        struct stat status;

        if (fd >= 0 && fstat(fd, &status) == 0) {
                record.inode = status.st_ino;
                record.directory = S_ISDIR(status.st_mode);
        }
        inject_enter(record);
}

DECLARE(int, fsync, (int fd))
{
        enter((struct inject_record){.call = INJECT_FSYNC}, fd);
        return inject_fails(INJECT_FSYNC) ? -1 : inject_synced(fsync(fd));
}

#if HAVE_DECL_FDATASYNC
DECLARE(int, fdatasync, (int fd))
{
        enter((struct inject_record){.call = INJECT_FDATASYNC}, fd);
        return inject_fails(INJECT_FDATASYNC) ? -1 : inject_synced(fdatasync(fd));
}
#endif

DECLARE(int, msync, (void *address, size_t length, int flags))
{
        enter(
                (struct inject_record){
                        .call = INJECT_MSYNC, .address = address, .length = length, .flags = flags},
                -1);
        return inject_fails(INJECT_MSYNC) ? -1 : inject_synced(msync(address, length, flags));
}

/* clang-format off */
#define INJECTED(name) .name = injected_##name,
/* clang-format on */

const struct os_calls os_calls = {OS_CALLS(INJECTED)};

#ifndef RMMAP_FLOOR
/* ---- what only Linux has */

FAILS(int, eventfd, EVENTFD, -1, (unsigned int count, int flags), count, flags)
FAILS(int, fstatfs, FSTATFS, -1, (int fd, struct statfs *facts), fd, facts)
FAILS(int, madvise, MADVISE, -1, (void *address, size_t length, int advice), address, length,
      advice)
FAILS(int, mincore, MINCORE, -1, (void *address, size_t length, unsigned char *in_memory), address,
      length, in_memory)
FAILS(ssize_t, readlink, READLINK, -1, (const char *path, char *target, size_t size), path, target,
      size)

DECLARE(int, fallocate, (int fd, int mode, off_t offset, off_t length))
{
        inject_reserve(length);
        return inject_fails(INJECT_FALLOCATE) ? -1 : fallocate(fd, mode, offset, length);
}

#ifdef __GLIBC__
DECLARE(int, ioctl, (int fd, unsigned long request, ...))
#else
DECLARE(int, ioctl, (int fd, int request, ...))
#endif
{
        va_list arguments;
        void *argument;

        va_start(arguments, request);
        argument = va_arg(arguments, void *);
        va_end(arguments);
        return inject_fails(INJECT_IOCTL) ? -1 : ioctl(fd, request, argument);
}

/* The same by its number; with more arguments than were given, as libc itself reads them. */
#define UNSANITIZED __attribute__((no_sanitize("address")))
DECLARE(UNSANITIZED long, syscall, (long number, ...))
{
        long arguments[6];
        va_list list;

        va_start(list, number);
        for (int i = 0; i < 6; i++)
                arguments[i] = va_arg(list, long);
        va_end(list);
#ifdef SYS_getrlimit
        if (number == SYS_getrlimit && inject_fails(INJECT_GETRLIMIT))
                return -1;
#endif
#ifdef SYS_statx
        if (number == SYS_statx && inject_fails(INJECT_STATX))
                return -1;
#endif
#ifdef SYS_renameat2
        if (number == SYS_renameat2 && inject_fails(INJECT_RENAME_NEW))
                return -1;
#endif
        return syscall(number, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4],
                       arguments[5]);
}

#if INJECT_HAS_PWRITEV2
/* Only its first piece is shortened; the library gives one. */
DECLARE(ssize_t, pwritev2, (int fd, const struct iovec *iov, int count, off_t at, int flags))
{
        struct iovec piece = iov[0];
        ssize_t written;

        enter((struct inject_record){.call = INJECT_PWRITEV2,
                                     .length = piece.iov_len,
                                     .flags = flags},
              fd);
        if (inject_fails_or_shortens(INJECT_PWRITEV2, &piece.iov_len))
                return -1;
        written = pwritev2(fd, count == 1 ? &piece : iov, count, at, flags);
        if (written >= 0)
                inject_synced(0);
        return written;
}
#endif

DECLARE(int, sync_file_range, (int fd, off_t offset, off_t length, unsigned int flags))
{
        enter((struct inject_record){.call = INJECT_SYNC_FILE_RANGE,
                                     .length = (size_t)length,
                                     .flags = (int)flags},
              fd);
        return inject_fails(INJECT_SYNC_FILE_RANGE) ? -1
                                                    : sync_file_range(fd, offset, length, flags);
}

const struct linux_calls linux_calls = {LINUX_CALLS(INJECTED)};
#endif
