/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pthread_atfork handler clears the word. A child that another call makes isn't detected. */
#include <pthread.h>

#include "base/sync-annotations.h"
#include "os/os.h"

static _Atomic uint64_t word;
_Atomic(_Atomic uint64_t *) fork_generation_word;

static void wipe(void)
{
        atomic_store_explicit(&word, 0, memory_order_relaxed);
}

/* Not reached after the first fork_generation: the pointer isn't NULL any more. */
bool fork_generation_is_past_slow(uint64_t generation)
{
        (void)generation;
        return false;
}

/* If two threads do this at once, the handler is registered twice, without harm. */
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
                if (err == 0) /* if threads draw at once, the first one's value stays */
                        atomic_compare_exchange_strong_explicit(
                                &word, &none, drawn, memory_order_relaxed, memory_order_relaxed);
        }
        if (err == 0)
                *generation = atomic_load_explicit(&word, memory_order_relaxed);
        return err;
}
