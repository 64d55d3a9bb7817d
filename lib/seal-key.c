/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <stdbool.h>

#include "base/sync-annotations.h"
#include "os/os.h"
#include "seal-key.h"

_Atomic uint64_t seal_key[SEAL_KEY_WORDS];

static bool have_key(void)
{
        for (unsigned int i = 0; i < SEAL_KEY_WORDS; i++)
                if (seal_key_word(i) == 0)
                        return false;
        return true;
}

/* Threads that draw at once get the same key: the first value drawn of each word stays. */
int seal_key_draw(void)
{
        uint64_t words[SEAL_KEY_WORDS];
        int err;

        NOTE_ATOMIC(&seal_key);
        if (have_key())
                return 0;
        err = random_bytes(words, sizeof(words));
        for (unsigned int i = 0; err == 0 && i < SEAL_KEY_WORDS; i++) {
                uint64_t none = 0;

                atomic_compare_exchange_strong_explicit(&seal_key[i], &none, words[i] | 1,
                                                        memory_order_relaxed, memory_order_relaxed);
        }
        return err;
}
