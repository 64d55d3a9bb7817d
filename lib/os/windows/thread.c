/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "os/windows/inside.h"

_Static_assert(sizeof(struct mutex) == sizeof(SRWLOCK), "an SRWLOCK is a pointer");
_Static_assert(sizeof(struct condition) == sizeof(CONDITION_VARIABLE), "as is a condition");

void mutex_lock(struct mutex *mutex)
{
        AcquireSRWLockExclusive((SRWLOCK *)mutex);
}

void mutex_unlock(struct mutex *mutex)
{
        ReleaseSRWLockExclusive((SRWLOCK *)mutex);
}

void condition_wait(struct condition *condition, struct mutex *mutex)
{
        SleepConditionVariableSRW((CONDITION_VARIABLE *)condition, (SRWLOCK *)mutex, INFINITE, 0);
}

void condition_wake_one(struct condition *condition)
{
        WakeConditionVariable((CONDITION_VARIABLE *)condition);
}

void condition_wake_all(struct condition *condition)
{
        WakeAllConditionVariable((CONDITION_VARIABLE *)condition);
}

#define NANOSECONDS UINT64_C(1000000000)

uint64_t clock_now(void)
{
        LARGE_INTEGER frequency, count;
        uint64_t ticks, second;

        QueryPerformanceFrequency(&frequency);
        QueryPerformanceCounter(&count);
        ticks = (uint64_t)count.QuadPart;
        second = (uint64_t)frequency.QuadPart;
        return ticks / second * NANOSECONDS + ticks % second * NANOSECONDS / second;
}

void backoff_yield(void)
{
        SwitchToThread();
}

void backoff(unsigned int tries)
{
        if (tries < BACKOFF_YIELDS)
                backoff_yield();
        else
                Sleep(1);
}

static DWORD WINAPI run(LPVOID arg)
{
        struct thread *thread = arg;

        thread->body(thread->arg);
        return 0;
}

int thread_start(struct thread *thread, void (*body)(void *arg), void *arg)
{
        thread->body = body;
        thread->arg = arg;
        thread->handle = windows_calls.CreateThread(NULL, 0, run, thread, 0, NULL);
        return thread->handle != NULL ? 0 : last_error();
}

void thread_join(struct thread *thread)
{
        WaitForSingleObject(thread->handle, INFINITE);
        CloseHandle(thread->handle);
}
