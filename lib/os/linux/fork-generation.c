/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * One of three ways, the first one that the system has:
 *
 *   wiped     The kernel wipes a page in each child (MADV_WIPEONFORK, Linux 4.14). A check takes a
 *             nanosecond.
 *   left out  The kernel leaves a page out of each child (MADV_DONTFORK). A check takes a system
 *             call, which shows whether the page exists.
 *   handler   A pthread_atfork handler clears the word. A child that a bare clone system call makes
 *             isn't detected.
 *
 * No lock is taken: a child could wait forever for one that a thread of its parent holds. If two
 * threads do a step at once, only one of them has an effect, or both without harm.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/sync-annotations.h"
#include "os/inside.h"
#include "os/linux/calls.h"

/*
 * Contains one aligned page, up to LARGEST_PAGE. It is memory of the library itself, so nothing
 * stays behind when the library is unloaded.
 */
#define LARGEST_PAGE ((size_t)64 << 10)
static _Alignas(uint64_t) unsigned char room[2 * LARGEST_PAGE];

_Atomic(_Atomic uint64_t *) fork_generation_word;

/* The page that is left out of children; NULL in the other two ways. */
static _Atomic(_Atomic uint64_t *) left_out_word;

static atomic_bool is_prepared;

static _Atomic uint64_t *word_in_room(size_t page)
{
        size_t alignment = (size_t)min_u64(page, LARGEST_PAGE);

        return (_Atomic uint64_t *)(room + (-(uintptr_t)room & (alignment - 1)));
}

/* ---- a page that is left out */

static void unmap_page(void *page)
{
        os_calls.munmap(page, (size_t)sysconf(_SC_PAGESIZE));
}

static void *map_left_out(void)
{
        size_t length = (size_t)sysconf(_SC_PAGESIZE);
        void *page = os_calls.mmap(NULL, length, PROT_READ | PROT_WRITE,
                                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (page == MAP_FAILED)
                return NULL;
        if (linux_calls.madvise(page, length, MADV_DONTFORK) == 0)
                return page;
        unmap_page(page);
        return NULL;
}

/*
 * Replaces old, a page that doesn't exist in this process (or NULL). The new page has another
 * address, because other threads may still be checking the old one.
 */
static int replace_left_out(_Atomic uint64_t *old)
{
        void *page = map_left_out(), *other = NULL;

        if (page != NULL && page == (void *)old) {
                other = map_left_out();
                unmap_page(page);
                page = other;
        }
        if (page == NULL)
                return -ENOMEM;
        if (!atomic_compare_exchange_strong_explicit(&left_out_word, &old, page,
                                                     memory_order_acq_rel, memory_order_acquire))
                unmap_page(page);
        return 0;
}

bool fork_generation_is_past_slow(uint64_t generation)
{
        _Atomic uint64_t *word = atomic_load_explicit(&left_out_word, memory_order_acquire);

        return !is_readable(word) || atomic_load_explicit(word, memory_order_relaxed) != generation;
}

/* ---- choosing the way */

static void wipe(void)
{
        _Atomic uint64_t *word = atomic_load_explicit(&fork_generation_word, memory_order_relaxed);

        if (word != NULL)
                atomic_store_explicit(word, 0, memory_order_relaxed);
}

/* Process emulators (qemu-user) accept any advice and ignore it: test with an invalid one. */
static bool advice_is_taken(void *start, size_t page)
{
        return page <= LARGEST_PAGE && linux_calls.madvise(start, page, -1) != 0;
}

static bool is_wiped_by_kernel(void *start, size_t page)
{
#ifdef MADV_WIPEONFORK
        return linux_calls.madvise(start, page, MADV_WIPEONFORK) == 0;
#else
        (void)start;
        (void)page;
        return false;
#endif
}

static int prepare(void)
{
        size_t page = (size_t)sysconf(_SC_PAGESIZE);
        _Atomic uint64_t *word = word_in_room(page);
        bool advice = advice_is_taken(word, page);
        bool wiped = advice && is_wiped_by_kernel(word, page);
        bool by_handler = !advice || (!wiped && replace_left_out(NULL) != 0);
        int err = by_handler ? -pthread_atfork(NULL, NULL, wipe) : 0;

        if (err != 0)
                return err;
        if (wiped || by_handler)
                atomic_store_explicit(&fork_generation_word, word, memory_order_relaxed);
        atomic_store_explicit(&is_prepared, true, memory_order_release);
        return 0;
}

/* The word with this process's generation, or 0 if none is drawn yet. */
static int find_word(_Atomic uint64_t **word)
{
        int err = 0;

        *word = atomic_load_explicit(&fork_generation_word, memory_order_relaxed);
        if (*word != NULL)
                return 0;
        *word = atomic_load_explicit(&left_out_word, memory_order_acquire);
        if (!is_readable(*word)) { /* the first open of a child */
                err = replace_left_out(*word);
                *word = atomic_load_explicit(&left_out_word, memory_order_acquire);
        }
        return err;
}

int fork_generation(uint64_t *generation)
{
        _Atomic uint64_t *word;
        uint64_t none = 0, drawn;
        int err = 0;

        NOTE_ATOMIC(&room);
        NOTE_ATOMIC(&fork_generation_word);
        NOTE_ATOMIC(&is_prepared);
        if (!atomic_load_explicit(&is_prepared, memory_order_acquire))
                err = prepare();
        if (err == 0)
                err = find_word(&word);
        if (err == 0 && atomic_load_explicit(word, memory_order_relaxed) == 0) {
                err = random_word(&drawn);
                if (err == 0) /* if threads draw at once, the first one's value stays */
                        atomic_compare_exchange_strong_explicit(
                                word, &none, drawn, memory_order_relaxed, memory_order_relaxed);
        }
        if (err == 0)
                *generation = atomic_load_explicit(word, memory_order_relaxed);
        return err;
}
