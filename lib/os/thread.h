/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What is inline of os.h's threads; and the mutexes and conditions of POSIX. Layer 1. */
#ifndef RMMAP_THREAD_H
#define RMMAP_THREAD_H

#include <pthread.h>

/*
 * A thread cancelled inside one of our system calls would lose descriptors, or an error that the
 * kernel tells once only. So calls that make them put cancellation off.
 */
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
