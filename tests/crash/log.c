/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "crash/log.h"
#include "support.h"

#define LONGEST ((size_t)64 << 10)
#define SIZE ((uint64_t)LOG_THREADS * LOG_RANGES * LONGEST)

struct keeper {
        struct log *log;
        struct log_page *page;
        struct rmmap_file *file;
        uint64_t random;
};

/* What a range that starts there holds. */
static void fill(unsigned char *bytes, uint64_t start, size_t length)
{
        uint64_t state = start;

        for (size_t i = 0; i < length; i += 4096)
                memset(bytes + i, (int)(test_random(&state) & 0xff), 4096);
}

static int write_one(struct keeper *keeper)
{
        static _Thread_local unsigned char data[LONGEST];
        struct log_page *page = keeper->page;
        struct rmmap_range range;
        int err = rmmap_allocate(keeper->file, 1 + test_random(&keeper->random) % LONGEST, &range);

        if (err != 0)
                return err;
        fill(data, rmmap_range_start(range), (size_t)rmmap_range_length(range));
        err = rmmap_write_range(keeper->file, range, data, (size_t)rmmap_range_length(range), NULL);
        if (err != 0)
                return err;
        page->start[page->count] = rmmap_range_start(range);
        page->end[page->count] = rmmap_range_end(range);
        page->count++;
        return 0;
}

static int save(struct keeper *keeper)
{
        struct log_page *page = keeper->page;
        unsigned int next = atomic_load(&page->last) == 1 ? 2 : 1;
        struct saved_state *state = &page->states[next - 1];
        int err;

        state->length = sizeof(state->bytes);
        state->covers = page->count;
        err = rmmap_allocator_save(keeper->file, state->bytes, &state->length);
        /* After the state's bytes, as far as this process's stores are in order. */
        if (err == 0) {
                atomic_store(&page->last, next);
                atomic_store(&keeper->log->saved, true);
        }
        return err;
}

static void *keep(void *arg)
{
        struct keeper *keeper = arg;
        int err = 0;

        while (keeper->page->count < LOG_RANGES && err == 0) {
                err = write_one(keeper);
                if (err == 0 && test_random(&keeper->random) % 3 == 0)
                        err = save(keeper);
        }
        if (err != 0)
                atomic_store(&keeper->log->surprise, err);
        return NULL;
}

_Noreturn void log_keep(struct log *log, const char *path)
{
        struct rmmap_options options = test_options(RMMAP_LOCK_FILE, RMMAP_ENGINE_AUTO);
        static struct keeper keepers[LOG_THREADS];
        struct rmmap_file *file;
        pthread_t thread;
        int err = rmmap_create(path, SIZE, &options, &file);

        if (err != 0)
                atomic_store(&log->surprise, err);
        atomic_store(&log->ready, err == 0);
        for (unsigned int i = 0; i < LOG_THREADS && err == 0; i++) {
                keepers[i] = (struct keeper){log, &log->pages[i], file, (uint64_t)getpid() + i};
                err = -pthread_create(&thread, NULL, keep, &keepers[i]);
        }
        for (;;)
                pause();
}

static void is_whole(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        static unsigned char found[LONGEST], want[LONGEST];
        struct rmmap_range range;
        size_t length;

        ck_ok(rmmap_claim_range(file, start, end, &range));
        ck_ok(rmmap_read_range(file, range, found, sizeof(found), &length));
        fill(want, start, length);
        ck_assert(memcmp(found, want, length) == 0);
}

unsigned int log_check(const struct log_page *page, const char *path)
{
        struct rmmap_options options = test_options(RMMAP_LOCK_FILE, RMMAP_ENGINE_AUTO);
        unsigned int last = atomic_load(&page->last);
        const struct saved_state *state = &page->states[last == 0 ? 0 : last - 1];
        struct rmmap_file *file;
        struct rmmap_range fresh;

        ck_ok(rmmap_open(path, &options, &file));
        if (last == 0) {
                rmmap_release(file);
                return 0;
        }
        ck_ok(rmmap_allocator_restore(file, state->bytes, state->length));
        for (unsigned int i = 0; i < state->covers; i++)
                is_whole(file, page->start[i], page->end[i]);
        if (rmmap_remaining(file) > 0) {
                ck_ok(rmmap_allocate(file, 4096, &fresh));
                for (unsigned int i = 0; i < state->covers; i++)
                        ck_assert(rmmap_range_start(fresh) >= page->end[i] ||
                                  rmmap_range_end(fresh) <= page->start[i]);
        }
        rmmap_release(file);
        return state->covers;
}
