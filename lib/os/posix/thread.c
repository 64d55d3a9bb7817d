/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <sched.h>
#include <signal.h>
#include <time.h>

#include "os/os.h"
#include "os/posix/calls.h"

uint64_t clock_now(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}

void backoff_yield(void)
{
        sched_yield();
}

/*
 * Yielding alone isn't enough: it never lets a thread of lower real-time priority run, and this one
 * may wait for such a thread.
 */
void backoff(unsigned int tries)
{
        const struct timespec moment = {.tv_nsec = 1000000};
        int before;

        if (tries < BACKOFF_YIELDS) {
                backoff_yield();
                return;
        }
        before = cancellation_off();
        nanosleep(&moment, NULL);
        cancellation_restore(before);
}

static void *run(void *arg)
{
        struct thread *thread = arg;

        thread->body(thread->arg);
        return NULL;
}

int thread_start(struct thread *thread, void (*body)(void *arg), void *arg)
{
        sigset_t blocked, before;
        int err;

        thread->body = body;
        thread->arg = arg;
        sigfillset(&blocked);
        sigdelset(&blocked, SIGBUS);
        sigdelset(&blocked, SIGFPE);
        sigdelset(&blocked, SIGILL);
        sigdelset(&blocked, SIGSEGV);
        pthread_sigmask(SIG_SETMASK, &blocked, &before); /* a new thread has its maker's mask */
        err = -os_calls.pthread_create(&thread->id, NULL, run, thread);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return err;
}

void thread_join(struct thread *thread)
{
        pthread_join(thread->id, NULL);
}
