/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Operations of a handle: the kernel may still work on one when its call returns, and wakes the
 * event. A caller's handle may be bound to a completion port: the low bit of the event keeps the
 * library's operations away from there.
 */
#include "os/windows/inside.h"

#define NOT_TO_A_PORT ((uintptr_t)1)

int io_begin(struct io *io, uint64_t offset)
{
        HANDLE event = windows_calls.CreateEventW(NULL, TRUE, FALSE, NULL);

        if (event == NULL)
                return last_error();
        io->overlapped = (OVERLAPPED){
                .Offset = (DWORD)offset,
                .OffsetHigh = (DWORD)(offset >> 32),
                .hEvent = (HANDLE)((uintptr_t)event | NOT_TO_A_PORT),
        };
        return 0;
}

int io_end(struct io *io, int fd, BOOL started, DWORD *done)
{
        DWORD bytes = 0;
        int err = 0;

        if (!started && GetLastError() != ERROR_IO_PENDING)
                err = last_error();
        else if (!windows_calls.GetOverlappedResult(handle_of(fd), &io->overlapped, &bytes, TRUE))
                err = last_error();
        if (done != NULL)
                *done = bytes;
        CloseHandle((HANDLE)((uintptr_t)io->overlapped.hEvent & ~NOT_TO_A_PORT));
        return err;
}
