/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A read copies from the mapping, or is a pread where that is faster or keeps resident memory
 * small.
 */
#include "guarded-copy.h"
#include "io-path.h"
#include "os/os.h"

/* left_reads: the first look is over. */
#define LOOKED UINT64_MAX

static inline bool is_in_state(const struct rmmap_file *file, size_t region, unsigned int state)
{
        return io_has_regions(file) && region_state(&file->io.page_state, region) == state;
}

/*
 * Small reads of regions that were left use pread until they have read as many bytes as were
 * written, each of them at least a page: a job that checks once what it wrote. Through the mapping
 * each fault would map 16 pages, and resident memory counts them.
 */
static bool is_first_look(struct rmmap_file *file)
{
        uint64_t most, seen = atomic_load_explicit(&file->io.left_reads, memory_order_relaxed);

        if (seen == LOOKED || !file->config.engine.reads_both_ways)
                return false;
        most = min_u64(file_written(file), file->config.size);
        if (seen < most)
                return true;
        atomic_store_explicit(&file->io.left_reads, LOOKED, memory_order_relaxed);
        return false;
}

static void note_look(struct rmmap_file *file, size_t length)
{
        uint64_t seen = atomic_load_explicit(&file->io.left_reads, memory_order_relaxed);

        /* Other threads may have ended the first look meanwhile. */
        if (seen != LOOKED)
                atomic_compare_exchange_strong_explicit(&file->io.left_reads, &seen,
                                                        seen + max_u64(length, RMMAP_ALIGNMENT),
                                                        memory_order_relaxed, memory_order_relaxed);
}

/*
 * A large read uses pread the first time: it requests all its data from the disk at once and needs
 * no page table entries. Later reads of the same region, and small reads, go through the
 * mapping. 128 MiB in order, ms:
 *
 *                                           by pread  by the mapping
 *     not cached, 1 MiB, read-ahead 128 KiB    48          81
 *     not cached, 1 MiB, read-ahead 8 MiB      43          48
 *     cached and mapped, 64 KiB                23           8
 *     cached and mapped, 1 MiB                 29          19
 *
 * The region in the middle of the read decides, so that a short end in another region doesn't
 * count.
 */
static bool should_pread(struct rmmap_file *file, uint64_t offset, size_t length)
{
        size_t region = region_of(offset + length / 2);

        if (!io_is_by_map(file))
                return true;
        if (likely(length < REGION_LARGE_WRITE))
                return is_in_state(file, region, REGION_LEFT) && is_first_look(file);
        if (file->io.read_state.state == NULL)
                return false;
        return !is_in_state(file, region, REGION_MAPPED) &&
               region_state(&file->io.read_state, region) < REGION_FILLED;
}

static NOINLINE int read_by_pread(struct rmmap_file *file, uint64_t offset, void *buffer,
                                  size_t length)
{
        int before = cancellation_off();
        int err = storage_read(file->os.fd, offset, buffer, length);

        cancellation_restore(before);
        return err;
}

static NOINLINE int read_and_note(struct rmmap_file *file, uint64_t offset, void *buffer,
                                  size_t length)
{
        if (length < REGION_LARGE_WRITE && io_has_regions(file))
                note_look(file, length);
        else if (file->io.read_state.state != NULL)
                page_state_note_read(&file->io.read_state, offset, length);
        return read_by_pread(file, offset, buffer, length);
}

static NOINLINE int read_after_fault(struct rmmap_file *file, const void *fault, uint64_t offset,
                                     void *buffer, size_t length)
{
        int err = guarded_copy_fault(file, fault, offset, length);

        return err != 0 ? err : read_by_pread(file, offset, buffer, length);
}

int io_read(struct rmmap_file *file, uint64_t offset, void *buffer, size_t length)
{
        const void *fault;
        size_t done;

        if (unlikely(length == 0))
                return 0;
        if (unlikely(should_pread(file, offset, length)))
                return read_and_note(file, offset, buffer, length);
        fault = guarded_copy(file, buffer, file->os.mapping.base + offset, length, false, &done);
        if (likely(fault == NULL))
                return 0;
        return read_after_fault(file, fault, offset + done, (unsigned char *)buffer + done,
                                length - done);
}
