/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * FlushViewOfFile writes what was stored into a view, and doesn't wait for the device;
 * FlushFileBuffers writes what WriteFile wrote, and waits for the device: both are needed.
 */
#include <errno.h>

#include "os/windows/inside.h"

#define FLUSH_TRIES (BACKOFF_YIELDS + 500)

/* NTFS answers ERROR_LOCK_VIOLATION where it is writing the pages itself in that moment. */
static int flush_view(const struct mapping *mapping)
{
        for (unsigned int tries = 0;; tries++) {
                if (windows_calls.FlushViewOfFile(mapping->base, mapping->length))
                        return 0;
                if (GetLastError() != ERROR_LOCK_VIOLATION || tries == FLUSH_TRIES)
                        return last_error();
                backoff(tries);
        }
}

/*
 * A handle that only reads can't flush what others wrote; another one of the same file can. Where
 * there is none, because the file can't be opened for writing, all is well: nothing was written
 * through fd.
 */
static int flush_as_writer(int fd)
{
        HANDLE writer = windows_calls.ReOpenFile(handle_of(fd), GENERIC_WRITE, SHARE_ALL, 0);
        int err = 0;

        if (writer == INVALID_HANDLE_VALUE)
                return 0;
        if (!windows_calls.FlushFileBuffers(writer))
                err = last_error();
        windows_calls.CloseHandle(writer);
        return err;
}

int writeback_sync(int fd, const struct mapping *mapping, bool with_metadata)
{
        int err = mapping != NULL && mapping->base != NULL ? flush_view(mapping) : 0;

        (void)with_metadata; /* always */
        if (err != 0 || windows_calls.FlushFileBuffers(handle_of(fd)))
                return err;
        err = last_error();
        return err == -EACCES && !handle_allows(fd, FILE_WRITE_DATA) ? flush_as_writer(fd) : err;
}

int mapping_settle(const struct mapping *mapping)
{
        return mapping->base == NULL ? 0 : flush_view(mapping);
}
