/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * The write-back error latch of a handle. The kernel reports a write-back error once, to one call:
 * to a sync, or only to the call that started the write-back. (On ext4, when it can't place a
 * delayed block: it drops the pages, and the next sync returns 0.) So every call that receives such
 * an error latches it, and a sync returns only after every call that may have received one before
 * has latched it.
 *
 * Syncs run one at a time. Calls that start write-back run at any time. Each of them is counted,
 * and a sync waits for those that were running when its own I/O was done, as a grace period of
 * sleepable RCU waits for its readers. Layer 2.
 */
#ifndef RMMAP_WB_ERROR_H
#define RMMAP_WB_ERROR_H

#include <stdatomic.h>

struct wb_error {
        atomic_int latched;        /* a negative errno, or 0; set once, never cleared */
        atomic_uint phase;         /* its lowest bit selects the count that calls join now */
        atomic_size_t starting[2]; /* calls that start write-back and haven't latched yet */
};

void wb_error_init(struct wb_error *error);

/*
 * 0, or the latched error. Acquire: a thread that sees the error also sees what the call that
 * received it did before.
 */
static inline int wb_error_get(const struct wb_error *error)
{
        return atomic_load_explicit(&error->latched, memory_order_acquire);
}

/* Latches err if it is the first error; true if it is. err may be 0, which is no error. */
_Bool wb_error_latch(struct wb_error *error, int err);

/* Around a call that starts write-back and the latching of its error. end takes begin's result. */
unsigned int wb_error_start_begin(struct wb_error *error);
void wb_error_start_end(struct wb_error *error, unsigned int phase);

/*
 * After the I/O of a sync, one sync at a time: waits until all calls that began before have
 * latched.
 */
void wb_error_settle(struct wb_error *error);

#endif
