/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A writer that does random work with many threads over handles of each kind, until it is stopped
 * from outside, and keeps the oracle.
 */
#ifndef CRASH_WORK_H
#define CRASH_WORK_H

#include "crash/oracle.h"

/* The files that the writer is to find, synced, by plain system calls. 0 or a negative errno. */
int work_prepare(struct oracle *oracle, const char *directory);

/* Opens them, and works in oracle->threads threads; doesn't return. For a process of its own. */
_Noreturn void work_for_ever(struct oracle *oracle, const char *directory);

#endif
