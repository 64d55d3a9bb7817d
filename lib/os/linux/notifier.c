/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An eventfd: one descriptor where a pipe is two. */
#include <errno.h>

#include "os/linux/calls.h"
#include "os/os.h"

int notifier_create(struct notifier *notifier)
{
        int fd = linux_calls.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

        if (fd < 0)
                return -errno;
        notifier->readable = notifier->writable = fd;
        return 0;
}

void notifier_close(struct notifier *notifier)
{
        storage_close(notifier->readable);
}

/* Neither can fail: the counter is 0 or 1. */
void notifier_set(const struct notifier *notifier)
{
        (void)!eventfd_write(notifier->writable, 1);
}

void notifier_clear(const struct notifier *notifier)
{
        eventfd_t count;

        (void)!eventfd_read(notifier->readable, &count);
}
