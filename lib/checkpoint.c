/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/sync-annotations.h"
#include "bitmap.h"
#include "checkpoint-file.h"
#include "checkpoint.h"
#include "probes.h"
#include "sync-exec.h"

struct checkpoint {
        struct mutex lock; /* guards recording, touched and the side file; recorded's changes */
        struct side_file side;
        uint64_t blocks;           /* of the data file */
        _Atomic uint64_t *bitmaps; /* the memory of the next five */
        _Atomic uint64_t *written; /* a bit for each block */
        _Atomic uint64_t *recording;
        _Atomic uint64_t *recorded;
        _Atomic uint64_t *pending; /* a bit for each slot: it may have more written than recorded */
        _Atomic uint64_t *touched; /* it has blocks in recording */
        _Atomic uint64_t count;    /* of bits in recorded */
        atomic_int error;
        bool resumed;
};

static struct blocks slots_of(struct blocks blocks)
{
        return (struct blocks){blocks.first / SLOT_BLOCKS, (blocks.end - 1) / SLOT_BLOCKS + 1};
}

static uint64_t load(const _Atomic uint64_t *word)
{
        return atomic_load_explicit(word, memory_order_relaxed);
}

/* ---- open */

static int make(uint64_t size, struct checkpoint **made)
{
        uint64_t slots = side_slots(size), words = slots * SLOT_WORDS;
        struct checkpoint *checkpoint = memory_zeroed(1, sizeof(*checkpoint));

        if (checkpoint == NULL)
                return -ENOMEM;
        checkpoint->bitmaps = bitmap_create(3 * words + 2 * BITMAP_WORDS(slots));
        if (checkpoint->bitmaps == NULL) {
                memory_free(checkpoint);
                return -ENOMEM;
        }
        checkpoint->written = checkpoint->bitmaps;
        checkpoint->recording = checkpoint->written + words;
        checkpoint->recorded = checkpoint->recording + words;
        checkpoint->pending = checkpoint->recorded + words;
        checkpoint->touched = checkpoint->pending + BITMAP_WORDS(slots);
        checkpoint->blocks = blocks_of(0, size).end;
        checkpoint->side.fd = -1;
        checkpoint->side.entry = NO_ENTRY;
        mutex_init(&checkpoint->lock);
        atomic_init(&checkpoint->count, 0);
        atomic_init(&checkpoint->error, 0);
        NOTE_ATOMIC(&checkpoint->count);
        NOTE_ATOMIC(&checkpoint->error);
        *made = checkpoint;
        return 0;
}

/* What was read is written and recorded, as far as the file goes. */
static void resume(struct rmmap_file *file, struct checkpoint *checkpoint)
{
        struct blocks run = {0, 0};
        uint64_t count = 0;

        bitmap_force(checkpoint->recorded, checkpoint->blocks, checkpoint->side.slots * SLOT_BLOCKS,
                     false);
        for (; run.first < checkpoint->blocks; run.first = run.end) {
                if (!bitmap_run(checkpoint->recorded, run.first, checkpoint->blocks, &run.end))
                        continue;
                bitmap_force(checkpoint->written, run.first, run.end, true);
                count += run.end - run.first;
        }
        atomic_store_explicit(&checkpoint->count, count, memory_order_relaxed);
        checkpoint->resumed = count > 0;
        allocator_reusing_keep_out(file->allocator.state, checkpoint->recorded);
}

/*
 * A file that is shorter than it was has lost what is recorded: as after a crash before it got its
 * size, nothing of it counts.
 */
static int load_or_reset(struct checkpoint *checkpoint, const struct side_subject *subject,
                         bool create, uint64_t content)
{
        uint64_t size;
        int err;

        if (content == 0 || (create && side_is_unmade(&checkpoint->side, subject->size)))
                return side_reset(&checkpoint->side, subject);
        err = side_check(&checkpoint->side, subject, &size);
        if (err != 0)
                return err;
        if (content < size)
                return side_reset(&checkpoint->side, subject);
        if (size != subject->size)
                return -ESTALE;
        return side_load(&checkpoint->side, subject, checkpoint->recorded);
}

static int open_side(struct rmmap_file *file, const struct rmmap_checkpoint *wanted, bool create,
                     uint64_t content)
{
        struct checkpoint *checkpoint = file->checkpoint;
        struct side_subject subject = {.size = file_size(file),
                                       .identity_length = wanted->identity_length};
        int err = side_open(&checkpoint->side, wanted->path, file->os.fd, create);

        if (err != 0)
                return err == -ENOENT && !create ? -ESTALE : err;
        memcpy(subject.identity, wanted->identity, wanted->identity_length);
        err = storage_identity(file->os.fd, &subject.file);
        if (err == 0)
                err = load_or_reset(checkpoint, &subject, create, content);
        if (err == 0)
                resume(file, checkpoint);
        return err;
}

int checkpoint_open(struct rmmap_file *file, const struct rmmap_options *options, uint64_t content)
{
        struct rmmap_checkpoint wanted;
        int err;

        if (options->checkpoint == NULL)
                return 0;
        err = options_read_checkpoint(&wanted, options->checkpoint);
        if (err == 0)
                err = make(file_size(file), &file->checkpoint);
        if (err != 0)
                return err;
        return open_side(file, &wanted, content == 0 || (options->flags & RMMAP_REWRITE), content);
}

void checkpoint_undo(struct rmmap_file *file)
{
        if (file->checkpoint != NULL && file->checkpoint->side.made)
                (void)side_remove(&file->checkpoint->side);
}

void checkpoint_close(struct rmmap_file *file)
{
        struct checkpoint *checkpoint = file->checkpoint;
        bool forked;

        if (checkpoint == NULL)
                return;
        /* In a forked child, threads that don't exist there may hold the lock. */
        forked = file_forked(file);
        if (!forked)
                mutex_lock(&checkpoint->lock); /* DRD takes one that was never used for none */
        side_close(&checkpoint->side, forked);
        if (!forked) {
                mutex_unlock(&checkpoint->lock);
                mutex_destroy(&checkpoint->lock);
        }
        bitmap_destroy(checkpoint->bitmaps);
        memory_free(checkpoint);
        file->checkpoint = NULL;
}

/* ---- receipts */

/*
 * Sequentially consistent, as bitmap.h says: a batch that clears the slot's bit before this load
 * also sees the blocks.
 */
static void note_pending(struct checkpoint *checkpoint, uint64_t slot)
{
        const _Atomic uint64_t *word = &checkpoint->pending[slot / BITMAP_WORD_BITS];

        if (!(atomic_load_explicit(word, memory_order_seq_cst) >> (slot % BITMAP_WORD_BITS) & 1))
                bitmap_force(checkpoint->pending, slot, slot + 1, true);
}

void checkpoint_note_written(struct checkpoint *checkpoint, uint64_t start, uint64_t end)
{
        struct blocks blocks = blocks_of(start, end), slots;

        if (start >= end)
                return;
        slots = slots_of(blocks);
        bitmap_force(checkpoint->written, blocks.first, blocks.end, true);
        for (; slots.first < slots.end; slots.first++)
                note_pending(checkpoint, slots.first);
}

bool checkpoint_is_written(const struct checkpoint *checkpoint, uint64_t start, uint64_t end)
{
        struct blocks blocks = blocks_of(start, end);

        return start >= end || bitmap_all(checkpoint->written, blocks.first, blocks.end);
}

/* ---- a batch */

static void collect(struct checkpoint *checkpoint, struct blocks blocks)
{
        for (uint64_t bit = blocks.first; bit < blocks.end; bit = bitmap_next_word(bit)) {
                uint64_t word = bit / BITMAP_WORD_BITS, slot = word / SLOT_WORDS;
                uint64_t fresh =
                        bitmap_mask(bit, blocks.end) &
                        atomic_load_explicit(&checkpoint->written[word], memory_order_seq_cst) &
                        ~load(&checkpoint->recorded[word]);

                if (fresh == 0)
                        continue;
                NOTE_ACQUIRE(&checkpoint->written[word]);
                atomic_fetch_or_explicit(&checkpoint->recording[word], fresh, memory_order_relaxed);
                bitmap_force(checkpoint->touched, slot, slot + 1, true);
        }
}

static struct blocks blocks_of_slot(const struct checkpoint *checkpoint, uint64_t slot)
{
        return (struct blocks){slot * SLOT_BLOCKS,
                               min_u64((slot + 1) * SLOT_BLOCKS, checkpoint->blocks)};
}

/* Finds the next slot, from *slot on, that has its bit set. */
static bool next_slot(const struct checkpoint *checkpoint, const _Atomic uint64_t *bits,
                      uint64_t *slot)
{
        uint64_t slots = checkpoint->side.slots, end;

        if (*slot >= slots)
                return false;
        if (!bitmap_run(bits, *slot, slots, &end))
                *slot = end;
        return *slot < slots;
}

static void collect_everything(struct checkpoint *checkpoint)
{
        for (uint64_t slot = 0; next_slot(checkpoint, checkpoint->pending, &slot); slot++) {
                bitmap_force(checkpoint->pending, slot, slot + 1, false);
                collect(checkpoint, blocks_of_slot(checkpoint, slot));
        }
}

void checkpoint_collect(struct checkpoint *checkpoint, const struct sync_set *set)
{
        mutex_lock(&checkpoint->lock);
        if (set->everything)
                collect_everything(checkpoint);
        for (unsigned int i = 0; !set->everything && i < set->count; i++)
                collect(checkpoint, blocks_of(set->ranges[i].start, set->ranges[i].end));
        mutex_unlock(&checkpoint->lock);
}

/* What the side file is to say: with what is being recorded. */
static int put_recording(struct checkpoint *checkpoint, uint64_t slot)
{
        uint64_t words[SLOT_WORDS], at = slot * SLOT_WORDS;

        for (uint64_t i = 0; i < SLOT_WORDS; i++)
                words[i] =
                        load(&checkpoint->recorded[at + i]) | load(&checkpoint->recording[at + i]);
        return side_put(&checkpoint->side, slot, words);
}

static void settle_slot(struct checkpoint *checkpoint, uint64_t slot)
{
        uint64_t at = slot * SLOT_WORDS, count = 0;

        for (uint64_t i = at; i < at + SLOT_WORDS; i++) {
                uint64_t fresh = load(&checkpoint->recording[i]);

                if (fresh == 0)
                        continue;
                NOTE_RELEASE(&checkpoint->recorded[i]);
                atomic_fetch_or_explicit(&checkpoint->recorded[i], fresh, memory_order_release);
                atomic_store_explicit(&checkpoint->recording[i], 0, memory_order_relaxed);
                for (; fresh != 0; fresh &= fresh - 1)
                        count++;
        }
        atomic_fetch_add_explicit(&checkpoint->count, count, memory_order_relaxed);
        side_turn(&checkpoint->side, slot);
        bitmap_force(checkpoint->touched, slot, slot + 1, false);
}

static int put_touched(struct checkpoint *checkpoint)
{
        int err = side_check_session(&checkpoint->side);

        for (uint64_t slot = 0; err == 0 && next_slot(checkpoint, checkpoint->touched, &slot);
             slot++)
                err = put_recording(checkpoint, slot);
        return err != 0 ? err : side_flush(&checkpoint->side);
}

/* The caller holds the lock. */
static void record(struct rmmap_file *file)
{
        struct checkpoint *checkpoint = file->checkpoint;
        uint64_t slot = 0;
        int err = 0;

        if (next_slot(checkpoint, checkpoint->touched, &slot)) {
                err = put_touched(checkpoint);
                if (err == 0 && sync_latch(file, side_sync(&checkpoint->side)) != 0)
                        return;
        }
        atomic_store_explicit(&checkpoint->error, err, memory_order_release);
        for (slot = 0; err == 0 && next_slot(checkpoint, checkpoint->touched, &slot); slot++)
                settle_slot(checkpoint, slot);
}

void checkpoint_record(struct rmmap_file *file)
{
        uint64_t began = PROBE_BEGIN(record);

        mutex_lock(&file->checkpoint->lock);
        record(file);
        mutex_unlock(&file->checkpoint->lock);
        PROBE3(record, file, probe_since(began), checkpoint_error(file->checkpoint));
}

int checkpoint_error(const struct checkpoint *checkpoint)
{
        return atomic_load_explicit(&checkpoint->error, memory_order_acquire);
}

/* ---- give back */

/* The data of what is being recorded may not be on the disk yet: nothing of that. */
static int put_without(struct checkpoint *checkpoint, uint64_t slot, struct blocks forgotten)
{
        uint64_t words[SLOT_WORDS], at = slot * SLOT_WORDS;
        uint64_t first = max_u64(forgotten.first, slot * SLOT_BLOCKS);
        uint64_t end = min_u64(forgotten.end, (slot + 1) * SLOT_BLOCKS);

        for (uint64_t i = 0; i < SLOT_WORDS; i++)
                words[i] = load(&checkpoint->recorded[at + i]);
        for (uint64_t bit = first; bit < end; bit = bitmap_next_word(bit))
                words[bit / BITMAP_WORD_BITS - at] &= ~bitmap_mask(bit, end);
        return side_put(&checkpoint->side, slot, words);
}

/* Both copies: whichever of them a crash or damage leaves says the same. */
static int forget_durably(struct rmmap_file *file, struct blocks blocks)
{
        struct checkpoint *checkpoint = file->checkpoint;
        struct blocks slots = slots_of(blocks);
        int err = side_check_session(&checkpoint->side);

        for (unsigned int copy = 0; err == 0 && copy < 2; copy++) {
                for (uint64_t slot = slots.first; err == 0 && slot < slots.end; slot++)
                        err = put_without(checkpoint, slot, blocks);
                if (err == 0)
                        err = side_flush(&checkpoint->side);
                if (err == 0)
                        err = sync_latch(file, side_sync(&checkpoint->side));
                for (uint64_t slot = slots.first; err == 0 && slot < slots.end; slot++)
                        side_turn(&checkpoint->side, slot);
        }
        /* The side file may have forgotten what is recorded still: the next batch says so again. */
        if (err != 0)
                bitmap_force(checkpoint->touched, slots.first, slots.end, true);
        return err;
}

static void clear(struct checkpoint *checkpoint, struct blocks blocks)
{
        struct blocks run = blocks;
        uint64_t count = 0;

        for (; run.first < blocks.end; run.first = run.end)
                if (bitmap_run(checkpoint->recorded, run.first, blocks.end, &run.end))
                        count += run.end - run.first;
        bitmap_force(checkpoint->recorded, blocks.first, blocks.end, false);
        bitmap_force(checkpoint->recording, blocks.first, blocks.end, false);
        bitmap_force(checkpoint->written, blocks.first, blocks.end, false);
        atomic_fetch_sub_explicit(&checkpoint->count, count, memory_order_relaxed);
}

int checkpoint_forget(struct rmmap_file *file, uint64_t start, uint64_t end)
{
        struct checkpoint *checkpoint = file->checkpoint;
        struct blocks blocks = blocks_of(start, end);
        int before = cancellation_off(), err = 0;

        mutex_lock(&checkpoint->lock);
        /* A record that failed may be in the side file all the same. */
        if (bitmap_any(checkpoint->recorded, blocks.first, blocks.end) ||
            bitmap_any(checkpoint->recording, blocks.first, blocks.end)) {
                err = sync_error(file);
                if (err == 0)
                        err = forget_durably(file, blocks);
        }
        if (err == 0)
                clear(checkpoint, blocks);
        mutex_unlock(&checkpoint->lock);
        cancellation_restore(before);
        return err;
}

/* ---- publish */

bool checkpoint_covers(const struct checkpoint *checkpoint, uint64_t size)
{
        return size == 0 || bitmap_all(checkpoint->recorded, 0, blocks_of(0, size).end);
}

int checkpoint_finish(struct rmmap_file *file)
{
        int err = sync_latch(file, side_remove(&file->checkpoint->side));

        if (err == 0)
                checkpoint_close(file);
        return err;
}

/* ---- what it has recorded */

uint64_t checkpoint_bytes(const struct rmmap_file *file)
{
        const struct checkpoint *checkpoint = file->checkpoint;
        uint64_t bytes = load(&checkpoint->count) * RMMAP_ALIGNMENT;
        uint64_t missing = checkpoint->blocks * RMMAP_ALIGNMENT - file_size(file);
        bool last = bitmap_any(checkpoint->recorded, checkpoint->blocks - 1, checkpoint->blocks);

        return last && bytes > missing ? bytes - missing : bytes;
}

bool checkpoint_resumed(const struct checkpoint *checkpoint)
{
        return checkpoint->resumed;
}

int rmmap_next_recorded(const struct rmmap_file *file, uint64_t from, uint64_t *start,
                        uint64_t *end)
{
        const struct checkpoint *checkpoint;
        uint64_t size, first, stop;

        if (file == NULL || start == NULL || end == NULL)
                return -EINVAL;
        checkpoint = file->checkpoint;
        if (checkpoint == NULL)
                return -EOPNOTSUPP;
        size = file_size(file);
        if (from >= size)
                return -ENODATA;
        /* What one look finds may be given back before the next one. */
        for (first = from / RMMAP_ALIGNMENT;
             !bitmap_run(checkpoint->recorded, first, checkpoint->blocks, &stop); first = stop)
                if (stop == checkpoint->blocks)
                        return -ENODATA;
        *start = max_u64(from, first * RMMAP_ALIGNMENT);
        *end = min_u64(stop * RMMAP_ALIGNMENT, size);
        return 0;
}
