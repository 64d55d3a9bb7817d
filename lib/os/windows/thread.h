/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Without <windows.h>, whose macros would reach all of the library. Layer 1. */
#ifndef RMMAP_WINDOWS_THREAD_H
#define RMMAP_WINDOWS_THREAD_H

struct thread {
        void *handle;
        void (*body)(void *arg);
        void *arg;
};

/* An SRWLOCK and a CONDITION_VARIABLE: one pointer each, NULL at first. */
struct mutex {
        void *lock;
};

struct condition {
        void *signal;
};

static inline void mutex_init(struct mutex *mutex)
{
        mutex->lock = NULL;
}

static inline void mutex_destroy(struct mutex *mutex)
{
        (void)mutex;
}

void mutex_lock(struct mutex *mutex);
void mutex_unlock(struct mutex *mutex);

static inline void condition_init(struct condition *condition)
{
        condition->signal = NULL;
}

static inline void condition_destroy(struct condition *condition)
{
        (void)condition;
}

/* The caller holds the mutex. May return without reason. */
void condition_wait(struct condition *condition, struct mutex *mutex);
void condition_wake_one(struct condition *condition);
void condition_wake_all(struct condition *condition);

/* Windows has no cancellation of threads. */
static inline int cancellation_off(void)
{
        return 0;
}

static inline void cancellation_restore(int before)
{
        (void)before;
}

#endif
