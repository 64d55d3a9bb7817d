/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Layer 1. */
#ifndef RMMAP_POSIX_THREAD_H
#define RMMAP_POSIX_THREAD_H

#include <pthread.h>

struct thread {
        pthread_t id;
        void (*body)(void *arg);
        void *arg;
};

struct mutex {
        pthread_mutex_t lock;
};

struct condition {
        pthread_cond_t signal;
};

static inline void mutex_init(struct mutex *mutex)
{
        mutex->lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
}

static inline void mutex_destroy(struct mutex *mutex)
{
        pthread_mutex_destroy(&mutex->lock);
}

static inline void mutex_lock(struct mutex *mutex)
{
        pthread_mutex_lock(&mutex->lock);
}

static inline void mutex_unlock(struct mutex *mutex)
{
        pthread_mutex_unlock(&mutex->lock);
}

static inline void condition_init(struct condition *condition)
{
        condition->signal = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
}

static inline void condition_destroy(struct condition *condition)
{
        pthread_cond_destroy(&condition->signal);
}

/* The caller holds the mutex. May return without reason. */
static inline void condition_wait(struct condition *condition, struct mutex *mutex)
{
        pthread_cond_wait(&condition->signal, &mutex->lock);
}

static inline void condition_wake_one(struct condition *condition)
{
        pthread_cond_signal(&condition->signal);
}

static inline void condition_wake_all(struct condition *condition)
{
        pthread_cond_broadcast(&condition->signal);
}

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
