/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Windows doesn't fork: a process has one generation. */
#include "os/os.h"

static _Atomic uint64_t word;
_Atomic(_Atomic uint64_t *) fork_generation_word;

bool fork_generation_is_past_slow(uint64_t generation)
{
        (void)generation;
        return false;
}

int fork_generation(uint64_t *generation)
{
        uint64_t none = 0, drawn;

        if (atomic_load_explicit(&word, memory_order_relaxed) == 0) {
                int err = random_word(&drawn);

                if (err != 0)
                        return err;
                /* If threads draw at once, the first one's value stays. */
                atomic_compare_exchange_strong_explicit(&word, &none, drawn, memory_order_relaxed,
                                                        memory_order_relaxed);
        }
        *generation = atomic_load_explicit(&word, memory_order_relaxed);
        return 0;
}
