/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A read copies from the mapping, or is a pread where that is faster or keeps resident memory
 * small.
 */
#include <errno.h>

#include "base/checked.h"
#include "guarded-copy.h"
#include "io-path.h"
#include "os/os.h"

/* first_look: it is over. */
#define LOOKED UINT64_MAX

static inline unsigned int written_state(const struct rmmap_file *file, size_t region)
{
        return io_has_regions(file) ? region_state(&file->io.page_state, region)
                                    : (unsigned int)REGION_COLD;
}

/* ---- small reads */

/*
 * Small reads use pread until they have read as many bytes as were written, each of them at least a
 * page: a job that checks once what it wrote. Through the mapping each fault would map 16 pages,
 * and resident memory counts them.
 */
static bool is_first_look(struct rmmap_file *file, size_t length)
{
        uint64_t most, seen = atomic_load_explicit(&file->io.first_look, memory_order_relaxed);

        if (seen == LOOKED)
                return false;
        most = min_u64(file_written(file), file_size(file));
        if (most == 0)
                return false;
        /* Other threads may end the first look meanwhile. */
        atomic_compare_exchange_strong_explicit(
                &file->io.first_look, &seen,
                seen < most ? seen + max_u64(length, RMMAP_ALIGNMENT) : LOOKED,
                memory_order_relaxed, memory_order_relaxed);
        return seen < most;
}

/*
 * A page that isn't in memory is read by pread: a fault reads much of what is around it, and
 * 2048 reads of 4 KiB at random by two threads took 1.6 to 2.6 times as long. Where four reads
 * found their page, or enough was read that the rest may be read ahead, nothing is asked any more.
 */
static bool is_missing(struct rmmap_file *file, uint64_t offset)
{
        size_t region = region_of(offset);

        if (file_in_memory(file) || written_state(file, region) >= REGION_FILLED ||
            region_state(&file->io.read_state, region) >= REGION_SEEN)
                return false;
        if (!mapping_is_cached(&file->os.mapping, offset))
                return true;
        page_state_note_cached(&file->io.read_state, offset);
        return false;
}

static NOINLINE bool small_needs_pread(struct rmmap_file *file, uint64_t offset, size_t length)
{
        return is_first_look(file, length) || is_missing(file, offset);
}

/* Did no first look begin, or is it over? */
static inline bool is_not_looking(const struct rmmap_file *file)
{
        uint64_t seen = atomic_load_explicit(&file->io.first_look, memory_order_relaxed);

        return seen == 0 || seen == LOOKED;
}

static inline bool should_pread_small(struct rmmap_file *file, uint64_t offset, size_t length)
{
        size_t region = region_of(offset);

        if (likely(written_state(file, region) == REGION_MAPPED ||
                   file->io.read_state.state == NULL))
                return false;
        if (region_state(&file->io.read_state, region) >= REGION_SEEN && is_not_looking(file))
                return false;
        return small_needs_pread(file, offset, length);
}

/* ---- all reads */

/*
 * A large read uses pread the first time: it requests all its data from the disk at once and needs
 * no page table entries. Later reads of the same region go through the mapping. 128 MiB in order,
 * ms:
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
                return should_pread_small(file, offset, length);
        if (file->io.read_state.state == NULL)
                return false;
        return written_state(file, region) != REGION_MAPPED &&
               region_state(&file->io.read_state, region) < REGION_FILLED;
}

static NOINLINE int read_by_pread(struct rmmap_file *file, uint64_t offset, void *buffer,
                                  size_t length)
{
        int before, err;

        /* Ranges may reach beyond the size to which rmmap_publish cut the file. */
        if (!within(offset, length, file_size(file)))
                return -ERANGE;
        before = cancellation_off();
        err = storage_read(file->os.fd, offset, buffer, length);
        cancellation_restore(before);
        return err;
}

static NOINLINE int read_and_note(struct rmmap_file *file, uint64_t offset, void *buffer,
                                  size_t length)
{
        if (file->io.read_state.state != NULL)
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
