/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "os/os.h"
#include "os/posix/calls.h"

static int read_random(int fd, unsigned char *buffer, size_t length)
{
        while (length > 0) {
                ssize_t got = os_calls.read(fd, buffer, length);

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

/* Where getentropy is missing or fails: an older kernel, or a sandbox that doesn't allow it. */
static int random_from_device(unsigned char *buffer, size_t length)
{
        int fd, err;

        do {
                fd = os_calls.open("/dev/urandom", O_RDONLY | O_CLOEXEC);
        } while (fd < 0 && errno == EINTR);
        if (fd < 0)
                return -errno;
        err = read_random(fd, buffer, length);
        os_calls.close(fd);
        return err;
}

/* getentropy returns 256 bytes at most. */
#if HAVE_DECL_GETENTROPY
int random_bytes(void *buffer, size_t length)
{
        if (os_calls.getentropy(buffer, length) == 0)
                return 0;
        return random_from_device(buffer, length);
}
#else
int random_bytes(void *buffer, size_t length)
{
        return random_from_device(buffer, length);
}
#endif

int random_word(uint64_t *word)
{
        int err;

        do {
                err = random_bytes(word, sizeof(*word));
        } while (err == 0 && *word == 0);
        return err;
}
