/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "os/windows/inside.h"

#include <winternl.h>

/* From the headers of drivers. */
#define MODE_INFORMATION 16
#define NO_INTERMEDIATE_BUFFERING 0x8

bool handle_allows(int fd, ACCESS_MASK access)
{
        PUBLIC_OBJECT_BASIC_INFORMATION info;

        return NtQueryObject(handle_of(fd), ObjectBasicInformation, &info, sizeof(info), NULL) >=
                       0 &&
               (info.GrantedAccess & access) == access;
}

/*
 * Shares the caller's file object, where its owner lets nobody else open the file. -EINVAL: it
 * refuses unaligned reads and writes.
 */
static int duplicate(int fd, int *duplicated, bool *shared)
{
        IO_STATUS_BLOCK status;
        ULONG mode = 0;
        HANDLE same;

        if (NtQueryInformationFile(handle_of(fd), &status, &mode, sizeof(mode),
                                   (FILE_INFORMATION_CLASS)MODE_INFORMATION) >= 0 &&
            (mode & NO_INTERMEDIATE_BUFFERING))
                return -EINVAL;
        if (!windows_calls.DuplicateHandle(GetCurrentProcess(), handle_of(fd), GetCurrentProcess(),
                                           &same, 0, FALSE, DUPLICATE_SAME_ACCESS))
                return last_error();
        *duplicated = fd_of(same);
        *shared = true;
        return 0;
}

int path_reopen(int fd, bool read_only, int *reopened, bool *shared)
{
        ACCESS_MASK needed = read_only ? FILE_READ_DATA : FILE_READ_DATA | FILE_WRITE_DATA;
        uint64_t size;
        HANDLE again;
        int err = storage_size(fd, &size);

        if (err == 0)
                err = handle_allows(fd, needed) ? 0 : -EACCES;
        if (err != 0)
                return err;
        again = windows_calls.ReOpenFile(handle_of(fd),
                                         read_only ? GENERIC_READ : GENERIC_READ | GENERIC_WRITE,
                                         SHARE_ALL, OPEN_FLAGS);
        if (again == INVALID_HANDLE_VALUE) {
                err = last_error();
                return err == -ENOMEM || err == -EMFILE ? err : duplicate(fd, reopened, shared);
        }
        *reopened = fd_of(again);
        *shared = false;
        return 0;
}
