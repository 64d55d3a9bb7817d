/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>

#include "os/windows/inside.h"

bool storage_is_sealed(int fd)
{
        (void)fd;
        return false;
}

/* Space is missing only where it wasn't taken when the file got its size. */
int storage_probe_fault(int fd, uint64_t offset)
{
        FILE_BASIC_INFO info;
        unsigned char byte;
        int err = storage_read(fd, offset, &byte, 1);

        if (err != 0)
                return err;
        if (!windows_calls.GetFileInformationByHandleEx(handle_of(fd), FileBasicInfo, &info,
                                                        sizeof(info)))
                return last_error();
        return info.FileAttributes & (FILE_ATTRIBUTE_SPARSE_FILE | FILE_ATTRIBUTE_COMPRESSED)
                       ? -ENOSPC
                       : -EIO;
}
