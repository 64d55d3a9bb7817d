/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "backoff.h"
#include "process.h"
#include "sync-annotations.h"

_Atomic uint64_t process_key[PROCESS_KEY_WORDS];
_Atomic(_Atomic uint64_t *) process_fork_word;

/*
 * Held for a moment by opens and last releases only: 0, or the id of the process whose thread has
 * it. A child may be forked meanwhile, and must not wait for a thread that it doesn't have: it
 * sees that the holder is another process, and takes the lock over. Handlers of fork can't do
 * that, since those that other code registered may come before ours. What the lock guards is
 * whole at every instruction; a page may be lost to the child.
 */
static atomic_long process_lock_holder;

/* All under the lock. */
static bool have_key;
static uint64_t last_generation; /* survives fork, so a child counts on */
static bool fork_word_unavailable;
static size_t handles;

/* Acquire and release: who has the lock next sees what was done under it. */
static void process_lock(void)
{
        long mine = (long)getpid(), holder = 0;
        unsigned int tries = 0;

        while (!atomic_compare_exchange_weak_explicit(&process_lock_holder, &holder, mine,
                                                      memory_order_acquire, memory_order_relaxed)) {
                if (holder == mine) {
                        backoff(tries++);
                        holder = 0;
                }
        }
        NOTE_ACQUIRE(&process_lock_holder);
}

static void process_unlock(void)
{
        NOTE_RELEASE(&process_lock_holder);
        atomic_store_explicit(&process_lock_holder, 0, memory_order_release);
}

static int random_bytes(void *buffer, size_t length)
{
        unsigned char *at = buffer;

        while (length > 0) {
                ssize_t got = getrandom(at, length, 0);

                if (got < 0 && errno != EINTR)
                        return -errno;
                if (got > 0) {
                        at += got;
                        length -= (size_t)got;
                }
        }
        return 0;
}

int process_random_word(uint64_t *word)
{
        int err;

        do {
                err = random_bytes(word, sizeof(*word));
        } while (err == 0 && *word == 0);
        return err;
}

static int draw_key(void)
{
        uint64_t words[PROCESS_KEY_WORDS];
        int err = random_bytes(words, sizeof(words));

        if (err != 0)
                return err;
        for (unsigned int i = 0; i < PROCESS_KEY_WORDS; i++)
                atomic_store_explicit(&process_key[i], words[i] | 1, memory_order_relaxed);
        have_key = true;
        return 0;
}

static _Atomic uint64_t *map_fork_word(void)
{
        size_t length = (size_t)sysconf(_SC_PAGESIZE);
        void *page = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

        if (page == MAP_FAILED)
                return NULL;
#ifdef MADV_WIPEONFORK
        /* Emulators of a process call any advice good, and forget it: ask for one that isn't. */
        if (madvise(page, length, -1) != 0 && madvise(page, length, MADV_WIPEONFORK) == 0)
                return page;
#endif
        munmap(page, length);
        return NULL;
}

/*
 * Without the wiped word, a generation is the process id: it names the process well enough to
 * tell a child from its living parent, at the price of a system call.
 */
static uint64_t generation_of_word(void)
{
        _Atomic uint64_t *word = atomic_load_explicit(&process_fork_word, memory_order_relaxed);
        uint64_t generation;

        if (word == NULL && !fork_word_unavailable) {
                word = map_fork_word();
                fork_word_unavailable = word == NULL;
                atomic_store_explicit(&process_fork_word, word, memory_order_relaxed);
        }
        if (word == NULL)
                return (uint64_t)getpid();
        generation = atomic_load_explicit(word, memory_order_relaxed);
        if (generation == 0) { /* the first open of this process */
                generation = ++last_generation;
                atomic_store_explicit(word, generation, memory_order_relaxed);
        }
        return generation;
}

int process_enter(uint64_t *generation)
{
        int err = 0;

        process_lock();
        if (!have_key)
                err = draw_key();
        if (err == 0)
                *generation = generation_of_word();
        if (err == 0)
                handles++;
        process_unlock();
        return err;
}

uint64_t process_generation(void)
{
        uint64_t generation;

        process_lock();
        generation = generation_of_word();
        process_unlock();
        return generation;
}

void process_leave(void)
{
        _Atomic uint64_t *word;

        process_lock();
        if (--handles == 0) {
                word = atomic_load_explicit(&process_fork_word, memory_order_relaxed);
                atomic_store_explicit(&process_fork_word, NULL, memory_order_relaxed);
                if (word != NULL)
                        munmap((void *)word, (size_t)sysconf(_SC_PAGESIZE));
        }
        process_unlock();
}

bool process_forked_slow(uint64_t generation)
{
        return (uint64_t)getpid() != generation;
}

void *process_shared_page(void)
{
        void *page = mmap(NULL, (size_t)sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);

        return page == MAP_FAILED ? NULL : page;
}

void process_shared_page_free(void *page)
{
        munmap(page, (size_t)sysconf(_SC_PAGESIZE));
}
