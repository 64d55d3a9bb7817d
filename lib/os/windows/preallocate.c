/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Never by SetFileValidData: it shows what the disk held before, and needs a privilege. Beyond what
 * was written the file reads as zeros.
 */
#include "os/windows/inside.h"

static DWORD attributes_of(int fd)
{
        FILE_BASIC_INFO info;

        return windows_calls.GetFileInformationByHandleEx(handle_of(fd), FileBasicInfo, &info,
                                                          sizeof(info))
                       ? info.FileAttributes
                       : FILE_ATTRIBUTE_SPARSE_FILE;
}

static int control(int fd, DWORD code, void *in, DWORD in_size, void *out, DWORD out_size,
                   DWORD *done)
{
        struct io io;
        int err = io_begin(&io, 0);

        return err != 0 ? err
                        : io_end(&io, fd,
                                 windows_calls.DeviceIoControl(handle_of(fd), code, in, in_size,
                                                               out, out_size, NULL, &io.overlapped),
                                 done);
}

void storage_set_sparse(int fd, bool sparse)
{
        FILE_SET_SPARSE_BUFFER wish = {.SetSparse = sparse};

        if (sparse != ((attributes_of(fd) & FILE_ATTRIBUTE_SPARSE_FILE) != 0))
                (void)control(fd, FSCTL_SET_SPARSE, &wish, sizeof(wish), NULL, 0, NULL);
}

/* The first allocated range of a sparse file, which ends where there is a hole, is all of it. */
static bool has_no_hole(int fd, uint64_t size)
{
        FILE_ALLOCATED_RANGE_BUFFER all = {.Length.QuadPart = (LONGLONG)size}, first;
        DWORD done = 0;

        return control(fd, FSCTL_QUERY_ALLOCATED_RANGES, &all, sizeof(all), &first, sizeof(first),
                       &done) == 0 &&
               done == sizeof(first) && first.FileOffset.QuadPart == 0 &&
               first.Length.QuadPart >= all.Length.QuadPart;
}

int storage_reserve(int fd, const struct file_system *file_system, uint64_t size, bool *reserved)
{
        FILE_ALLOCATION_INFO wish = {.AllocationSize.QuadPart = (LONGLONG)size};

        if (!windows_calls.SetFileInformationByHandle(handle_of(fd), FileAllocationInfo, &wish,
                                                      sizeof(wish)))
                return unavailable_or(-last_error());
        *reserved = storage_is_reserved(fd, file_system, size);
        return 0;
}

int storage_reserve_ahead(int fd, uint64_t start, uint64_t end)
{
        (void)fd;
        (void)start;
        (void)end;
        return -EOPNOTSUPP;
}

/* A compressed file takes new space when its bytes change. */
bool storage_is_reserved(int fd, const struct file_system *file_system, uint64_t size)
{
        DWORD attributes = attributes_of(fd);
        FILE_STANDARD_INFO info;

        if (file_system->reservation == RESERVES_NOTHING ||
            (attributes & FILE_ATTRIBUTE_COMPRESSED) ||
            !windows_calls.GetFileInformationByHandleEx(handle_of(fd), FileStandardInfo, &info,
                                                        sizeof(info)))
                return false;
        return (uint64_t)info.AllocationSize.QuadPart >= size &&
               (!(attributes & FILE_ATTRIBUTE_SPARSE_FILE) || has_no_hole(fd, size));
}
