/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Windows: a HANDLE has 32 significant bits, even in a 64-bit process, so that processes of both
 * kinds can share it. These bits are the descriptor of os.h. INVALID_HANDLE_VALUE is -1. Layer 1.
 */
#ifndef RMMAP_HANDLE_H
#define RMMAP_HANDLE_H

#include <stdint.h>

static inline void *handle_of(int fd)
{
        return (void *)(intptr_t)fd;
}

static inline int fd_of(void *handle)
{
        return (int)(intptr_t)handle;
}

#endif
