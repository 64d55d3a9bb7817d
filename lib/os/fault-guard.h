/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Code that touches a mapping whose pages may be missing (file truncated, disk full, I/O error)
 * runs under a guard: the SIGBUS it takes ends the guarded call instead of the process. Layer 1.
 */
#ifndef RMMAP_FAULT_GUARD_H
#define RMMAP_FAULT_GUARD_H

#include <stddef.h>

/*
 * Installs the handler, the first time; it stays, and the library with it. What isn't ours goes
 * to the handler found there. 0 or a negative errno.
 */
int fault_guard_install(void);

/*
 * Run body(arg). NULL, or where in [start, start + length) the fault was that ended it. Guards
 * nest. body is left without unwinding; what it must tell on the way it writes to volatile memory.
 */
const void *fault_guard_run(const void *start, size_t length, void (*body)(void *arg), void *arg);

/* The same around memcpy(to, from, bytes), for what a nanosecond counts in. */
const void *fault_guard_copy(const void *start, size_t length, void *to, const void *from,
                             size_t bytes);

#endif
