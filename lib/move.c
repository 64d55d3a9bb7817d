/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The one way in and the one way out: every copying call ends here. */
#include <errno.h>
#include <string.h>

#include "checked.h"
#include "copy.h"
#include "fault-guard.h"
#include "private.h"
#include "storage.h"
#include "uncancellable.h"

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
        const void *fault = fault_guard_run(file->base, (size_t)file->size, copy_slices, &copy);

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
                return fault_guard_copy(file->base, (size_t)file->size, to, from, length);
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
static int put_sealed(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        const void *fault;
        size_t done;
        int err;

        if (file->base == NULL || file->policy.never_maps || !storage_is_sealed(file->fd))
                return -EPERM;
        err = fault_guard_install();
        if (err != 0)
                return err;
        fault = copy_guarded(file, file->base + offset, data, length, copy_cached, &done);
        if (fault != NULL)
                return fault_reason(file, (uint64_t)((const unsigned char *)fault - file->base));
        traffic_count(traffic_lane(&file->traffic), length);
        return 0;
}

static int put_by_call(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
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
                err = put_sealed(file, offset, data, length);
        PROBE4(write_by_call, file, offset, length, err);
        cancellation_restore(before);
        return err;
}

static int get_by_call(struct rmmap_file *file, uint64_t offset, void *buffer, size_t length)
{
        int before = cancellation_off();
        int err = storage_read(file->fd, offset, buffer, length);

        cancellation_restore(before);
        return err;
}

/* The bytes of a copy into the file that met a fault. */
static NOINLINE int put_after_fault(struct rmmap_file *file, const void *fault, uint64_t offset,
                                    const void *data, size_t length)
{
        int err = after_fault(file, fault, offset, length);

        return err != 0 ? err : put_by_call(file, offset, data, length);
}

/* Between the two sizes only into another window than before: what is near may be in the cache. */
static inline bool should_stream(const struct rmmap_file *file, struct traffic_lane *lane,
                                 uint64_t offset, size_t length)
{
        uint64_t window = window_of(offset);

        return file->streams && length >= COPY_STREAM_SCATTERED &&
               (length >= COPY_STREAM_ALWAYS || traffic_visit(&lane->window, window) != window);
}

static NOINLINE int put_by_map(struct rmmap_file *file, uint64_t offset, const void *data,
                               size_t length)
{
        struct traffic_lane *lane = traffic_lane(&file->traffic);
        bool stream = should_stream(file, lane, offset, length);
        copy_function *by = stream ? copy_streaming : copy_cached;
        const void *fault;
        size_t done;

        traffic_count(lane, length);
        PROBE3(write_by_map, file, offset, length);
        fault = copy_guarded(file, file->base + offset, data, length, by, &done);
        if (likely(fault == NULL))
                return 0;
        return put_after_fault(file, fault, offset + done, (const unsigned char *)data + done,
                               length - done);
}

/* The window at offset is mapped for writing, by this thread; others copy into it meanwhile. */
static bool prepare_window(struct rmmap_file *file, uint64_t offset)
{
        size_t window = window_of(offset);
        int err;

        window_set(&file->windows, window, WINDOW_WARM);
        window_set(&file->leftovers, window, WINDOW_NO_LEFTOVERS);
        /* A small durable write into a huge page takes longer later on: only where all is said to
         * be written, and nothing is there to be read ahead. */
        if (file->fresh && file->pattern == RMMAP_PATTERN_DENSE)
                file_want_huge_pages(file);
        err = mapping_prepare(&file->mapping, offset & ~(WINDOW_SIZE - 1), WINDOW_SIZE);
        if (err == 0) {
                count(&file->faults_avoided, WINDOW_SIZE / RMMAP_ALIGNMENT);
                patience_note_prepared(&file->patience, WINDOW_SIZE);
        }
        if (err == 0 || err == -EOPNOTSUPP)
                return true;
        window_set(&file->windows, window, WINDOW_COLD); /* a call will tell why */
        return false;
}

/* WAY_MAP or WAY_CALL. */
static enum way choose_way(struct rmmap_file *file, uint64_t offset, size_t length)
{
        unsigned int state = window_class(&file->windows, offset);
        enum way way = policy_way(file->pattern, length >= WINDOW_LARGE_WRITE, state);

        if (way == WAY_PREPARE && state < WINDOW_FILLED && !patience_is_hasty(&file->patience))
                return WAY_CALL;
        if (way == WAY_PREPARE)
                way = prepare_window(file, offset) ? WAY_MAP : WAY_CALL;
        return way;
}

/*
 * What a small write counts towards a filled window. The same page again needs no more of it than
 * before; those that follow may be the next record of a log, synced before the window is full.
 */
static unsigned int small_step(struct rmmap_file *file, uint64_t offset, size_t length)
{
        struct traffic_lane *lane = traffic_lane(&file->traffic);
        uint64_t page = offset / RMMAP_ALIGNMENT, last = (offset + length - 1) / RMMAP_ALIGNMENT;
        uint64_t before = traffic_visit(&lane->page, last);
        unsigned int step = patience_step(&file->patience);

        if (last == before)
                return 0;
        if (length < PATIENCE_TINY || (page != before && page != before + 1))
                return step;
        return (step < PATIENCE_IN_ORDER ? step : PATIENCE_IN_ORDER) *
               (unsigned int)(last - before);
}

static int put_one_way(struct rmmap_file *file, enum way way, uint64_t offset, const void *data,
                       size_t length)
{
        if (way == WAY_MAP)
                return put_by_map(file, offset, data, length);
        windows_note_write(&file->windows, offset, length, small_step(file, offset, length));
        count(&file->faults_avoided, length / RMMAP_ALIGNMENT);
        return put_by_call(file, offset, data, length);
}

/* Neighbouring windows of one way go at once. */
static NOINLINE int put_by_windows(struct rmmap_file *file, uint64_t offset,
                                   const unsigned char *data, size_t length)
{
        uint64_t at = offset, end = offset + length;
        enum way way = choose_way(file, at, length);
        int err = 0;

        while (err == 0 && at < end) {
                uint64_t stop = at;
                enum way next = way;

                while (stop < end && next == way) {
                        stop = (stop | (WINDOW_SIZE - 1)) + 1;
                        if (stop < end)
                                next = choose_way(file, stop, length);
                }
                stop = min_u64(stop, end);
                err = put_one_way(file, way, at, data + (at - offset), (size_t)(stop - at));
                at = stop;
                way = next;
        }
        return err;
}

uint64_t transfer_room(const struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        uint64_t at = offset, end = offset + length;

        if (!file->by_map)
                return 0;
        if (file->windows.state == NULL)
                return length;
        while (at < end && window_state(&file->windows, window_of(at)) == WINDOW_WARM)
                at = (at | (WINDOW_SIZE - 1)) + 1;
        return min_u64(at, end) - offset;
}

void transfer_note(struct rmmap_file *file, uint64_t length)
{
        traffic_count(traffic_lane(&file->traffic), length);
}

int transfer_finish(struct rmmap_file *file, uint64_t offset, uint64_t length)
{
        if (file->write_behind && length >= WRITE_BEHIND_FROM)
                return durability_write_behind(file, offset, length);
        return 0;
}

static inline bool is_warm(const struct rmmap_file *file, uint64_t offset, size_t length)
{
        size_t window = window_of(offset);

        return window_of(offset + length - 1) == window &&
               window_state(&file->windows, window) == WINDOW_WARM;
}

static NOINLINE int put_large_behind(struct rmmap_file *file, uint64_t offset, const void *data,
                                     size_t length)
{
        int err = file->windows.state != NULL ? put_by_windows(file, offset, data, length)
                  : file->by_map              ? put_by_map(file, offset, data, length)
                                              : put_by_call(file, offset, data, length);

        return err != 0 ? err : durability_write_behind(file, offset, length);
}

static NOINLINE int put_by_choice(struct rmmap_file *file, uint64_t offset, const void *data,
                                  size_t length)
{
        if (unlikely(length == 0))
                return 0;
        if (unlikely(length >= WRITE_BEHIND_FROM && file->write_behind))
                return put_large_behind(file, offset, data, length);
        if (unlikely(!file->by_map))
                return put_by_call(file, offset, data, length);
        if (file->windows.state != NULL && !is_warm(file, offset, length))
                return put_by_windows(file, offset, data, length);
        return put_by_map(file, offset, data, length);
}

/* Less than a page into a warm window is what a few ns count in: no register is saved for it. */
int transfer_put(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        const void *fault;

        if (unlikely(length - 1 >= COPY_STREAM_SCATTERED - 1 || file->windows.state == NULL ||
                     !is_warm(file, offset, length)))
                return put_by_choice(file, offset, data, length);
        traffic_count(traffic_lane(&file->traffic), length);
        PROBE3(write_by_map, file, offset, length);
        fault = fault_guard_copy(file->base, (size_t)file->size, file->base + offset, data, length);
        if (likely(fault == NULL))
                return 0;
        return put_after_fault(file, fault, offset, data, length);
}

/* It was mapped for writing, and its pages still are for reading at least. */
static bool has_entries(const struct rmmap_file *file, size_t window)
{
        return file->windows.state != NULL &&
               (window_state(&file->windows, window) == WINDOW_WARM ||
                window_state(&file->leftovers, window) != WINDOW_NO_LEFTOVERS);
}

/* As it suits the window in its middle, so that no short end in another one decides. */
static NOINLINE bool should_read_by_call(struct rmmap_file *file, uint64_t offset, size_t length)
{
        size_t window = window_of(offset + length / 2);

        if (file->reads.state == NULL || has_entries(file, window) ||
            policy_read_way(window_state(&file->reads, window)) != WAY_CALL)
                return false;
        windows_note_read(&file->reads, offset, length);
        return true;
}

static NOINLINE int get_after_fault(struct rmmap_file *file, const void *fault, uint64_t offset,
                                    void *buffer, size_t length)
{
        int err = after_fault(file, fault, offset, length);

        return err != 0 ? err : get_by_call(file, offset, buffer, length);
}

int transfer_get(struct rmmap_file *file, uint64_t offset, void *buffer, size_t length)
{
        const void *fault;
        size_t done;

        if (unlikely(length == 0))
                return 0;
        if (unlikely(!file->by_map))
                return get_by_call(file, offset, buffer, length);
        if (unlikely(length >= WINDOW_LARGE_WRITE && should_read_by_call(file, offset, length)))
                return get_by_call(file, offset, buffer, length);
        fault = copy_guarded(file, buffer, file->base + offset, length, copy_cached, &done);
        if (likely(fault == NULL))
                return 0;
        return get_after_fault(file, fault, offset + done, (unsigned char *)buffer + done,
                               length - done);
}
