/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Copies between memory and the mapping. A mapped page that the kernel can't supply raises SIGBUS,
 * even where space was reserved: a file system may shut down, an inode may become immutable, a disk
 * may fail. So each copy runs under the fault guard. Layer 3.
 */
#ifndef RMMAP_GUARDED_COPY_H
#define RMMAP_GUARDED_COPY_H

#include <stdbool.h>

#include "base/checked.h"
#include "file.h"
#include "os/os.h"

/*
 * Large copies are cut into slices. libc's own large copy walks several pages at once, which
 * defeats the kernel's large folios in a mapping without page table entries: a fault for every page
 * instead of six per MiB; measured three times slower at 12 MiB.
 */
#define GUARDED_COPY_SLICE ((size_t)256 << 10)

/* A copy of any length; past_caches: non-temporal stores. Returns what guarded_copy returns. */
const void *guarded_copy_in_slices(const struct rmmap_file *file, void *to, const void *from,
                                   size_t length, bool past_caches, size_t *done);

/* NULL, or the address of the fault that ended the copy. *done: the least that was copied. */
static inline const void *guarded_copy(const struct rmmap_file *file, void *to, const void *from,
                                       size_t length, bool past_caches, size_t *done)
{
        *done = 0;
        if (likely(length <= GUARDED_COPY_SLICE && !past_caches))
                return fault_guard_copy(file->os.mapping.base, file->os.mapping.length, to, from,
                                        length);
        return guarded_copy_in_slices(file, to, from, length, past_caches, done);
}

/*
 * Called after a copy of [offset, offset + length) of the file met a fault. 0: a system call should
 * try the bytes again; it either works or returns the true error. Otherwise an error that gives the
 * reason of the fault.
 */
int guarded_copy_fault(struct rmmap_file *file, const void *fault, uint64_t offset, size_t length);

/* Why the page at offset faulted: -ESTALE, -EPERM, -EROFS, -ENOSPC, -EDQUOT or -EIO. */
int fault_reason(struct rmmap_file *file, uint64_t offset);

/* -ESTALE if the file is shorter than it was. */
int fault_check_size(const struct rmmap_file *file);

#endif
