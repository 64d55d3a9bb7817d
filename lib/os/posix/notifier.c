/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A pipe with one byte in it, or none. */
#include <errno.h>

#include "os/os.h"
#include "os/posix/calls.h"

static int prepare(int fd)
{
        return os_calls.fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 &&
                               os_calls.fcntl(fd, F_SETFL, O_NONBLOCK) == 0
                       ? 0
                       : -errno;
}

int notifier_create(struct notifier *notifier)
{
        int ends[2], err;

        if (os_calls.pipe(ends) != 0)
                return -errno;
        *notifier = (struct notifier){.readable = ends[0], .writable = ends[1]};
        err = prepare(ends[0]);
        if (err == 0)
                err = prepare(ends[1]);
        if (err != 0)
                notifier_close(notifier);
        return err;
}

void notifier_close(struct notifier *notifier)
{
        storage_close(notifier->readable);
        storage_close(notifier->writable);
}

/* Neither can fail: there is room for a byte, and there is one. */
void notifier_set(const struct notifier *notifier)
{
        (void)!write(notifier->writable, "", 1);
}

void notifier_clear(const struct notifier *notifier)
{
        char byte;

        (void)!os_calls.read(notifier->readable, &byte, 1);
}
