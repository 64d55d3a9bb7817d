/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * A write is cut at the ends of 2 MiB regions, where the engine chooses for each region. For each
 * piece choose() looks at the region's state and changes nothing; execute() does what was chosen,
 * and decides only how to continue after a failure. io_write handles one case itself, where
 * nanoseconds count: one small write into a region that is mapped for writing. Reads: io-read.c.
 */
#include <errno.h>

#include "base/checked.h"
#include "engine-select.h"
#include "guarded-copy.h"
#include "io-path.h"
#include "memcpy-nt.h"
#include "memory-check.h"
#include "os/os.h"
#include "punch.h"

/* Copies into a region that was left pay for mapping it again only if they are small and many. */
#define RETURN_WRITE ((size_t)16 << 10)

static inline uint64_t page_of(uint64_t offset)
{
        return offset / RMMAP_ALIGNMENT;
}

/* ---- choose */

/*
 * pwrite neither zeroes nor reads a page that it overwrites completely, but takes the inode's lock,
 * and 1 to 6 us for each page. A page fault takes as long for each page, or for a whole large
 * folio. Populating 2 MiB at once takes about 0.3 ms and makes all of it dirty. So few small writes
 * go by pwrite, and many go to a region that is populated for them. Large writes go by pwrite while
 * the pages are new or clean, then through the mapping, where no lock serialises them. Measured
 * with 2 threads on ext4, GiB/s:
 *
 *                         by pwrite  plain mapping  populated
 *     new     4 KiB in order   1.1        3.6          5.8
 *             4 KiB at random  1.0        0.8          5.4
 *            16 KiB in order   3.0        3.3          5.3
 *            64 KiB at random  3.5        0.8          2.8
 *     synced  4 KiB in order   0.9        2.6          6.4   (1 thread)
 *             1 MiB            9.5        2.7          7.6   (1 thread)
 */
enum write_path write_path_of(uint32_t pattern, bool large, unsigned int state)
{
        switch (state) {
        case REGION_MAPPED:
                return PATH_MAP;
        case REGION_LEFT:
                return PATH_POPULATE;
        case REGION_FILLED:
                return pattern == RMMAP_PATTERN_SCATTERED && !large ? PATH_PWRITE : PATH_POPULATE;
        default:
                return pattern == RMMAP_PATTERN_DENSE && !large ? PATH_POPULATE : PATH_PWRITE;
        }
}

/* Does the job write bytes again that it wrote since the last sync of everything? */
static bool writes_again(const struct rmmap_file *file)
{
        return dirty_written(file) > page_state_touched(&file->io.page_state);
}

/*
 * A region was left, and its pages are in the page cache. A job that writes each byte once fills
 * the rest of it by pwrite. Small writes, and those of a job that writes bytes again, have it
 * mapped again.
 */
static bool should_return(const struct rmmap_file *file, size_t length)
{
        return length < RETURN_WRITE || writes_again(file);
}

/* Populating the region at offset would bring back space that was given back. */
static bool has_hole(const struct rmmap_file *file, uint64_t offset)
{
        uint64_t start = align_down_to(offset, REGION_SIZE);

        return punch_any(file, start, min_u64(REGION_SIZE, file_size(file) - start));
}

/* length: that of the whole write. */
static enum write_path choose(const struct rmmap_file *file, uint64_t offset, size_t length)
{
        bool large = length >= REGION_LARGE_WRITE;
        enum write_path path;
        unsigned int state;

        if (!io_is_by_map(file))
                return PATH_PWRITE;
        if (!io_has_regions(file))
                return PATH_MAP;
        state = region_class(&file->io.page_state, offset);
        if (state < REGION_FILLED && !populate_threshold_is_lowest(&file->io.populate))
                return PATH_PWRITE;
        path = write_path_of(memory_pattern(file), large, state);
        if (path != PATH_POPULATE)
                return path;
        return memory_fits(file) && !has_hole(file, offset) &&
                               (state != REGION_LEFT || should_return(file, length))
                       ? PATH_POPULATE
                       : PATH_PWRITE;
}

/*
 * Between the two sizes, non-temporal stores only into the page after the one that the thread wrote
 * before, or into another region: elsewhere the destination may be in the cache.
 */
static inline bool should_bypass_caches(const struct rmmap_file *file, struct io_stats_shard *shard,
                                        uint64_t offset, size_t length)
{
        uint64_t before;

        if (!file->config.bypass_caches || length < MEMCPY_NT_SCATTERED)
                return false;
        if (length >= MEMCPY_NT_ALWAYS)
                return true;
        before = io_stats_visit(&shard->copied, page_of(offset + length - 1));
        return page_of(offset) == before + 1 ||
               region_of(offset) != region_of(before * RMMAP_ALIGNMENT);
}

/* ---- execute: pwrite */

/*
 * A memfd whose owner sealed it against later writes: pwrite fails, but an existing mapping can
 * still be stored to.
 */
static int write_sealed(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        unsigned char *base = file->os.mapping.base;
        const void *fault;
        size_t done;
        int err;

        if (base == NULL || file->config.engine.never_maps || !storage_is_sealed(file->os.fd))
                return -EPERM;
        err = fault_guard_install();
        if (err != 0)
                return err;
        fault = guarded_copy(file, base + offset, data, length, false, &done);
        if (fault != NULL)
                return fault_reason(file, (uint64_t)((const unsigned char *)fault - base));
        memory_count_mapped(file, io_stats_shard(&file->io.stats), length);
        return 0;
}

static int write_by_pwrite(struct rmmap_file *file, uint64_t offset, const void *data,
                           size_t length)
{
        int before = cancellation_off();
        /* pwrite would extend a file that another process cut: check the size before and after. */
        int err = file->config.catch_faults ? fault_check_size(file) : 0;

        if (err == 0)
                err = storage_write(file->os.fd, offset, data, length);
        if (err == 0 && file->config.catch_faults)
                err = fault_check_size(file);
        if (err == 0)
                memory_count_pwrite(file, length);
        if (err == -EPERM)
                err = write_sealed(file, offset, data, length);
        PROBE4(write_by_call, file, offset, length, err);
        cancellation_restore(before);
        return err;
}

/*
 * The steps that a small write adds to its region's state. Another write to the same page adds
 * none. A write to the next page adds fewer, because it may be the next record of a log, which is
 * synced before the region is full: without that rule 20 records of 4 KiB and a sync take 1.3 times
 * as long. One threshold of 32 pages for all makes random rewriting after a sync 1.2 times slower.
 */
static unsigned int small_step(struct rmmap_file *file, uint64_t offset, size_t length)
{
        struct io_stats_shard *shard = io_stats_shard(&file->io.stats);
        uint64_t page = page_of(offset), last = page_of(offset + length - 1);
        uint64_t before = io_stats_visit(&shard->called, last);
        unsigned int step = populate_step(&file->io.populate);

        if (last == before)
                return 0;
        if (length < POPULATE_TINY_WRITE || (page != before && page != before + 1))
                return step;
        return (step < POPULATE_STEP_IN_ORDER ? step : POPULATE_STEP_IN_ORDER) *
               (unsigned int)(last - before);
}

static int write_and_note(struct rmmap_file *file, uint64_t offset, const void *data, size_t piece,
                          size_t length)
{
        if (io_has_regions(file)) {
                bool large = length >= REGION_LARGE_WRITE;

                page_state_note_write(&file->io.page_state, offset, piece,
                                      large ? 0 : small_step(file, offset, piece));
                count(&file->io.faults_avoided, piece / RMMAP_ALIGNMENT);
        }
        return write_by_pwrite(file, offset, data, piece);
}

/* ---- execute: the mapping */

/* Writes the rest of a copy into the mapping that met a fault. */
static NOINLINE int write_after_fault(struct rmmap_file *file, const void *fault, uint64_t offset,
                                      const void *data, size_t length)
{
        int err = guarded_copy_fault(file, fault, offset, length);

        return err != 0 ? err : write_by_pwrite(file, offset, data, length);
}

static int write_by_map(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        struct io_stats_shard *shard = io_stats_shard(&file->io.stats);
        bool past_caches = should_bypass_caches(file, shard, offset, length);
        const void *fault;
        size_t done;

        memory_count_mapped(file, shard, length);
        PROBE3(write_by_map, file, offset, length);
        fault = guarded_copy(file, file->os.mapping.base + offset, data, length, past_caches,
                             &done);
        if (likely(fault == NULL))
                return 0;
        return write_after_fault(file, fault, offset + done, (const unsigned char *)data + done,
                                 length - done);
}

/* The region is mapped; another one, which was mapped long before, may be left for it. */
static void keep_mapped(struct rmmap_file *file, size_t region, bool returned)
{
        struct mapped_ring *ring = &file->io.mapped;
        size_t oldest;

        if (file->config.populated || file_in_memory(file))
                return;
        if (returned)
                mapped_ring_note_return(ring);
        oldest = mapped_ring_add(ring, region);
        if (oldest == MAPPED_RING_NONE || !page_state_leave(&file->io.page_state, oldest))
                return;
        if (mapping_forget(&file->os.mapping, (uint64_t)oldest << REGION_SHIFT, REGION_SIZE))
                return;
        region_set(&file->io.page_state, oldest, REGION_MAPPED); /* the caller locked it */
        mapped_ring_stop(ring);
}

/*
 * Maps the region at offset for writing. The state is set first: other threads may copy into the
 * region meanwhile. A job that writes large pieces again doesn't leave regions: it would populate
 * each of them again in its next pass, eight times as slow as copying.
 */
static bool populate_region(struct rmmap_file *file, uint64_t offset, bool large)
{
        uint64_t start = align_down_to(offset, REGION_SIZE);
        size_t region = region_of(offset);
        bool returned = region_state(&file->io.page_state, region) == REGION_LEFT;
        int err;

        if (!memory_may_populate(file))
                return false;
        region_set(&file->io.page_state, region, REGION_MAPPED);
        /*
         * Later small durable writes into a huge page take longer. So huge pages are requested only
         * where all of the file will be written and there is no old content to read ahead.
         */
        if (file->config.blank && memory_pattern(file) == RMMAP_PATTERN_DENSE)
                file_want_huge_pages(file);
        err = mapping_populate_region(&file->os.mapping, start,
                                      min_u64(REGION_SIZE, file_size(file) - start));
        if (err == 0) {
                count(&file->io.faults_avoided, REGION_SIZE / RMMAP_ALIGNMENT);
                populate_note(&file->io.populate, REGION_SIZE);
                if (!large || !writes_again(file))
                        keep_mapped(file, region, returned);
        }
        if (err == 0 || err == -EOPNOTSUPP)
                return true;
        region_set(&file->io.page_state, region, REGION_COLD); /* pwrite returns the reason */
        return false;
}

/* ---- execute */

/* Writes a piece that lies in one region; length: that of the whole write. */
static int execute(struct rmmap_file *file, enum write_path path, uint64_t offset, const void *data,
                   size_t piece, size_t length)
{
        switch (path) {
        case PATH_POPULATE:
                if (!populate_region(file, offset, length >= REGION_LARGE_WRITE))
                        return write_and_note(file, offset, data, piece, length);
                return write_by_map(file, offset, data, piece);
        case PATH_MAP:
                return write_by_map(file, offset, data, piece);
        default:
                return write_and_note(file, offset, data, piece, length);
        }
}

static NOINLINE int write_by_regions(struct rmmap_file *file, uint64_t offset, const void *data,
                                     size_t length)
{
        const unsigned char *from = data;
        uint64_t at = offset, end = offset + length;
        int err = 0;

        while (err == 0 && at < end) {
                uint64_t next = (at | (REGION_SIZE - 1)) + 1;
                uint64_t stop = io_has_regions(file) ? min_u64(next, end) : end;

                err = execute(file, choose(file, at, length), at, from + (at - offset),
                              (size_t)(stop - at), length);
                at = stop;
        }
        return err;
}

/* ---- writes */

static inline bool is_mapped_region(const struct rmmap_file *file, uint64_t offset, size_t length)
{
        size_t region = region_of(offset);

        return region_of(offset + length - 1) == region &&
               region_state(&file->io.page_state, region) == REGION_MAPPED;
}

/* A write of less than a page into a mapped region: kept small so that it saves no registers. */
int io_write(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        const void *fault;

        if (unlikely(length - 1 >= MEMCPY_NT_SCATTERED - 1 || !io_has_regions(file) ||
                     !is_mapped_region(file, offset, length)))
                return write_by_regions(file, offset, data, length);
        memory_count_mapped(file, io_stats_shard(&file->io.stats), length);
        PROBE3(write_by_map, file, offset, length);
        fault = fault_guard_copy(file->os.mapping.base, file->os.mapping.length,
                                 file->os.mapping.base + offset, data, length);
        if (likely(fault == NULL))
                return 0;
        return write_after_fault(file, fault, offset, data, length);
}

uint64_t io_mapped_room(const struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        uint64_t at = offset, end = offset + length;

        if (!io_is_by_map(file))
                return 0;
        if (!io_has_regions(file))
                return length;
        while (at < end && region_state(&file->io.page_state, region_of(at)) == REGION_MAPPED)
                at = (at | (REGION_SIZE - 1)) + 1;
        return min_u64(at, end) - offset;
}

void io_note_mapped(struct rmmap_file *file, uint64_t length)
{
        memory_count_mapped(file, io_stats_shard(&file->io.stats), length);
}
