/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "os/windows/inside.h"

int random_bytes(void *buffer, size_t length)
{
        return windows_calls.SystemFunction036(buffer, (ULONG)length) ? 0 : -EIO;
}

int random_word(uint64_t *word)
{
        int err;

        do {
                err = random_bytes(word, sizeof(*word));
        } while (err == 0 && *word == 0);
        return err;
}
