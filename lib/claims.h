/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Who owns which block of a file, so that every byte has one owner at a time within a handle. To
 * allocate costs nothing here: as long as nobody has claimed or unclaimed a block, the allocator's
 * claim op knows about it. From then on two bits do:
 *
 *      tracked  vacant
 *         0        0    ask the allocator. 0: it was out before this handle began to allocate, and
 *                       nobody owns it. -EBUSY: whoever allocated it owns it. -ERANGE: free space.
 *         1        0    owned; or free space, if it was given back
 *         1        1    nobody owns it, and it isn't free space
 *
 * A block that is tracked stays so: the allocator's word counts only until the first claim, so it
 * can't be taken twice by it. Vacant is set by unclaim and cleared by the claim that wins. What is
 * given back isn't vacant, so it needs no change here when it is handed out again.
 *
 * With RMMAP_SHARED_CLAIMS claims take nothing: tracked isn't used, and vacant tells only what was
 * allocated once and may be claimed since. Layer 2.
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
        /* Both bitmaps, one behind the other. NULL: nothing was claimed or unclaimed yet. */
        _Atomic(_Atomic uint64_t *) bitmaps;
        atomic_int stage; /* see claims.c */
};

void claims_init(struct claims *claims, const struct allocator *allocator, bool shared);
void claims_destroy(struct claims *claims);

/* Bounds of all of them are those of a range, and not empty. */

/* -EBUSY: some of it is owned. -ERANGE: none is, but some is free space. -ENOMEM. Or what else
 * the allocator says. */
int claims_take(struct claims *claims, uint64_t start, uint64_t end);

/* The owner's. -EINVAL: not owned; -ENOMEM. */
int claims_leave(struct claims *claims, uint64_t start, uint64_t end);

/* The owner gives it back to the allocator, if this is 0. -EINVAL: not owned. */
int claims_give_back(struct claims *claims, uint64_t start, uint64_t end);

/* Around a restore, which changes what the allocator says: false once anything was claimed. */
bool claims_pause(struct claims *claims);
void claims_resume(struct claims *claims);

#endif
