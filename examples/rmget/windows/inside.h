/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* inside.h - what only the files of windows/ share */
#ifndef INSIDE_H
#define INSIDE_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <winsock2.h>

#include <windows.h>

#include "system.h"

/* A file is the 32 significant bits of a HANDLE; INVALID_HANDLE_VALUE is -1. */
static inline HANDLE handle_of(int file)
{
        return (HANDLE)(intptr_t)file;
}

static inline int file_from(HANDLE handle)
{
        return (int)(intptr_t)handle;
}

/* The negative errno of a Windows error; -EIO for one that isn't in its table: error.c. */
int error_of(DWORD error);
int last_error(void);

/* Others may read, write, rename and delete the file. */
#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/* An absolute path that may be long; to be freed. NULL: see *error. */
WCHAR *wide_path(const char *path, int *error);

/* Opens whatever the path means; flags: those of CreateFileW. */
int open_any(const char *path, DWORD access, DWORD disposition, DWORD flags);

#endif
