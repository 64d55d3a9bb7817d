/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/sync-annotations.h"
#include "os/seal-key.h"
#include "os/unavailable.h"

_Atomic uint64_t seal_key[SEAL_KEY_WORDS];

static int read_random(int fd, unsigned char *buffer, size_t length)
{
        while (length > 0) {
                ssize_t got = read(fd, buffer, length);

                if (got == 0)
                        return -EIO;
                if (got < 0 && errno != EINTR)
                        return -errno;
                if (got > 0) {
                        buffer += got;
                        length -= (size_t)got;
                }
        }
        return 0;
}

/* Where getrandom isn't to be had: an older kernel, or a sandbox that doesn't know it. */
static int random_from_device(unsigned char *buffer, size_t length)
{
        int fd, err;

        do {
                fd = open("/dev/urandom", O_RDONLY | O_CLOEXEC);
        } while (fd < 0 && errno == EINTR);
        if (fd < 0)
                return -errno;
        err = read_random(fd, buffer, length);
        close(fd);
        return err;
}

static int random_bytes(void *buffer, size_t length)
{
        unsigned char *at = buffer;

        while (length > 0) {
                ssize_t got = getrandom(at, length, 0);

                if (got < 0 && is_unavailable(errno))
                        return random_from_device(at, length);
                if (got < 0 && errno != EINTR)
                        return -errno;
                if (got > 0) {
                        at += got;
                        length -= (size_t)got;
                }
        }
        return 0;
}

int random_word(uint64_t *word)
{
        int err;

        do {
                err = random_bytes(word, sizeof(*word));
        } while (err == 0 && *word == 0);
        return err;
}

static bool have_key(void)
{
        for (unsigned int i = 0; i < SEAL_KEY_WORDS; i++)
                if (seal_key_word(i) == 0)
                        return false;
        return true;
}

/* Threads that draw at once agree: of each word the first one drawn stays. */
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
