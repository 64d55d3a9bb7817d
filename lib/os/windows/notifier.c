/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An event, which stays signalled until it is reset. */
#include "os/windows/inside.h"

int notifier_create(struct notifier *notifier)
{
        HANDLE event = windows_calls.CreateEventW(NULL, TRUE, FALSE, NULL);

        if (event == NULL)
                return last_error();
        notifier->readable = notifier->writable = fd_of(event);
        return 0;
}

void notifier_close(struct notifier *notifier)
{
        storage_close(notifier->readable);
}

void notifier_set(const struct notifier *notifier)
{
        SetEvent(handle_of(notifier->writable));
}

void notifier_clear(const struct notifier *notifier)
{
        ResetEvent(handle_of(notifier->readable));
}
