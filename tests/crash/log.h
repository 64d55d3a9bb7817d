/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Threads that allocate, write, and save the allocator's state, and may be killed at any moment. */
#ifndef CRASH_LOG_H
#define CRASH_LOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOG_THREADS 4
#define LOG_RANGES 64
#define LOG_STATE 256

/* A state of the allocator that knows of the first covers ranges of its thread. */
struct saved_state {
        unsigned int covers;
        size_t length;
        unsigned char bytes[LOG_STATE];
};

struct log_page {
        unsigned int count; /* of ranges that were written */
        uint64_t start[LOG_RANGES], end[LOG_RANGES];
        struct saved_state states[2]; /* one may be half written when its thread dies */
        atomic_uint last;             /* the whole one, counted from 1; 0: none yet */
};

struct log {
        atomic_bool ready; /* the file is there */
        atomic_bool saved; /* and a state of its allocator */
        atomic_int surprise;
        struct log_page pages[LOG_THREADS];
};

/* Creates the file and works until it is killed. */
_Noreturn void log_keep(struct log *log, const char *path);

/* In a test: goes on from the thread's last state; the number of ranges that were looked at. */
unsigned int log_check(const struct log_page *page, const char *path);

#endif
