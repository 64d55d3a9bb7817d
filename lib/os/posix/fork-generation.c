/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A handler of pthread_atfork wipes the word. A child by another call than fork isn't seen. */
#include <pthread.h>

#include "base/sync-annotations.h"
#include "os/os.h"

static _Atomic uint64_t word;
_Atomic(_Atomic uint64_t *) fork_generation_word;

static void wipe(void)
{
        atomic_store_explicit(&word, 0, memory_order_relaxed);
}

/* Never: the word is there from the first fork_generation on. */
bool fork_generation_is_past_slow(uint64_t generation)
{
        (void)generation;
        return false;
}

/* What threads do at once is done twice without harm. */
static int prepare(void)
{
        int err = -pthread_atfork(NULL, NULL, wipe);

        if (err == 0)
                atomic_store_explicit(&fork_generation_word, &word, memory_order_relaxed);
        return err;
}

int fork_generation(uint64_t *generation)
{
        uint64_t none = 0, drawn;
        int err = 0;

        NOTE_ATOMIC(&word);
        NOTE_ATOMIC(&fork_generation_word);
        if (atomic_load_explicit(&fork_generation_word, memory_order_relaxed) == NULL)
                err = prepare();
        if (err == 0 && atomic_load_explicit(&word, memory_order_relaxed) == 0) {
                err = random_word(&drawn);
                if (err == 0) /* of threads that come at once, one names the process */
                        atomic_compare_exchange_strong_explicit(
                                &word, &none, drawn, memory_order_relaxed, memory_order_relaxed);
        }
        if (err == 0)
                *generation = atomic_load_explicit(&word, memory_order_relaxed);
        return err;
}
