/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* name.c - names of files. The system gets them absolute, with the prefix that allows long ones. */
#include "windows/inside.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#define PREFIX L"\\\\?\\"
#define PREFIX_OF_SHARES L"\\\\?\\UNC\\"
#define DEVICES L"\\\\.\\"
#define SHARES L"\\\\"

static bool starts_with(const WCHAR *text, const WCHAR *start)
{
        return !wcsncmp(text, start, wcslen(start));
}

static WCHAR *utf16_of(const char *path, int *error)
{
        int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, NULL, 0);
        WCHAR *wide = length ? malloc((size_t)length * sizeof(*wide)) : NULL;

        *error = length ? -ENOMEM : last_error();
        if (wide)
                MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, length);
        return wide;
}

/* full: absolute. Devices, such as NUL, and what has the prefix already stay as they are. */
static WCHAR *with_prefix(const WCHAR *full)
{
        bool share = starts_with(full, SHARES);
        const WCHAR *prefix = share ? PREFIX_OF_SHARES : PREFIX;
        WCHAR *path;

        if (starts_with(full, PREFIX) || starts_with(full, DEVICES))
                return _wcsdup(full);
        full += share ? wcslen(SHARES) : 0;
        path = malloc((wcslen(prefix) + wcslen(full) + 1) * sizeof(*path));
        if (path)
                wcscat(wcscpy(path, prefix), full);
        return path;
}

WCHAR *wide_path(const char *path, int *error)
{
        WCHAR *wide = utf16_of(path, error), *full = NULL, *whole = NULL;
        DWORD size = wide ? GetFullPathNameW(wide, 0, NULL, NULL) : 0;

        if (wide && !size)
                *error = *path ? last_error() : -ENOENT;
        if (size)
                full = malloc(size * sizeof(*full));
        if (full && GetFullPathNameW(wide, size, full, NULL) < size)
                whole = with_prefix(full);
        free(full);
        free(wide);
        return whole;
}

int open_any(const char *path, DWORD access, DWORD disposition, DWORD flags)
{
        int error;
        WCHAR *wide = wide_path(path, &error);
        HANDLE handle;

        if (!wide)
                return error;
        handle = CreateFileW(wide, access, SHARE_ALL, NULL, disposition, flags, NULL);
        error = handle == INVALID_HANDLE_VALUE ? last_error() : file_from(handle);
        free(wide);
        return error;
}

const char *last_name(const char *path)
{
        const char *name = path;

        for (; *path; path++)
                if (*path == '/' || *path == '\\' || (*path == ':' && path == name + 1))
                        name = path + 1;
        return name;
}

/* "C:" is where that drive's working directory is, "C:\" its root: the end decides which it is. */
char *directory_of(const char *path)
{
        size_t length = (size_t)(last_name(path) - path);
        char *directory;

        if (length == 0)
                return strdup(".");
        if (length > 1 && path[length - 1] != ':' && path[length - 2] != ':')
                length--;
        directory = malloc(length + 1);
        if (directory) {
                memcpy(directory, path, length);
                directory[length] = '\0';
        }
        return directory;
}

/* "C:" and "C:/" are two directories. */
char *path_in(const char *directory, const char *name)
{
        bool separated = !*last_name(directory);
        char *path;

        return asprintf(&path, "%s%s%s", directory, separated ? "" : "/", name) < 0 ? NULL : path;
}

size_t longest_name(const char *directory)
{
        (void)directory;
        return 255; /* UTF-16 units, which are never more than the bytes of UTF-8 */
}

int path_facts(const char *path, bool follow, struct file_facts *facts)
{
        int file =
                open_any(path, FILE_READ_ATTRIBUTES, OPEN_EXISTING,
                         FILE_FLAG_BACKUP_SEMANTICS | (follow ? 0 : FILE_FLAG_OPEN_REPARSE_POINT));
        int error;

        if (file < 0)
                return file;
        error = file_facts(file, facts);
        file_close(file);
        return error;
}

bool name_means(const char *path, int file)
{
        struct file_facts a, b;

        return !file_facts(file, &a) && !path_facts(path, false, &b) && same_facts(&a, &b);
}

/* A read-only file can't be removed. */
int name_remove(const char *path)
{
        int error;
        WCHAR *wide = wide_path(path, &error);

        if (!wide)
                return error;
        error = DeleteFileW(wide) ? 0 : last_error();
        if (error == -EACCES && SetFileAttributesW(wide, FILE_ATTRIBUTE_NORMAL))
                error = DeleteFileW(wide) ? 0 : last_error();
        free(wide);
        return error;
}

/* Who may use it is what the directory above says. */
int directory_make(const char *path)
{
        int error;
        WCHAR *wide = wide_path(path, &error);

        if (wide)
                error = CreateDirectoryW(wide, NULL) ? 0 : last_error();
        free(wide);
        return error;
}

int directory_remove(const char *path)
{
        int error;
        WCHAR *wide = wide_path(path, &error);

        if (wide)
                error = RemoveDirectoryW(wide) ? 0 : last_error();
        free(wide);
        return error;
}

uint64_t free_space(const char *directory)
{
        int error;
        WCHAR *wide = wide_path(directory, &error);
        ULARGE_INTEGER space;
        bool known = wide && GetDiskFreeSpaceExW(wide, &space, NULL, NULL);

        free(wide);
        return known ? space.QuadPart : UINT64_MAX;
}
