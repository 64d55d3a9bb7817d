/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The one rule for answers of the system that mean "not here". Layer 1. */
#ifndef RMMAP_UNAVAILABLE_H
#define RMMAP_UNAVAILABLE_H

#include <errno.h>
#include <stdbool.h>

/* What Linux keeps for itself, and lets through where a file system passes a call on. */
#define KERNEL_ENOTSUPP 524

/*
 * A call that only makes things better (reserve, lock, start write-back, ask for facts, sync a
 * directory) never makes anything fail because it can't be had. Kernels and file systems say so in
 * many ways: ENOSYS, EOPNOTSUPP, ENOTTY, EINVAL, ENOLCK, 524; sandboxes by EPERM or EACCES; what
 * can't be written by EROFS. What is left of such an answer is a fact that rmmap_describe tells.
 */
static inline bool is_unavailable(int error)
{
        switch (error) {
        case ENOSYS:
        case EOPNOTSUPP:
        case EINVAL:
        case EPERM:
        case EACCES:
        case EROFS:
        case ENOLCK:
        case ENOTTY:
        case KERNEL_ENOTSUPP:
                return true;
        default:
                return false;
        }
}

/* The negative errno of a call that failed; -EOPNOTSUPP for all that mean "not here". */
static inline int unavailable_or(int error)
{
        return is_unavailable(error) ? -EOPNOTSUPP : -error;
}

#endif
