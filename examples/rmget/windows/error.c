/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* error.c - errors of Windows as errno, and errno in words */
#include "windows/inside.h"

#include <errno.h>
#include <rmmap.h>
#include <string.h>

#define DISK_QUOTA_EXCEEDED 1295 /* which older headers lack */

static const struct {
        DWORD windows;
        int error;
} errors[] = {
        {ERROR_ACCESS_DENIED, EACCES},
        {ERROR_ALREADY_EXISTS, EEXIST},
        {ERROR_BAD_NETPATH, ENOENT},
        {ERROR_BAD_NET_NAME, ENOENT},
        {ERROR_BAD_PATHNAME, ENOENT},
        {ERROR_CALL_NOT_IMPLEMENTED, EOPNOTSUPP},
        {ERROR_DIRECTORY, ENOTDIR},
        {ERROR_DIR_NOT_EMPTY, ENOTEMPTY},
        {ERROR_DISK_FULL, ENOSPC},
        {DISK_QUOTA_EXCEEDED, RMMAP_EDQUOT},
        {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
        {ERROR_FILE_EXISTS, EEXIST},
        {ERROR_FILE_NOT_FOUND, ENOENT},
        {ERROR_FILE_TOO_LARGE, EFBIG},
        {ERROR_HANDLE_DISK_FULL, ENOSPC},
        {ERROR_INVALID_DRIVE, ENOENT},
        {ERROR_INVALID_FUNCTION, EOPNOTSUPP},
        {ERROR_INVALID_HANDLE, EBADF},
        {ERROR_INVALID_NAME, ENOENT},
        {ERROR_INVALID_PARAMETER, EINVAL},
        {ERROR_LOCK_VIOLATION, EBUSY},
        {ERROR_NOT_ENOUGH_MEMORY, ENOMEM},
        {ERROR_NOT_READY, ENODEV},
        {ERROR_NOT_SUPPORTED, EOPNOTSUPP},
        {ERROR_NO_UNICODE_TRANSLATION, EILSEQ},
        {ERROR_OUTOFMEMORY, ENOMEM},
        {ERROR_PATH_NOT_FOUND, ENOENT},
        {ERROR_SHARING_VIOLATION, EBUSY},
        {ERROR_TOO_MANY_OPEN_FILES, EMFILE},
        {ERROR_USER_MAPPED_FILE, EBUSY},
        {ERROR_WRITE_PROTECT, EROFS},
};

int error_of(DWORD error)
{
        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
                if (errors[i].windows == error)
                        return -errors[i].error;
        return -EIO;
}

int last_error(void)
{
        return error_of(GetLastError());
}

/* The C runtime has words for few errors. */
const char *error_text(int error)
{
        switch (error < 0 ? -error : error) {
        case EACCES:
                return "Permission denied: it may be read-only, or open in another program";
        case EBUSY:
                return "In use by another program";
        case ELOOP:
                return "A symbolic link";
        case EMSGSIZE:
                return "Wrong length";
        case ENODATA:
                return "Empty";
        case EOPNOTSUPP:
                return "Not supported";
        case EOVERFLOW:
                return "Too large";
        case RMMAP_EDQUOT:
                return "Disk quota exceeded";
        case RMMAP_ESTALE:
                return "The file became shorter";
        default:
                return strerror(error < 0 ? -error : error);
        }
}

bool is_missing(int error)
{
        error = error < 0 ? -error : error;
        return error == EOPNOTSUPP || error == EINVAL || error == ENOSYS;
}
