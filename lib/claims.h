/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The ownership of each block of a file by a range: every byte has one owner at a time within a
 * handle. Allocating costs nothing here: until the first claim or unclaim of a block, the
 * allocator's claim op knows its state. From then on two bits know it:
 *
 *      tracked  vacant
 *         0        0    ask the allocator. 0: it was in use before this handle began to allocate,
 *                       and has no owner. -EBUSY: the range that allocated it owns it.
 *                       -ERANGE: it is free space.
 *         1        0    owned; or free space, if it was given back
 *         1        1    it has no owner, and is not free space
 *
 * A tracked block stays tracked. The allocator's answer counts only until the first claim, so that
 * no second claim can succeed because of it. An unclaim sets vacant, and the claim that succeeds
 * clears it. A block that was given back is not vacant, so nothing changes here when the allocator
 * hands it out again.
 *
 * With RMMAP_SHARED_CLAIMS claims take no ownership: they leave tracked alone, and vacant marks
 * blocks that were allocated once and can be claimed now.
 *
 * The shared allocator answers 0 for all that any process allocated. So for it the handle tracks
 * its own allocations from the start, and takes the next range where a claim was faster. Layer 2.
 */
#ifndef RMMAP_CLAIMS_H
#define RMMAP_CLAIMS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "allocator.h"

struct claims {
        const struct allocator *allocator;
        bool shared;
        /* Both bitmaps, one after the other. NULL: no block was claimed or unclaimed yet. */
        _Atomic(_Atomic uint64_t *) bitmaps;
        atomic_int stage; /* see claims.c */
};

void claims_init(struct claims *claims, const struct allocator *allocator, bool shared);
void claims_destroy(struct claims *claims);

/* For all functions below: the bounds are those of a valid range that isn't empty. */

/*
 * -EBUSY: some of it is owned. -ERANGE: none is owned, but some is free space. -ENOMEM. Other
 * errors are the allocator's.
 */
int claims_take(struct claims *claims, uint64_t start, uint64_t end);

/* Once before claims_note_allocated. -ENOMEM. */
int claims_prepare(struct claims *claims);

/* This handle allocated it. false: a claim took some of it, which so stays with that claim. */
bool claims_note_allocated(struct claims *claims, uint64_t start, uint64_t end);

/* Called by the owner. -EINVAL: it is not owned; -ENOMEM. */
int claims_leave(struct claims *claims, uint64_t start, uint64_t end);

/*
 * Called by the owner before it gives the bytes back to the allocator, which needs the result 0.
 * -EINVAL: not owned.
 */
int claims_give_back(struct claims *claims, uint64_t start, uint64_t end);

/* Around a restore, which changes the allocator's answers. false: something was claimed already. */
bool claims_pause(struct claims *claims);
void claims_resume(struct claims *claims);

#endif
