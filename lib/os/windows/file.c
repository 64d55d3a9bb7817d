/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "base/checked.h"
#include "os/windows/inside.h"

/* The most that one call takes. */
#define LONGEST_IO (UINT64_C(1) << 30)

bool storage_has_name(int fd)
{
        FILE_STANDARD_INFO info;

        return !windows_calls.GetFileInformationByHandleEx(handle_of(fd), FileStandardInfo, &info,
                                                           sizeof(info)) ||
               (info.NumberOfLinks > 0 && !info.DeletePending);
}

int storage_size(int fd, uint64_t *size)
{
        FILE_STANDARD_INFO info;
        DWORD type = windows_calls.GetFileType(handle_of(fd));

        if (type == FILE_TYPE_UNKNOWN && GetLastError() != NO_ERROR)
                return last_error();
        if (type != FILE_TYPE_DISK)
                return -ENODEV;
        if (!windows_calls.GetFileInformationByHandleEx(handle_of(fd), FileStandardInfo, &info,
                                                        sizeof(info)))
                return last_error();
        if (info.Directory)
                return -EISDIR;
        *size = (uint64_t)info.EndOfFile.QuadPart;
        return 0;
}

/* Seconds since 1601, and what is left of units of 100 ns. */
int storage_identity(int fd, struct file_identity *identity)
{
        BY_HANDLE_FILE_INFORMATION info;
        uint64_t born;

        if (!windows_calls.GetFileInformationByHandle(handle_of(fd), &info))
                return last_error();
        born = (uint64_t)info.ftCreationTime.dwHighDateTime << 32 |
               info.ftCreationTime.dwLowDateTime;
        *identity = (struct file_identity){
                .device = info.dwVolumeSerialNumber,
                .inode = (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow,
                .born_seconds = born / 10000000,
                .born_nanoseconds = born % 10000000 * 100,
        };
        return 0;
}

void storage_copy_mode(int from, int to)
{
        (void)from;
        (void)to;
}

int storage_session(int fd, uint64_t *session)
{
        (void)fd;
        (void)session;
        return -EOPNOTSUPP;
}

int storage_resize(int fd, uint64_t size)
{
        FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = (LONGLONG)size};

        return windows_calls.SetFileInformationByHandle(handle_of(fd), FileEndOfFileInfo, &end,
                                                        sizeof(end))
                       ? 0
                       : last_error();
}

int storage_write(int fd, uint64_t offset, const void *data, size_t length)
{
        const unsigned char *at = data;

        while (length > 0) {
                DWORD piece = (DWORD)min_u64(length, LONGEST_IO), done = 0;
                struct io io;
                int err = io_begin(&io, offset);

                if (err == 0)
                        err = io_end(&io, fd,
                                     windows_calls.WriteFile(handle_of(fd), at, piece, NULL,
                                                             &io.overlapped),
                                     &done);
                if (err != 0)
                        return err;
                if (done == 0)
                        return -EIO; /* a file never does this */
                at += done;
                offset += done;
                length -= done;
        }
        return 0;
}

int storage_read(int fd, uint64_t offset, void *buffer, size_t length)
{
        unsigned char *at = buffer;

        while (length > 0) {
                DWORD piece = (DWORD)min_u64(length, LONGEST_IO), done = 0;
                struct io io;
                int err = io_begin(&io, offset);

                if (err == 0)
                        err = io_end(&io, fd,
                                     windows_calls.ReadFile(handle_of(fd), at, piece, NULL,
                                                            &io.overlapped),
                                     &done);
                if (err != 0)
                        return err;
                if (done == 0)
                        return -ESTALE;
                at += done;
                offset += done;
                length -= done;
        }
        return 0;
}

void storage_close(int fd)
{
        if (fd >= 0)
                windows_calls.CloseHandle(handle_of(fd));
}
