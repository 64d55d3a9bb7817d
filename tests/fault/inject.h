/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The system calls that make data durable, seen and meddled with: a program that is linked with
 * inject.c calls these instead of libc's. They record what they were asked, may hold a caller at a
 * gate, may fail, and pass on to libc otherwise. (Linked in rather than preloaded: that works
 * under sanitizers, and a test opens its gates in the very moment it wants.)
 */
#ifndef TEST_INJECT_H
#define TEST_INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum injected {
        INJECT_FSYNC,
        INJECT_FDATASYNC,
        INJECT_MSYNC,
        INJECT_PWRITEV2,
        INJECT_SYNC_FILE_RANGE,
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

/* Call first: finds libc's own, and forgets rules and records. */
void inject_start(void);

/* The k-th such call from now on, 1 is the next, fails with error; and so do times - 1 more. */
void inject_fail(enum injected call, int k, int error, int times);

/* Calls made since inject_start, failed ones too; and the record of the n-th of any kind. */
int inject_count(enum injected call);
int inject_total(void);
struct inject_record inject_record(int n);

/* While the gate is closed, callers of this process wait in front of the call. */
void inject_close_gate(void);
void inject_open_gate(void);
int inject_waiting(void);

/* All syncing calls but sync_file_range. */
int inject_sync_count(void);

#endif
