/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the library asks of libc and the kernel, seen and meddled with. A program that is linked
 * with inject.c has its tables of calls (os/posix/calls.h) in the place of the library's: they
 * record what they were asked, may hold a caller at a gate, may fail or do their work in part, and
 * pass on otherwise. The program's own calls aren't touched.
 */
#ifndef TEST_INJECT_H
#define TEST_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

/* A libc without the call is one for which the library has no durable write in one step. */
#ifdef HAVE_PWRITEV2
#define INJECT_HAS_PWRITEV2 1
#else
#define INJECT_HAS_PWRITEV2 0
#endif
#ifndef RWF_DSYNC
#define RWF_DSYNC 0
#endif

enum injected {
        /* These make data durable: they are recorded, and stop at the gate. */
        INJECT_FSYNC,
        INJECT_FDATASYNC,
        INJECT_MSYNC,
        INJECT_PWRITEV2,
        INJECT_SYNC_FILE_RANGE,
        INJECT_RECORDED, /* how many */
        /* The others. */
        INJECT_CALLOC = INJECT_RECORDED,
        INJECT_CLOSE,
        INJECT_EVENTFD,
        INJECT_FALLOCATE,
        INJECT_FCNTL,
        INJECT_FCHMOD,
        INJECT_FLOCK,
        INJECT_FSTAT,
        INJECT_FSTATAT,
        INJECT_FSTATFS,
        INJECT_FTRUNCATE,
        INJECT_GETENTROPY,
        INJECT_GETRLIMIT,
        INJECT_IOCTL,
        INJECT_LINK,
        INJECT_LSEEK,
        INJECT_MADVISE,
        INJECT_MINCORE,
        INJECT_MMAP,
        INJECT_OPEN,
        INJECT_PIPE,
        INJECT_OPEN_UNNAMED, /* open with O_TMPFILE */
        INJECT_POSIX_MEMALIGN,
        INJECT_PREAD,
        INJECT_PTHREAD_CREATE,
        INJECT_PWRITE,
        INJECT_READ,
        INJECT_READLINK,
        INJECT_RENAME,
        INJECT_RENAME_NEW, /* that refuses to replace */
        INJECT_SIGACTION,
        INJECT_STATX,
        INJECT_STRDUP,
        INJECT_UNLINK,
        INJECT_CALLS /* how many there are */
};

struct inject_record {
        enum injected call;
        bool directory; /* fsync of one */
        ino_t inode;    /* not of msync */
        const void *address;
        size_t length;
        int flags;
};

/* Call first: forgets rules and records. */
void inject_start(void);

/* In place of an error: the call does about half of what it was asked, and says so. */
#define INJECT_SHORT (-1)

/* The k-th such call from now on, 1 is the next, fails with error; and so do times - 1 more. */
void inject_fail(enum injected call, int k, int error, int times);

/* In front of the next such call, once: what somebody else might do between two steps of ours. */
void inject_before(enum injected call, void (*step)(void *arg), void *arg);

/* In front of the n-th call of any kind from now on, 1 is the next. For one thread. */
void inject_at(int n, void (*step)(void *arg), void *arg);

/* How many calls were made to fail since inject_start. */
int inject_failed(void);

/* Calls made since inject_start, failed ones too; and the record of the n-th that is recorded. */
int inject_count(enum injected call);
int inject_total(void);
struct inject_record inject_record(int n);

/* Did the kernel make something durable after the last injected failure of other than advice? */
bool inject_synced_since(void);

/* The longest piece of fallocate since inject_start, in bytes. */
long long inject_longest_reserved(void);

/* Through here: blocks of memory allocated and not freed, and their bytes; bytes still mapped. */
int inject_blocks(void);
long long inject_bytes(void);
long long inject_mapped(void);

/* The calls that stop at the gate take so many milliseconds longer, as with a slow disk. */
void inject_delay(int milliseconds);

/* While the gate is closed, callers of this process wait in front of the call. */
void inject_close_gate(void);
void inject_open_gate(void);
int inject_waiting(void);

/* The floor build syncs a mapped file by msync and then fsync or fdatasync, always. */
#if defined(RMMAP_FLOOR) && !defined(_WIN32)
#define INJECT_CALLS_OF_SYNC 2
#else
#define INJECT_CALLS_OF_SYNC 1
#endif

/* All syncs: syncing calls but sync_file_range, two of them as one where they are two. */
int inject_sync_count(void);

#endif
