/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The calls of libc and the kernel that may fail, as tables of function pointers, so that a test
 * can replace them: a program that defines the tables itself is linked with its own. The tables are
 * constant, and only files of lib/os/ call through them. Functions that can't fail, or whose
 * failure doesn't matter, are called directly. Layer 1.
 */
#ifndef RMMAP_CALLS_H
#define RMMAP_CALLS_H

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef HAVE_SYS_RANDOM_H
#include <sys/random.h>
#endif

/* Those that not every POSIX system has. */
#if HAVE_DECL_FDATASYNC
#define OS_CALL_FDATASYNC(X) X(fdatasync)
#else
#define OS_CALL_FDATASYNC(X)
#endif
#if HAVE_DECL_FLOCK
#define OS_CALL_FLOCK(X) X(flock)
#else
#define OS_CALL_FLOCK(X)
#endif
#if HAVE_DECL_GETENTROPY
#define OS_CALL_GETENTROPY(X) X(getentropy)
#else
#define OS_CALL_GETENTROPY(X)
#endif

#ifdef __APPLE__
#define OS_CALL_RENAMEATX_NP(X) X(renameatx_np)
#else
#define OS_CALL_RENAMEATX_NP(X)
#endif

/* clang-format off */
#define OS_CALLS(X) \
        X(calloc) X(free) X(posix_memalign) X(strdup) \
        X(close) X(fchmod) X(fcntl) X(fstat) X(fstatat) X(ftruncate) X(lseek) X(open) X(pipe) \
        X(unlink) \
        X(linkat) X(renameat) X(unlinkat) OS_CALL_RENAMEATX_NP(X) \
        X(pread) X(pwrite) X(read) \
        X(fsync) X(msync) OS_CALL_FDATASYNC(X) \
        OS_CALL_FLOCK(X) \
        X(mmap) X(munmap) X(pthread_create) \
        X(getrlimit) X(sigaction) OS_CALL_GETENTROPY(X)
/* clang-format on */

#define OS_CALL_MEMBER(name) __typeof__(&name) name;
#define OS_CALL_VALUE(name) .name = name,

struct os_calls {
        OS_CALLS(OS_CALL_MEMBER)
};
extern const struct os_calls os_calls;

#endif
