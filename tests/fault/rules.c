/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "rules.h"

#define MOST_RECORDS 4096

static struct rule {
        atomic_int calls_until; /* 1: the next one fails; 0 and below: so long ago */
        atomic_int error, times;
        void (*step)(void *arg); /* set and called by one thread */
        void *arg;
} rules[INJECT_CALLS];

/* In front of a call of any kind. */
static struct rule any;

static struct inject_record records[MOST_RECORDS];
static atomic_int record_count, counts[INJECT_CALLS], failed_count, blocks;
static atomic_llong mapped, bytes, longest_reserved;
static atomic_bool synced_since;
/* The process whose callers wait: a forked child must not find itself at its parent's gate. */
static atomic_int gate_of, waiting, delay;

void inject_start(void)
{
        for (int i = 0; i < INJECT_CALLS; i++) {
                atomic_store(&rules[i].calls_until, 0);
                atomic_store(&rules[i].times, 0);
                rules[i].step = NULL;
                atomic_store(&counts[i], 0);
        }
        any.step = NULL;
        atomic_store(&record_count, 0);
        atomic_store(&failed_count, 0);
        atomic_store(&longest_reserved, 0);
        atomic_store(&synced_since, false);
        atomic_store(&delay, 0);
        inject_open_gate();
}

void inject_fail(enum injected call, int k, int error, int times)
{
        atomic_store(&rules[call].error, error);
        atomic_store(&rules[call].times, times);
        atomic_store(&rules[call].calls_until, k);
}

void inject_before(enum injected call, void (*step)(void *arg), void *arg)
{
        rules[call].arg = arg;
        rules[call].step = step;
}

void inject_at(int n, void (*step)(void *arg), void *arg)
{
        atomic_store(&any.calls_until, n);
        any.arg = arg;
        any.step = step;
}

int inject_count(enum injected call)
{
        return atomic_load(&counts[call]);
}

int inject_sync_count(void)
{
        if (INJECT_CALLS_OF_SYNC == 2 && inject_count(INJECT_MSYNC) > 0)
                return inject_count(INJECT_MSYNC);
        return inject_total() - inject_count(INJECT_SYNC_FILE_RANGE);
}

struct inject_record inject_record(int n)
{
        return records[n];
}

#define TELLS(type, function, counter)                                                             \
        type function(void)                                                                        \
        {                                                                                          \
                return atomic_load(&(counter));                                                    \
        }

TELLS(int, inject_failed, failed_count)
TELLS(int, inject_total, record_count)
TELLS(int, inject_blocks, blocks)
TELLS(int, inject_waiting, waiting)
TELLS(bool, inject_synced_since, synced_since)
TELLS(long long, inject_longest_reserved, longest_reserved)
TELLS(long long, inject_bytes, bytes)
TELLS(long long, inject_mapped, mapped)

void inject_close_gate(void)
{
        atomic_store(&waiting, 0);
        atomic_store(&gate_of, getpid());
}

void inject_open_gate(void)
{
        atomic_store(&gate_of, 0);
}

void inject_delay(int milliseconds)
{
        atomic_store(&delay, milliseconds);
}

static void pass_gate(void)
{
        const struct timespec moment = {.tv_nsec = 200000};

        if (atomic_load(&gate_of) != getpid())
                return;
        atomic_fetch_add(&waiting, 1);
        while (atomic_load(&gate_of) == getpid())
                nanosleep(&moment, NULL);
}

int inject_meddle(enum injected call)
{
        struct rule *rule = &rules[call];
        int left = atomic_fetch_sub(&rule->calls_until, 1);
        void (*step)(void *arg) = rule->step;

        if (any.step != NULL && atomic_fetch_sub(&any.calls_until, 1) == 1)
                any.step(any.arg);
        if (step != NULL) {
                rule->step = NULL;
                step(rule->arg);
        }
        atomic_fetch_add(&counts[call], 1);
        if (left > 1 || left <= 1 - atomic_load(&rule->times))
                return 0;
        atomic_fetch_add(&failed_count, 1);
        /* These keep nothing from the disk. */
        if (call != INJECT_CLOSE && call != INJECT_MADVISE && call != INJECT_MINCORE &&
            call != INJECT_READ)
                atomic_store(&synced_since, false);
        return atomic_load(&rule->error);
}

bool inject_fails(enum injected call)
{
        int error = inject_meddle(call);

        if (error != 0)
                errno = error;
        return error != 0;
}

bool inject_fails_or_shortens(enum injected call, size_t *length)
{
        int error = inject_meddle(call);

        if (error == INJECT_SHORT) {
                *length = (*length + 1) / 2;
                return false;
        }
        if (error != 0)
                errno = error;
        return error != 0;
}

int inject_synced(int result)
{
        if (result >= 0)
                atomic_store(&synced_since, true);
        return result;
}

void inject_reserve(long long length)
{
        if (length > atomic_load(&longest_reserved))
                atomic_store(&longest_reserved, length);
}

void inject_take(int count, long long size)
{
        atomic_fetch_add(&blocks, count);
        atomic_fetch_add(&bytes, size);
}

void inject_map(long long size)
{
        atomic_fetch_add(&mapped, size);
}

void inject_enter(struct inject_record record)
{
        int at;

        pthread_testcancel();
        at = atomic_fetch_add(&record_count, 1);
        if (at < MOST_RECORDS)
                records[at] = record;
        pass_gate();
        for (int i = atomic_load(&delay); i > 0; i--)
                usleep(1000);
}
