/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The inline functions of os.h for threads; and POSIX's mutexes and conditions. Layer 1. */
#ifndef RMMAP_THREAD_H
#define RMMAP_THREAD_H

#include <pthread.h>

/*
 * A thread that is cancelled inside a system call of the library would lose descriptors, or an
 * error that the kernel reports only once. So public calls disable cancellation around them.
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
