/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* The options of a new handle, copied and checked. Layer 2. */
#ifndef RMMAP_OPTIONS_H
#define RMMAP_OPTIONS_H

#include "rmmap.h"

#define OPTIONS_CREATE                                                                             \
        (RMMAP_MUST_CREATE | RMMAP_NO_PREALLOCATE | RMMAP_POPULATE | RMMAP_HUGE_PAGES |            \
         RMMAP_LOCK_FILE | RMMAP_CATCH_FAULTS | RMMAP_NO_FOLLOW | RMMAP_WRITE_BEHIND |             \
         RMMAP_SHARED_CLAIMS | RMMAP_UNCACHED | RMMAP_KEEP | RMMAP_REWRITE | RMMAP_UNNAMED |       \
         RMMAP_PUNCH_HOLES)
#define OPTIONS_OPEN_FD                                                                            \
        (RMMAP_READ_ONLY | RMMAP_POPULATE | RMMAP_HUGE_PAGES | RMMAP_LOCK_FILE |                   \
         RMMAP_CATCH_FAULTS | RMMAP_WRITE_BEHIND | RMMAP_REWRITE | RMMAP_SHARED_CLAIMS |           \
         RMMAP_UNCACHED | RMMAP_PUNCH_HOLES)
#define OPTIONS_OPEN (OPTIONS_OPEN_FD | RMMAP_NO_FOLLOW)

static inline bool options_want_lock(const struct rmmap_options *options)
{
        return (options->flags & RMMAP_LOCK_FILE) != 0;
}

/* What a checkpoint's identity has at most, in bytes. */
#define LONGEST_IDENTITY 256

/* Copies the caller's checkpoint. -EINVAL: a part is missing, or of a wrong length. */
int options_read_checkpoint(struct rmmap_checkpoint *checkpoint,
                            const struct rmmap_checkpoint *given);

/*
 * Copies the caller's options and checks them; given may be NULL. allowed: the flags that this call
 * accepts. Other known flags are -EINVAL, unknown ones -EOPNOTSUPP.
 */
int options_read(struct rmmap_options *options, const struct rmmap_options *given,
                 uint32_t allowed);

#endif
