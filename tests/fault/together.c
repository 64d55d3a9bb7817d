/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <sys/mman.h>
#include <sys/stat.h>

#include "together.h"

static void *ask_once(void *arg)
{
        struct asker *asker = arg;

        asker->result = asker->ask(asker->file, asker->range);
        atomic_store(&asker->returned, true);
        return NULL;
}

void asker_start(struct asker *asker)
{
        atomic_store(&asker->returned, false);
        ck_assert_int_eq(pthread_create(&asker->thread, NULL, ask_once, asker), 0);
}

bool is_at_gate(const void *unused)
{
        (void)unused;
        return inject_waiting() == 1;
}

struct rmmap_info described(struct rmmap_file *file)
{
        struct rmmap_info info = RMMAP_INFO_INIT;

        ck_ok(rmmap_describe(file, &info));
        return info;
}

bool serves(int n, struct rmmap_file *file, uint64_t start, uint64_t end)
{
        struct inject_record record = inject_record(n);
        const void *base = NULL;
        struct stat status;

        switch (record.call) {
        case INJECT_FSYNC:
        case INJECT_FDATASYNC:
                return fstat(rmmap_fd(file), &status) == 0 && status.st_ino == record.inode;
        case INJECT_MSYNC:
                ck_ok(rmmap_raw_view(file, &base));
                return (record.flags & MS_SYNC) &&
                       (const char *)record.address <= (const char *)base + start &&
                       (const char *)record.address + record.length >= (const char *)base + end;
        default:
                return false;
        }
}

struct expected_calls {
        struct rmmap_file *file;
        uint64_t calls;
};

static bool have_asked(const void *arg)
{
        const struct expected_calls *expected = arg;

        return described(expected->file).sync_calls == expected->calls;
}

void ask_together(struct rmmap_file *file, struct asker *askers)
{
        struct expected_calls expected = {file, described(file).sync_calls + TOGETHER};

        inject_close_gate();
        asker_start(&askers[0]);
        ck_assert(test_until(is_at_gate, NULL));
        for (int i = 1; i < TOGETHER; i++)
                asker_start(&askers[i]);
        ck_assert(test_until(have_asked, &expected));
        ck_assert_int_eq(inject_sync_count(), 1); /* one batch at a time */
        for (int i = 0; i < TOGETHER; i++)
                ck_assert(!atomic_load(&askers[i].returned));
        inject_open_gate();
        for (int i = 0; i < TOGETHER; i++)
                ck_assert_int_eq(pthread_join(askers[i].thread, NULL), 0);
}
