/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The handles and the threads; what the threads do is in work-write.c and work-sync.c. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "crash/work-inside.h"
#include "support.h"

static void path_of(char *path, size_t size, const char *directory, const struct record *record)
{
        snprintf(path, size, "%s/%s", directory, record->name);
}

/* ---- before the writer starts --------------------------------------------------------------- */

static int write_slots(struct record *record, int fd)
{
        void *buffer = malloc(ORACLE_SLOT_SIZE);
        int err = buffer == NULL ? -ENOMEM : 0;

        for (unsigned int i = 0; i < record->slot_count && err == 0; i++) {
                struct slot *slot = &record->slots[i];
                size_t length = (size_t)(slot->end - slot->start);

                oracle_fill(record, slot->start, 1, buffer, length);
                if (pwrite(fd, buffer, length, (off_t)slot->start) != (ssize_t)length)
                        err = -errno;
                atomic_store(&slot->started, 1);
                atomic_store(&slot->written, 1);
                atomic_store(&slot->synced, 1);
        }
        free(buffer);
        return err;
}

static int prepare_one(struct record *record, const char *path)
{
        const char older[] = "what was there before";
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        int err = fd < 0 ? -errno : 0;

        if (err == 0 && record->origin == CREATED_OVER && write(fd, older, sizeof(older)) < 0)
                err = -errno;
        if (err == 0 && record->origin != CREATED_OVER && ftruncate(fd, (off_t)record->size) != 0)
                err = -errno;
        if (err == 0 && record->origin == OPENED_WRITTEN)
                err = write_slots(record, fd);
        if (err == 0 && fsync(fd) != 0)
                err = -errno;
        if (fd >= 0)
                close(fd);
        return err;
}

int work_prepare(struct oracle *oracle, const char *directory)
{
        int fd, err = 0;

        for (unsigned int i = 0; i < ORACLE_FILES && err == 0; i++) {
                struct record *record = &oracle->records[i];
                char path[4096];

                path_of(path, sizeof(path), directory, record);
                if (record->origin != CREATED)
                        err = prepare_one(record, path);
        }
        fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (err == 0 && (fd < 0 || fsync(fd) != 0))
                err = -errno;
        if (fd >= 0)
                close(fd);
        return err;
}

/* ---- in the writer -------------------------------------------------------------------------- */

void work_note(struct oracle *oracle, int err, const char *what)
{
        int none = 0;

        if (err != 0 && !atomic_load(&oracle->cut) &&
            atomic_compare_exchange_strong(&oracle->surprise, &none, err))
                atomic_store(&oracle->what, what);
}

static int open_as_asked(struct record *record, const char *path, struct rmmap_file **file)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.flags = record->flags;
        options.engine = record->engine;
        options.pattern = record->pattern;
        if (record->origin == CREATED || record->origin == CREATED_OVER)
                return rmmap_create(path, record->size, &options, file);
        options.flags |= RMMAP_REWRITE;
        return rmmap_open(path, &options, file);
}

/*
 * Not every kind is possible everywhere: the mapping alone needs reserved space, or the flag; and
 * on FUSE nothing is mapped.
 */
static int open_somehow(struct record *record, const char *path, struct rmmap_file **file)
{
        int err = open_as_asked(record, path, file);

        if (err == -EOPNOTSUPP) {
                record->flags |= RMMAP_CATCH_FAULTS;
                err = open_as_asked(record, path, file);
        }
        if (err == -EOPNOTSUPP) {
                record->flags &= ~(uint32_t)RMMAP_POPULATE;
                err = open_as_asked(record, path, file);
        }
        if (err == -EOPNOTSUPP) {
                record->engine = RMMAP_ENGINE_PWRITE;
                err = open_as_asked(record, path, file);
        }
        return err;
}

static int open_hand(struct hand *hand, struct record *record, const char *directory)
{
        char path[4096];
        int err;

        path_of(path, sizeof(path), directory, record);
        hand->record = record;
        err = open_somehow(record, path, &hand->file);
        if (err != 0)
                return err;
        atomic_store(&record->returned, true);
        for (unsigned int i = 0; i < record->slot_count && err == 0; i++) {
                struct slot *slot = &record->slots[i];
                uint64_t length = slot->end - slot->start;

                err = rmmap_allocate(hand->file, length, &hand->ranges[i]);
                if (err == 0 && (rmmap_range_start(hand->ranges[i]) != slot->start ||
                                 rmmap_range_end(hand->ranges[i]) != slot->end))
                        err = -EPROTO;
        }
        return err;
}

static void *work(void *arg)
{
        struct worker *worker = arg;

        for (;;) {
                struct hand *hand = &worker->hands[test_random(&worker->random) % ORACLE_FILES];

                worker->hand = hand;
                if (test_random(&worker->random) % 3 == 0)
                        work_sync_something(worker);
                else
                        work_write_something(worker);
                /* After the cut go on slowly: no later sync may say 0 wrongly either. */
                if (atomic_load(&worker->oracle->cut))
                        usleep(200);
        }
        return NULL;
}

static bool start_worker(struct worker *worker, struct oracle *oracle, struct hand *hands,
                         unsigned int number)
{
        pthread_t thread;

        worker->oracle = oracle;
        worker->hands = hands;
        worker->number = number;
        worker->random = oracle->seed + number;
        worker->buffer = malloc(ORACLE_SLOT_SIZE);
        worker->source = memfd_create("source", MFD_CLOEXEC);
        return worker->buffer != NULL && worker->source >= 0 &&
               pthread_create(&thread, NULL, work, worker) == 0;
}

_Noreturn void work_for_ever(struct oracle *oracle, const char *directory)
{
        static struct hand hands[ORACLE_FILES];
        static struct worker workers[8];

        for (unsigned int i = 0; i < ORACLE_FILES; i++) {
                int err = open_hand(&hands[i], &oracle->records[i], directory);

                work_note(oracle, err, "open");
                if (err != 0)
                        _exit(1);
        }
        for (unsigned int i = 0; i < oracle->threads; i++)
                if (!start_worker(&workers[i], oracle, hands, i))
                        work_note(oracle, -ENOMEM, "thread");
        atomic_store(&oracle->ready, true);
        for (;;)
                pause();
}
