/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Would a load find memory, or a signal? Layer 1. */
#ifndef RMMAP_READABLE_H
#define RMMAP_READABLE_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Of the 8 bytes at address, which must be aligned; a signal handler may ask. The kernel reads a
 * set of signals there before it finds that no such change of the mask is known. Changes errno.
 */
static inline bool is_readable(const volatile void *address)
{
        const int no_such_change = -1;

        return syscall(SYS_rt_sigprocmask, no_such_change, address, NULL, sizeof(uint64_t)) == 0 ||
               errno != EFAULT;
}

#endif
