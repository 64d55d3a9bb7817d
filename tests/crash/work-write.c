/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* All ways to write a range. */
#include <errno.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/checked.h"
#include "crash/work-inside.h"
#include "support.h"

/* What one write is about. */
struct task {
        struct worker *worker;
        struct rmmap_file *file;
        struct rmmap_range range;
        uint64_t start;
        size_t length;
        struct rmmap_receipt *receipt;
};

unsigned int work_own_slot(struct worker *worker)
{
        const struct oracle *oracle = worker->oracle;
        unsigned int count = worker->hand->record->slot_count, mine;

        mine = (count - 1 - worker->number) / oracle->threads + 1;
        return worker->number +
               oracle->threads * (unsigned int)(test_random(&worker->random) % mine);
}

static int by_vector(struct task *task)
{
        unsigned char *data = task->worker->buffer;
        size_t words = task->length / 8;
        size_t first = (size_t)(test_random(&task->worker->random) % words) * 8;
        struct iovec pieces[] = {{data, first}, {data + first, task->length - first}};

        return rmmap_writev_range(task->file, task->range, pieces, 2, task->receipt);
}

/* In pieces of whole words, the last first. */
static int in_pieces(struct task *task, int (*put)(struct task *task, size_t at, size_t piece))
{
        size_t piece = 8 + (size_t)(test_random(&task->worker->random) % task->length) / 8 * 8;
        size_t end = task->length;
        int err = 0;

        while (end > 0 && err == 0) {
                size_t length = (size_t)min_u64(piece, end);

                end -= length;
                err = put(task, end, length);
        }
        return err != 0 ? err : rmmap_mark_written(task->file, task->range, task->receipt);
}

static int put_within(struct task *task, size_t at, size_t piece)
{
        return rmmap_write_within(task->file, task->range, at, task->worker->buffer + at, piece);
}

static int put_raw(struct task *task, size_t at, size_t piece)
{
        return rmmap_raw_write(task->file, task->start + at, task->worker->buffer + at, piece);
}

static int put_by_pointer(struct task *task, size_t at, size_t piece)
{
        void *data;
        int err = rmmap_range_data(task->file, task->range, &data);

        if (err == -EOPNOTSUPP) /* not mapped */
                return put_within(task, at, piece);
        if (err == 0)
                memcpy((unsigned char *)data + at, task->worker->buffer + at, piece);
        return err;
}

#define WAY(function, call)                                                                        \
        static int function(struct task *task)                                                     \
        {                                                                                          \
                return call;                                                                       \
        }

WAY(by_range,
    rmmap_write_range(task->file, task->range, task->worker->buffer, task->length, task->receipt))
WAY(durably, rmmap_write_range_durable(task->file, task->range, task->worker->buffer, task->length,
                                       task->receipt))
WAY(by_pieces, in_pieces(task, put_within))
WAY(by_raw, in_pieces(task, put_raw))
WAY(by_pointer, in_pieces(task, put_by_pointer))

static int from_descriptor(struct task *task)
{
        int source = task->worker->source;
        uint64_t done = 0;

        if (pwrite(source, task->worker->buffer, task->length, 0) != (ssize_t)task->length ||
            lseek(source, 0, SEEK_SET) != 0)
                return -errno;
        return rmmap_write_range_from_fd(task->file, task->range, source, &done, task->receipt);
}

static int write_by(struct worker *worker, unsigned int i, int (*way)(struct task *task),
                    struct rmmap_receipt *receipt)
{
        struct record *record = worker->hand->record;
        struct slot *slot = &record->slots[i];
        struct task task = {worker,
                            worker->hand->file,
                            worker->hand->ranges[i],
                            slot->start,
                            (size_t)(slot->end - slot->start),
                            receipt};
        unsigned int generation = atomic_load(&slot->started) + 1;
        int err;

        oracle_fill(record, slot->start, generation, worker->buffer, (task.length + 7) / 8 * 8);
        atomic_store(&slot->started, generation);
        err = way(&task);
        if (err == 0) {
                atomic_store(&slot->written, generation);
                atomic_fetch_add(&worker->oracle->writes, 1);
        }
        return err;
}

int work_write(struct worker *worker, unsigned int i, struct rmmap_receipt *receipt)
{
        static int (*const ways[])(struct task * task) = {
                by_range, by_range, by_vector, by_pieces, by_raw, by_pointer, from_descriptor};
        int err = write_by(worker, i, ways[test_random(&worker->random) % 7], receipt);

        work_note(worker->oracle, err, "write");
        return err;
}

static void write_durably(struct worker *worker, unsigned int i)
{
        struct record *record = worker->hand->record;
        struct slot *slot = &record->slots[i];
        struct rmmap_receipt receipt;
        int err = write_by(worker, i, durably, &receipt);

        work_note(worker->oracle, err, "rmmap_write_range_durable");
        if (err != 0)
                return;
        oracle_raise(&slot->synced, atomic_load(&slot->written));
        atomic_store(&record->entry, true);
        atomic_fetch_add(&worker->oracle->syncs, 1);
}

void work_write_something(struct worker *worker)
{
        unsigned int i = work_own_slot(worker);
        struct rmmap_receipt receipt;

        if (test_random(&worker->random) % 4 == 0)
                write_durably(worker, i);
        else
                (void)work_write(worker, i, &receipt);
}
