/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Copies between memory and the mapping. A page of a mapping that can't be had raises SIGBUS,
 * whatever promised that it could: a file system may shut down, an inode become immutable, a disk
 * fail. So each copy runs under the fault guard. Layer 3.
 */
#ifndef RMMAP_GUARDED_COPY_H
#define RMMAP_GUARDED_COPY_H

#include <stdbool.h>

#include "base/checked.h"
#include "file.h"
#include "os/os.h"

/*
 * Large copies go in slices. Into a cold mapping libc's own large copy walks several pages at
 * once, which defeats the kernel's large folios: a fault for every page instead of six per MiB,
 * three times slower measured at 12 MiB.
 */
#define GUARDED_COPY_SLICE ((size_t)256 << 10)

/* A copy of any length, past the caches if it says so. Answers as guarded_copy does. */
const void *guarded_copy_in_slices(const struct rmmap_file *file, void *to, const void *from,
                                   size_t length, bool past_caches, size_t *done);

/* NULL, or where in the mapping the fault was that ended it; *done: so much was copied at least. */
static inline const void *guarded_copy(const struct rmmap_file *file, void *to, const void *from,
                                       size_t length, bool past_caches, size_t *done)
{
        *done = 0;
        if (likely(length <= GUARDED_COPY_SLICE && !past_caches))
                return fault_guard_copy(file->os.mapping.base, (size_t)file->config.size, to, from,
                                        length);
        return guarded_copy_in_slices(file, to, from, length, past_caches, done);
}

/*
 * After a copy of [offset, offset + length) of the file met a fault: 0 where a system call should
 * try the bytes again, which works or tells truly why not; or an error that tells why.
 */
int guarded_copy_fault(struct rmmap_file *file, const void *fault, uint64_t offset, size_t length);

/* What made the page at offset fault: -ESTALE, -EPERM, -EROFS, -ENOSPC, -EDQUOT or -EIO. */
int fault_reason(struct rmmap_file *file, uint64_t offset);

/* -ESTALE when somebody made the file shorter. */
int fault_check_size(const struct rmmap_file *file);

#endif
