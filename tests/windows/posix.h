/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the tests ask of POSIX, on Windows: for themselves, never for the library. Where Windows has
 * no such thing, the test that asks ends, as skipped. After all headers of the system.
 */
#ifndef TEST_WINDOWS_POSIX_H
#define TEST_WINDOWS_POSIX_H

#include <direct.h>
#include <fcntl.h>
#include <io.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include "rmmap.h"

/* Ends the test. */
_Noreturn void test_lacks(const char *what);

/* Ends the test unless Windows has it, although the floor build lacks it. */
void windows_may_lack(const char *what);

/* An expression of type int, for the place of a call. */
#define LACKS(what) (test_lacks(what), 0)

#define O_CLOEXEC O_NOINHERIT
#define ODD_NAME "a b;c"
#define BELOW_A_FILE ENOENT

/* ---- files: names in UTF-8, always binary, and open to everybody, also to be deleted */

int posix_open(const char *path, int flags, ...);
int posix_unlink(const char *path);
int posix_remove(const char *path);
int posix_truncate(const char *path, off_t size);
int posix_ftruncate(int fd, off_t size);
int posix_rename(const char *from, const char *to);
int posix_link(const char *from, const char *to);
int posix_mkdir(const char *path, mode_t mode);

/* The number of a file has 64 bits. */
#define ino_t uint64_t

struct posix_stat {
        ino_t st_ino;
        uint64_t st_size;
        mode_t st_mode;
        unsigned int st_nlink;
};

int posix_stat(const char *path, struct posix_stat *status);
int posix_fstat(int fd, struct posix_stat *status);

ssize_t pread(int fd, void *buffer, size_t length, off_t offset);
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset);
char *mkdtemp(char *pattern);

static inline mode_t posix_umask(mode_t mask)
{
        return (mode_t)umask(mask);
}

#define open(...) posix_open(__VA_ARGS__)
#define umask(mask) posix_umask(mask)
#define unlink(path) posix_unlink(path)
#define remove(path) posix_remove(path)
#define truncate(path, size) posix_truncate(path, size)
#undef ftruncate
#define ftruncate(fd, size) posix_ftruncate(fd, size)
#define rename(from, to) posix_rename(from, to)
#define link(from, to) posix_link(from, to)
#define mkdir(path, mode) posix_mkdir(path, mode)
#undef stat
#define stat posix_stat
#undef fstat
#define fstat posix_fstat

/* ---- handles of the library, as descriptors */

int posix_rmmap_fd(const struct rmmap_file *file);
int posix_rmmap_open_fd(int fd, const struct rmmap_options *options, struct rmmap_file **file);

#define rmmap_fd(file) posix_rmmap_fd(file)
#define rmmap_open_fd(fd, options, file) posix_rmmap_open_fd(fd, options, file)
#define rmmap_write_range_from_fd(file, range, fd, done, receipt)                                  \
        ((void)(file), (void)(range), (void)(fd), (void)(done), (void)(receipt),                   \
         LACKS("rmmap_write_range_from_fd"))

/* ---- the process */

#define _SC_PAGESIZE 0
long sysconf(int name);
int setenv(const char *name, const char *value, int replace);

/* ---- what is missing */

#define O_DIRECT LACKS("O_DIRECT")
#define O_DIRECTORY 0 /* any can be opened */
#define O_PATH LACKS("O_PATH")
#define FD_CLOEXEC 1
#define MFD_CLOEXEC 0
#define memfd_create(name, flags) LACKS("memfd_create")
#define fcntl(fd, ...) ((void)(fd), LACKS("fcntl"))
#define readlink(path, target, size) ((void)(target), LACKS("/proc"))
#define mount(...) LACKS("mounts of a process")
#define socket(...) LACKS("sockets with names in a directory")
#define bind(...) LACKS("sockets with names in a directory")

/* No call of a system has this number. */
static inline int posix_syscall(int number, ...)
{
        (void)number;
        return -1;
}
#define SYS_cachestat 451
#define syscall(...) posix_syscall(__VA_ARGS__)

/* ---- signals: nobody sends one, so that their masks and stacks stay as they are */

#define SIGIO 29
#define SIGBUS 10
#define SIGUSR1 16
#define SIGRTMIN 32
#define SIG_BLOCK 0
#define SS_ONSTACK 1

#define sigset_t _sigset_t
#define sigemptyset(set) (*(set) = 0)
#define sigaddset(set, number) (*(set) |= 1ull << (number))
#define sigismember(set, number) (int)(*(set) >> (number)&1)
#undef pthread_sigmask
#define pthread_sigmask(how, set, before) posix_sigmask(set, before)
int posix_sigmask(const sigset_t *set, sigset_t *before);

typedef struct {
        void *ss_sp;
        size_t ss_size;
        int ss_flags;
} stack_t;

int sigaltstack(const stack_t *stack, stack_t *before);

#define symlink(target, path) ((void)(target), (void)(path), LACKS("symbolic links for everybody"))
#define lstat(path, status) ((void)(path), (void)(status), LACKS("symbolic links for everybody"))
#define mkfifo(path, mode) ((void)(path), LACKS("FIFOs"))
#define alarm(seconds) ((void)(seconds))
#define pipe(ends) ((void)(ends), LACKS("rmmap_write_range_from_fd, nor forks"))
#define fork() LACKS("fork")

#endif
