/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The one way in and the one way out: every copying call ends here. */
#include <errno.h>
#include <string.h>

#include "checked.h"
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

/* What a guarded copy works on; done is read after the copy was left by a fault. */
struct copy {
        unsigned char *to;
        const unsigned char *from;
        size_t length;
        volatile size_t done;
};

static void copy_slices(void *arg)
{
        struct copy *copy = arg;

        while (copy->done < copy->length) {
                size_t done = copy->done;
                size_t slice = (size_t)min_u64(SLICE, copy->length - done);

                memcpy(copy->to + done, copy->from + done, slice);
                copy->done = done + slice;
        }
}

static void copy_plainly(unsigned char *to, const unsigned char *from, size_t length)
{
        while (length > SLICE) {
                memcpy(to, from, SLICE);
                to += SLICE;
                from += SLICE;
                length -= SLICE;
        }
        memcpy(to, from, length);
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

/*
 * After a fault at offset: 0 where the same bytes can go by a system call, which either works or
 * says truly why not; an error that tells why otherwise.
 */
static NOINLINE int after_fault(struct rmmap_file *file, uint64_t offset)
{
        count(&file->faults_caught, 1);
        PROBE2(fault, file, offset);
        if (file->file_system.coherent && file->file_system.reservation != RESERVES_BY_MAP)
                return fault_check_size(file);
        return fault_reason(file, offset);
}

static int put_guarded(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        struct copy copy = {.to = file->base + offset, .from = data, .length = length};
        int err;

        if (likely(!fault_guard_run(file->base, file->mapping.length, copy_slices, &copy)))
                return 0;
        offset += copy.done;
        err = after_fault(file, offset);
        return err != 0 ? err
                        : put_by_call(file, offset, copy.from + copy.done, length - copy.done);
}

static int get_guarded(struct rmmap_file *file, uint64_t offset, void *buffer, size_t length)
{
        struct copy copy = {.to = buffer, .from = file->base + offset, .length = length};
        int err;

        if (likely(!fault_guard_run(file->base, file->mapping.length, copy_slices, &copy)))
                return 0;
        offset += copy.done;
        err = after_fault(file, offset);
        return err != 0 ? err : get_by_call(file, offset, copy.to + copy.done, length - copy.done);
}

static int put_by_map(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        PROBE3(write_by_map, file, offset, length);
        if (file->guarded)
                return put_guarded(file, offset, data, length);
        copy_plainly(file->base + offset, data, length);
        return 0;
}

/* The caller's word that writes are few and far apart keeps small ones from warming anything. */
static NOINLINE int put_cold(struct rmmap_file *file, uint64_t offset, const void *data,
                             size_t length)
{
        if (length >= WINDOW_LARGE_WRITE || file->pattern != RMMAP_PATTERN_SCATTERED)
                windows_note_write(&file->windows, offset, length);
        return put_by_call(file, offset, data, length);
}

int transfer_put(struct rmmap_file *file, uint64_t offset, const void *data, size_t length)
{
        if (unlikely(length == 0))
                return 0;
        if (unlikely(!file->by_map))
                return put_by_call(file, offset, data, length);
        /* Small and warm is the most common, and the one in which a few ns count. */
        if (file->windows.state != NULL &&
            window_state(&file->windows, window_of(offset)) < WINDOW_WARM)
                return put_cold(file, offset, data, length);
        return put_by_map(file, offset, data, length);
}

int transfer_get(struct rmmap_file *file, uint64_t offset, void *buffer, size_t length)
{
        if (unlikely(length == 0))
                return 0;
        if (unlikely(!file->by_map))
                return get_by_call(file, offset, buffer, length);
        if (file->guarded)
                return get_guarded(file, offset, buffer, length);
        copy_plainly(buffer, file->base + offset, length);
        return 0;
}
