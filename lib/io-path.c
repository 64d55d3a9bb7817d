/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The one way in and the one way out: every copying call ends here. */
#include <errno.h>
#include <string.h>

#include "base/checked.h"
#include "file.h"
#include "memcpy-nt.h"
#include "os/os.h"

/*
 * Large copies go in slices. Into a cold mapping libc's own large copy walks several pages at
 * once, which defeats the kernel's large folios: a fault for every page instead of six per MiB,
 * three times slower measured at 12 MiB.
 */
#define SLICE ((size_t)256 << 10)

/* Of this many bytes a write is large enough to start its write-back at once. */
#define WRITE_BEHIND_FROM ((size_t)256 << 10)

typedef void copy_function(void *to, const void *from, size_t length);

static void copy_cached(void *to, const void *from, size_t length)
{
        memcpy(to, from, length);
}

/* What a guarded copy works on; done is read after the copy was left by a fault. */
struct copy {
        unsigned char *to;
        const unsigned char *from;
        size_t length;
        copy_function *by;
        volatile size_t done;
};

static void copy_slices(void *arg)
{
        struct copy *copy = arg;

        while (copy->done < copy->length) {
                size_t done = copy->done;
                size_t slice = (size_t)min_u64(SLICE, copy->length - done);

                copy->by(copy->to + done, copy->from + done, slice);
                copy->done = done + slice;
        }
}

static NOINLINE const void *copy_in_slices(const struct rmmap_file *file, void *to,
                                           const void *from, size_t length, copy_function *by,
                                           size_t *done)
{
        struct copy copy = {.to = to, .from = from, .length = length, .by = by};
        const void *fault = fault_guard_run(file->base, file->size, copy_slices, &copy);

        *done = copy.done;
        return fault;
}

/*
 * Between a mapping of the file and memory: NULL, or where in the mapping the fault was that ended
 * it, and how much was done at least. What can't be stored or read raises a signal there, whatever
 * promised that it could: a file system may shut down, an inode become immutable, a disk fail.
 */
static inline const void *copy_guarded(const struct rmmap_file *file, void *to, const void *from,
                                       size_t length, copy_function *by, size_t *done)
{
        *done = 0;
        if (likely(length <= SLICE && by == copy_cached))
                return fault_guard_copy(file->base, file->size, to, from, length);
        return copy_in_slices(file, to, from, length, by, done);
}

/*
 * After a fault: 0 where the bytes at offset can go by a system call, which either works or says
 * truly why not; an error that tells why otherwise. It may be the caller's side that is missing,
 * being a pointer into this mapping.
 */
static NOINLINE int after_fault(struct rmmap_file *file, const void *fault, uint64_t offset,
                                size_t length)
{
        uint64_t at = (uint64_t)((const unsigned char *)fault - file->base);
        size_t page = mapping_page_size();
        int err;

        count(&file->faults_caught, 1);
        PROBE2(fault, file, at);
        if (at < align_down_to(offset, page) || at - offset >= length)
                return fault_reason(file, at);
        err = fault_check_size(file);
        return err != 0 || file_has_calls(file) ? err : fault_reason(file, at);
}

/* A memfd that its owner sealed against later writes: what is mapped can still be stored to. */
static int write_sealed(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        const void *fault;
        size_t done;
        int err;

        if (file->base == NULL || file->engine.never_maps || !storage_is_sealed(file->fd))
                return -EPERM;
        err = fault_guard_install();
        if (err != 0)
                return err;
        fault = copy_guarded(file, file->base + offset, data, length, copy_cached, &done);
        if (fault != NULL)
                return fault_reason(file, (uint64_t)((const unsigned char *)fault - file->base));
        io_stats_count(io_stats_shard(&file->io_stats), length);
        return 0;
}

static int write_by_call(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        int before = cancellation_off();
        /* pwrite would make a file that somebody cut grow again; asked before and after. */
        int err = file->guarded ? fault_check_size(file) : 0;

        if (err == 0)
                err = storage_write(file->fd, offset, data, length);
        if (err == 0 && file->guarded)
                err = fault_check_size(file);
        if (err == 0)
                count(&file->pwrite_bytes, length);
        if (err == -EPERM)
                err = write_sealed(file, offset, data, length);
        PROBE4(write_by_call, file, offset, length, err);
        cancellation_restore(before);
        return err;
}

static int read_by_call(struct rmmap_file *file, uint64_t offset, void *buffer, size_t length)
{
        int before = cancellation_off();
        int err = storage_read(file->fd, offset, buffer, length);

        cancellation_restore(before);
        return err;
}

/* The bytes of a copy into the file that met a fault. */
static NOINLINE int write_after_fault(struct rmmap_file *file, const void *fault, uint64_t offset,
                                      const void *data, size_t length)
{
        int err = after_fault(file, fault, offset, length);

        return err != 0 ? err : write_by_call(file, offset, data, length);
}

/* Between the two sizes only into another region than before: what is near may be in the cache. */
static inline bool should_bypass_caches(const struct rmmap_file *file, struct io_stats_shard *shard,
                                        uint64_t offset, size_t length)
{
        uint64_t region = region_of(offset);

        return file->bypass_caches && length >= MEMCPY_NT_SCATTERED &&
               (length >= MEMCPY_NT_ALWAYS || io_stats_visit(&shard->region, region) != region);
}

static NOINLINE int write_by_map(struct rmmap_file *file, uint64_t offset, const void *data,
                                 size_t length)
{
        struct io_stats_shard *shard = io_stats_shard(&file->io_stats);
        bool stream = should_bypass_caches(file, shard, offset, length);
        copy_function *by = stream ? memcpy_nt : copy_cached;
        const void *fault;
        size_t done;

        io_stats_count(shard, length);
        PROBE3(write_by_map, file, offset, length);
        fault = copy_guarded(file, file->base + offset, data, length, by, &done);
        if (likely(fault == NULL))
                return 0;
        return write_after_fault(file, fault, offset + done, (const unsigned char *)data + done,
                                 length - done);
}

/* The region at offset is mapped for writing, by this thread; others copy into it meanwhile. */
static bool populate_region(struct rmmap_file *file, uint64_t offset)
{
        size_t region = region_of(offset);
        int err;

        region_set(&file->page_state, region, REGION_MAPPED);
        region_set(&file->clean_entries, region, REGION_NO_CLEAN_ENTRIES);
        /* A small durable write into a huge page takes longer later on: only where all is said to
         * be written, and nothing is there to be read ahead. */
        if (file->fresh && file->pattern == RMMAP_PATTERN_DENSE)
                file_want_huge_pages(file);
        err = mapping_populate_region(&file->mapping, offset & ~(REGION_SIZE - 1), REGION_SIZE);
        if (err == 0) {
                count(&file->faults_avoided, REGION_SIZE / RMMAP_ALIGNMENT);
                populate_note(&file->populate, REGION_SIZE);
        }
        if (err == 0 || err == -EOPNOTSUPP)
                return true;
        region_set(&file->page_state, region, REGION_COLD); /* a call will tell why */
        return false;
}

/* PATH_MAP or PATH_PWRITE. */
static enum write_path choose_path(struct rmmap_file *file, uint64_t offset, size_t length)
{
        unsigned int state = region_class(&file->page_state, offset);
        enum write_path path = write_path_of(file->pattern, length >= REGION_LARGE_WRITE, state);

        if (path == PATH_POPULATE && state < REGION_FILLED &&
            !populate_threshold_is_lowest(&file->populate))
                return PATH_PWRITE;
        if (path == PATH_POPULATE)
                path = populate_region(file, offset) ? PATH_MAP : PATH_PWRITE;
        return path;
}

/*
 * What a small write counts towards a filled region. The same page again needs no more of it than
 * before; those that follow may be the next record of a log, synced before the region is full.
 */
static unsigned int small_step(struct rmmap_file *file, uint64_t offset, size_t length)
{
        struct io_stats_shard *shard = io_stats_shard(&file->io_stats);
        uint64_t page = offset / RMMAP_ALIGNMENT, last = (offset + length - 1) / RMMAP_ALIGNMENT;
        uint64_t before = io_stats_visit(&shard->page, last);
        unsigned int step = populate_step(&file->populate);

        if (last == before)
                return 0;
        if (length < POPULATE_TINY_WRITE || (page != before && page != before + 1))
                return step;
        return (step < POPULATE_STEP_IN_ORDER ? step : POPULATE_STEP_IN_ORDER) *
               (unsigned int)(last - before);
}

static int write_one_path(struct rmmap_file *file, enum write_path path, uint64_t offset,
                          const void *data, size_t length)
{
        if (path == PATH_MAP)
                return write_by_map(file, offset, data, length);
        page_state_note_write(&file->page_state, offset, length, small_step(file, offset, length));
        count(&file->faults_avoided, length / RMMAP_ALIGNMENT);
        return write_by_call(file, offset, data, length);
}

/* Neighbouring regions of one path go at once. */
static NOINLINE int write_by_regions(struct rmmap_file *file, uint64_t offset,
                                     const unsigned char *data, size_t length)
{
        uint64_t at = offset, end = offset + length;
        enum write_path path = choose_path(file, at, length);
        int err = 0;

        while (err == 0 && at < end) {
                uint64_t stop = at;
                enum write_path next = path;

                while (stop < end && next == path) {
                        stop = (stop | (REGION_SIZE - 1)) + 1;
                        if (stop < end)
                                next = choose_path(file, stop, length);
                }
                stop = min_u64(stop, end);
                err = write_one_path(file, path, at, data + (at - offset), (size_t)(stop - at));
                at = stop;
                path = next;
        }
        return err;
}

uint64_t io_mapped_room(const struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        uint64_t at = offset, end = offset + length;

        if (!file->by_map)
                return 0;
        if (file->page_state.state == NULL)
                return length;
        while (at < end && region_state(&file->page_state, region_of(at)) == REGION_MAPPED)
                at = (at | (REGION_SIZE - 1)) + 1;
        return min_u64(at, end) - offset;
}

void io_note_written(struct rmmap_file *file, uint64_t length)
{
        io_stats_count(io_stats_shard(&file->io_stats), length);
}

int io_finish(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        if (file->write_behind && length >= WRITE_BEHIND_FROM)
                return durability_write_behind(file, offset, length);
        return 0;
}

static inline bool is_mapped_region(const struct rmmap_file *file, uint64_t offset, size_t length)
{
        size_t region = region_of(offset);

        return region_of(offset + length - 1) == region &&
               region_state(&file->page_state, region) == REGION_MAPPED;
}

static NOINLINE int write_large_behind(struct rmmap_file *file, uint64_t offset, const void *data,
                                       size_t length)
{
        int err = file->page_state.state != NULL ? write_by_regions(file, offset, data, length)
                  : file->by_map                 ? write_by_map(file, offset, data, length)
                                                 : write_by_call(file, offset, data, length);

        return err != 0 ? err : durability_write_behind(file, offset, length);
}

static NOINLINE int write_by_choice(struct rmmap_file *file, uint64_t offset, const void *data,
                                    size_t length)
{
        if (unlikely(length == 0))
                return 0;
        if (unlikely(length >= WRITE_BEHIND_FROM && file->write_behind))
                return write_large_behind(file, offset, data, length);
        if (unlikely(!file->by_map))
                return write_by_call(file, offset, data, length);
        if (file->page_state.state != NULL && !is_mapped_region(file, offset, length))
                return write_by_regions(file, offset, data, length);
        return write_by_map(file, offset, data, length);
}

/* Less than a page into a region that is mapped for writing is what a few ns count in: no register is saved for it. */
int io_write(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        const void *fault;

        if (unlikely(length - 1 >= MEMCPY_NT_SCATTERED - 1 || file->page_state.state == NULL ||
                     !is_mapped_region(file, offset, length)))
                return write_by_choice(file, offset, data, length);
        io_stats_count(io_stats_shard(&file->io_stats), length);
        PROBE3(write_by_map, file, offset, length);
        fault = fault_guard_copy(file->base, file->size, file->base + offset, data, length);
        if (likely(fault == NULL))
                return 0;
        return write_after_fault(file, fault, offset, data, length);
}

/* It was mapped for writing, and its pages still are for reading at least. */
static bool has_entries(const struct rmmap_file *file, size_t region)
{
        return file->page_state.state != NULL &&
               (region_state(&file->page_state, region) == REGION_MAPPED ||
                region_state(&file->clean_entries, region) != REGION_NO_CLEAN_ENTRIES);
}

/* As it suits the region in its middle, so that no short end in another one decides. */
static NOINLINE bool should_read_by_call(struct rmmap_file *file, uint64_t offset, size_t length)
{
        size_t region = region_of(offset + length / 2);

        if (file->read_state.state == NULL || has_entries(file, region) ||
            read_path_of(region_state(&file->read_state, region)) != PATH_PWRITE)
                return false;
        page_state_note_read(&file->read_state, offset, length);
        return true;
}

static NOINLINE int read_after_fault(struct rmmap_file *file, const void *fault, uint64_t offset,
                                     void *buffer, size_t length)
{
        int err = after_fault(file, fault, offset, length);

        return err != 0 ? err : read_by_call(file, offset, buffer, length);
}

int io_read(struct rmmap_file *file, uint64_t offset, void *buffer, size_t length)
{
        const void *fault;
        size_t done;

        if (unlikely(length == 0))
                return 0;
        if (unlikely(!file->by_map))
                return read_by_call(file, offset, buffer, length);
        if (unlikely(length >= REGION_LARGE_WRITE && should_read_by_call(file, offset, length)))
                return read_by_call(file, offset, buffer, length);
        fault = copy_guarded(file, buffer, file->base + offset, length, copy_cached, &done);
        if (likely(fault == NULL))
                return 0;
        return read_after_fault(file, fault, offset + done, (unsigned char *)buffer + done,
                                length - done);
}
