/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <stdbool.h>

#include "base/sync-annotations.h"
#include "os/os.h"
#include "wb-error.h"

void wb_error_init(struct wb_error *error)
{
        atomic_init(&error->latched, 0);
        atomic_init(&error->phase, 0);
        atomic_init(&error->starting[0], 0);
        atomic_init(&error->starting[1], 0);
        NOTE_ATOMIC(error);
}

_Bool wb_error_latch(struct wb_error *error, int err)
{
        int none = 0;

        return err != 0 &&
               atomic_compare_exchange_strong_explicit(&error->latched, &none, err,
                                                       memory_order_acq_rel, memory_order_acquire);
}

/*
 * Sequentially consistent, here and in settle. Either this call reads the old phase, and then the
 * sync that changes the phase sees this call in the count; or this call counts itself again in the
 * new phase.
 */
unsigned int wb_error_start_begin(struct wb_error *error)
{
        for (;;) {
                unsigned int phase = atomic_load_explicit(&error->phase, memory_order_seq_cst) & 1;

                atomic_fetch_add_explicit(&error->starting[phase], 1, memory_order_seq_cst);
                if ((atomic_load_explicit(&error->phase, memory_order_seq_cst) & 1) == phase)
                        return phase;
                wb_error_start_end(error, phase);
        }
}

/* Release: the sync that sees the count drop also sees what this call latched. */
void wb_error_start_end(struct wb_error *error, unsigned int phase)
{
        atomic_fetch_sub_explicit(&error->starting[phase], 1, memory_order_release);
}

void wb_error_settle(struct wb_error *error)
{
        unsigned int phase = atomic_fetch_add_explicit(&error->phase, 1, memory_order_seq_cst) & 1;

        /* Calls that join this count now leave it at once, so it reaches 0. */
        for (unsigned int tries = 0;
             atomic_load_explicit(&error->starting[phase], memory_order_seq_cst) != 0; tries++)
                backoff(tries);
}
