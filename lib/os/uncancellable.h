/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A thread cancelled inside one of our system calls would lose descriptors, or an error that the
 * kernel tells once only. So calls that make them put cancellation off. Layer 1.
 */
#ifndef RMMAP_UNCANCELLABLE_H
#define RMMAP_UNCANCELLABLE_H

#include <pthread.h>

static inline int cancellation_off(void)
{
        int before;

        pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
        return before;
}

static inline void cancellation_restore(int before)
{
        pthread_setcancelstate(before, &before);
}

#endif
