/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The write-back error latch of a handle. The kernel tells an error of write-back once, to one
 * call: to a sync, or only to the call that started the write-back (ext4, where it can't even
 * place a delayed block: it drops the pages, and the next sync says 0). So whatever call meets one
 * latches it, and a sync returns only when every call that may have met one before has latched.
 *
 * Syncs run one at a time. Calls that start write-back run at any time: each is counted in, and a
 * sync waits for those that were there when its own I/O was done, as a grace period of
 * sleepable RCU waits for its readers. Layer 2.
 */
#ifndef RMMAP_WB_ERROR_H
#define RMMAP_WB_ERROR_H

#include <stdatomic.h>

struct wb_error {
        atomic_int latched;        /* a negative errno once, for good */
        atomic_uint phase;         /* its lowest bit: which count calls join now */
        atomic_size_t starting[2]; /* calls that start write-back and haven't latched yet */
};

void wb_error_init(struct wb_error *error);

/* 0, or the error that stays. Acquire: who sees it sees what the call did that met it. */
static inline int wb_error_get(const struct wb_error *error)
{
        return atomic_load_explicit(&error->latched, memory_order_acquire);
}

/* The first error stays: true for that one. err may be 0, which is none. */
_Bool wb_error_latch(struct wb_error *error, int err);

/* Around a call that starts write-back, and latching what it answers. end takes what begin gave. */
unsigned int wb_error_start_begin(struct wb_error *error);
void wb_error_start_end(struct wb_error *error, unsigned int phase);

/* After the I/O of a sync, one sync at a time: whoever began before has latched when it returns. */
void wb_error_settle(struct wb_error *error);

#endif
