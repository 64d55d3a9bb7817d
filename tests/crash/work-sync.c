/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* All ways to sync, and what each one then stands for. */
#include "crash/work-inside.h"
#include "support.h"

#define MOST_RECEIPTS 6

/* What was written before the sync began: that is what a 0 promises. */
struct promise {
        struct record *record;
        unsigned int written[ORACLE_SLOTS]; /* 0: not asked for */
};

static void ask(struct promise *promise, unsigned int i)
{
        promise->written[i] = atomic_load(&promise->record->slots[i].written);
}

static void ask_between(struct promise *promise, uint64_t start, uint64_t end)
{
        for (unsigned int i = 0; i < promise->record->slot_count; i++)
                if (promise->record->slots[i].start >= start &&
                    promise->record->slots[i].end <= end)
                        ask(promise, i);
}

static void keep(struct worker *worker, struct promise *promise, int err, const char *what)
{
        work_note(worker->oracle, err, what);
        if (err != 0)
                return;
        for (unsigned int i = 0; i < promise->record->slot_count; i++)
                oracle_raise(&promise->record->slots[i].synced, promise->written[i]);
        atomic_store(&promise->record->entry, true);
        atomic_fetch_add(&worker->oracle->syncs, 1);
}

static void sync_one(struct worker *worker, struct promise *promise)
{
        unsigned int i = work_own_slot(worker);
        struct rmmap_receipt receipt;

        if (work_write(worker, i, &receipt) != 0)
                return;
        ask(promise, i);
        keep(worker, promise, rmmap_sync_range(worker->hand->file, receipt), "rmmap_sync_range");
}

static void sync_several(struct worker *worker, struct promise *promise)
{
        struct rmmap_receipt receipts[MOST_RECEIPTS];
        size_t count = 1 + (size_t)(test_random(&worker->random) % MOST_RECEIPTS);

        for (size_t n = 0; n < count; n++) {
                unsigned int i = work_own_slot(worker);

                if (work_write(worker, i, &receipts[n]) != 0)
                        return;
                ask(promise, i);
        }
        keep(worker, promise, rmmap_sync_ranges(worker->hand->file, receipts, count),
             "rmmap_sync_ranges");
}

static void sync_all(struct worker *worker, struct promise *promise)
{
        ask_between(promise, 0, promise->record->size);
        keep(worker, promise, rmmap_sync_all(worker->hand->file), "rmmap_sync_all");
}

/* A piece of it is promised too, but the oracle keeps whole slots. */
static void sync_within(struct worker *worker, struct promise *promise)
{
        unsigned int i = work_own_slot(worker);
        struct rmmap_range range = worker->hand->ranges[i];

        ask(promise, i);
        keep(worker, promise,
             rmmap_sync_within(worker->hand->file, range, 0, rmmap_range_length(range)),
             "rmmap_sync_within");
}

static void sync_raw(struct worker *worker, struct promise *promise)
{
        const struct slot *slots = promise->record->slots;
        unsigned int first =
                (unsigned int)(test_random(&worker->random) % promise->record->slot_count);
        unsigned int last = first + (unsigned int)(test_random(&worker->random) %
                                                   (promise->record->slot_count - first));

        ask_between(promise, slots[first].start, slots[last].end);
        keep(worker, promise,
             rmmap_raw_sync(worker->hand->file, slots[first].start,
                            slots[last].end - slots[first].start),
             "rmmap_raw_sync");
}

/* Early write-back promises nothing, and must take nothing away. */
static void flush(struct worker *worker, struct promise *promise)
{
        unsigned int i = work_own_slot(worker);
        struct rmmap_file *file = worker->hand->file;
        const struct slot *slot = &promise->record->slots[i];
        struct rmmap_receipt receipt;
        int err;

        switch (test_random(&worker->random) % 3) {
        case 0:
                err = rmmap_flush(file);
                break;
        case 1:
                err = work_write(worker, i, &receipt);
                if (err == 0)
                        err = rmmap_flush_range(file, receipt);
                break;
        default:
                err = rmmap_raw_flush(file, slot->start, slot->end - slot->start);
        }
        work_note(worker->oracle, flushed(err), "flush");
}

void work_sync_something(struct worker *worker)
{
        static void (*const ways[])(struct worker * worker, struct promise * promise) = {
                sync_one, sync_one, sync_several, sync_all, sync_within, sync_raw, flush};
        struct promise promise = {.record = worker->hand->record};

        ways[test_random(&worker->random) % 7](worker, &promise);
}
