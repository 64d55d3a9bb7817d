/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include "bitmap.h"
#include "base/sync-annotations.h"
#include "os/os.h"

_Atomic uint64_t *bitmap_create(uint64_t words)
{
        _Atomic uint64_t *made;

        if (words > SIZE_MAX / sizeof(*made))
                return NULL;
        made = memory_zeroed((size_t)words, sizeof(*made));
        if (made != NULL)
                NOTE_ATOMICS(made, (size_t)words * sizeof(*made));
        return made;
}

void bitmap_destroy(_Atomic uint64_t *words)
{
        memory_free((void *)words);
}

static uint64_t load_word(const _Atomic uint64_t *word)
{
        uint64_t value = atomic_load_explicit(word, memory_order_acquire);

        NOTE_ACQUIRE(word);
        return value;
}

static void force_word(_Atomic uint64_t *word, uint64_t mask, bool value)
{
        NOTE_RELEASE(word);
        if (value)
                atomic_fetch_or_explicit(word, mask, memory_order_seq_cst);
        else
                atomic_fetch_and_explicit(word, ~mask, memory_order_seq_cst);
}

/* Sets all bits of mask to value if all of them have the other value. */
static bool flip_word(_Atomic uint64_t *word, uint64_t mask, bool value)
{
        uint64_t seen = atomic_load_explicit(word, memory_order_relaxed);

        NOTE_RELEASE(word);
        do {
                if ((value ? seen : ~seen) & mask)
                        return false;
        } while (!atomic_compare_exchange_weak_explicit(
                word, &seen, seen ^ mask, memory_order_seq_cst, memory_order_relaxed));
        NOTE_ACQUIRE(word);
        return true;
}

void bitmap_force(_Atomic uint64_t *words, uint64_t first, uint64_t end, bool value)
{
        for (uint64_t bit = first; bit < end; bit = bitmap_next_word(bit))
                force_word(&words[bit / BITMAP_WORD_BITS], bitmap_mask(bit, end), value);
}

static bool flip(_Atomic uint64_t *words, uint64_t first, uint64_t end, bool value)
{
        for (uint64_t bit = first; bit < end; bit = bitmap_next_word(bit)) {
                if (flip_word(&words[bit / BITMAP_WORD_BITS], bitmap_mask(bit, end), value))
                        continue;
                if (bit > first)
                        bitmap_force(words, first, bit, !value);
                return false;
        }
        return true;
}

bool bitmap_set(_Atomic uint64_t *words, uint64_t first, uint64_t end)
{
        return flip(words, first, end, true);
}

bool bitmap_clear(_Atomic uint64_t *words, uint64_t first, uint64_t end)
{
        return flip(words, first, end, false);
}

bool bitmap_any(const _Atomic uint64_t *words, uint64_t first, uint64_t end)
{
        uint64_t same_end;

        return bitmap_run(words, first, end, &same_end) || same_end < end;
}

bool bitmap_all(const _Atomic uint64_t *words, uint64_t first, uint64_t end)
{
        uint64_t same_end;

        return bitmap_run(words, first, end, &same_end) && same_end == end;
}

/*
 * The result may be out of date at once. A caller that depends on it then changes the bits by a
 * call that fails if they aren't as expected. Each word is read once, so the run has a bit at
 * least, whatever other threads do. Acquire: a caller that looks no further sees what happened
 * before a bit was changed.
 */
bool bitmap_run(const _Atomic uint64_t *words, uint64_t first, uint64_t end, uint64_t *same_end)
{
        uint64_t word = load_word(&words[first / BITMAP_WORD_BITS]), bit = first;
        bool value = (word >> (first % BITMAP_WORD_BITS)) & 1;

        for (;;) {
                word = (value ? ~word : word) & bitmap_mask(bit, end);
                if (word != 0)
                        break;
                bit = bitmap_next_word(bit);
                if (bit >= end) {
                        *same_end = end;
                        return value;
                }
                word = load_word(&words[bit / BITMAP_WORD_BITS]);
        }
        bit = align_down_to(bit, BITMAP_WORD_BITS);
        for (; !(word & 1); word >>= 1)
                bit++;
        *same_end = bit;
        return value;
}
