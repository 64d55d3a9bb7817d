/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Paths are UTF-8. The system gets them absolute, and with the prefix that allows long ones. */
#include <errno.h>
#include <string.h>
#include <wchar.h>

#include "os/windows/inside.h"

#define PREFIX L"\\\\?\\"
#define PREFIX_OF_SHARES L"\\\\?\\UNC\\"
#define DEVICES L"\\\\.\\"
#define SHARES L"\\\\"
#define LONGEST_PREFIX 8
#define LONGEST_NAME 255

/* ---- names */

static bool starts_with(const WCHAR *text, const WCHAR *start)
{
        return wcsncmp(text, start, wcslen(start)) == 0;
}

/* As starts_with, for names, where letters count alike. start: in capitals. */
static bool names_kind(const WCHAR *name, const WCHAR *start)
{
        return CompareStringOrdinal(name, (int)wcsnlen(name, wcslen(start)), start, -1, TRUE) ==
               CSTR_EQUAL;
}

/*
 * path: absolute. With the prefix it may name anything that the kernel knows; files have a drive, a
 * share or a volume, and a backslash after that: without one a drive or volume is the disk itself.
 */
static bool is_device(const WCHAR *path)
{
        const WCHAR *name = path + wcslen(PREFIX);

        if (!starts_with(path, PREFIX))
                return starts_with(path, DEVICES);
        if (name[0] != 0 && name[1] == L':')
                return name[2] != L'\\';
        return !names_kind(name, L"UNC\\") &&
               !(names_kind(name, L"VOLUME{") && wcschr(name, L'\\') != NULL);
}

/* NULL, and a reason in *err. */
static WCHAR *utf16_of(const char *path, int *err)
{
        int length = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, NULL, 0);
        WCHAR *made = NULL;

        *err = length == 0 ? last_error() : -ENOMEM;
        if (length != 0)
                made = memory_zeroed((size_t)length, sizeof(*made));
        if (made != NULL)
                MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, made, length);
        return made;
}

/* path: absolute, with room for LONGEST_PREFIX below it. Returns where it begins then. */
static WCHAR *put_prefix(WCHAR *path)
{
        const WCHAR *prefix = starts_with(path, SHARES) ? PREFIX_OF_SHARES : PREFIX;
        size_t length = wcslen(prefix);

        if (starts_with(path, PREFIX))
                return path;
        if (starts_with(path, SHARES))
                path += wcslen(SHARES);
        memcpy(path - length, prefix, length * sizeof(*path));
        return path - length;
}

/* -ENODEV: as of is_device; opening one can have effects. */
static int absolute_of(const WCHAR *path, WCHAR **made)
{
        DWORD size = windows_calls.GetFullPathNameW(path, 0, NULL, NULL), length;
        WCHAR *text, *full, *start;

        if (size == 0)
                return last_error();
        text = memory_zeroed(LONGEST_PREFIX + (size_t)size, sizeof(*text));
        if (text == NULL)
                return -ENOMEM;
        full = text + LONGEST_PREFIX;
        length = windows_calls.GetFullPathNameW(path, size, full, NULL);
        /* Longer than before: another thread has changed the working directory. */
        if (length == 0 || length >= size || is_device(full)) {
                memory_free(text);
                return length == 0 || length >= size ? -ENOENT : -ENODEV;
        }
        start = put_prefix(full);
        memmove(text, start, (wcslen(start) + 1) * sizeof(*text));
        *made = text;
        return 0;
}

/*
 * A path that has the prefix already stays as it is: making it absolute would take dots and spaces
 * from the ends of its parts.
 */
int system_path(const char *path, WCHAR **made)
{
        int err;
        WCHAR *wide = utf16_of(path, &err);

        if (wide == NULL)
                return err;
        if (starts_with(wide, PREFIX) && !is_device(wide)) {
                *made = wide;
                return 0;
        }
        if (is_device(wide))
                err = -ENODEV;
        else
                err = wide[0] == 0 ? -ENOENT : absolute_of(wide, made);
        memory_free(wide);
        return err;
}

/* ---- links */

/* -ELOOP: what was opened is a link to a file. *other: a file that a filter driver shows. */
static int check_link(int fd, bool *other)
{
        FILE_ATTRIBUTE_TAG_INFO tag;
        FILE_BASIC_INFO info;

        *other = false;
        if (!windows_calls.GetFileInformationByHandleEx(handle_of(fd), FileBasicInfo, &info,
                                                        sizeof(info)))
                return last_error();
        if (!(info.FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT))
                return 0;
        if (!windows_calls.GetFileInformationByHandleEx(handle_of(fd), FileAttributeTagInfo, &tag,
                                                        sizeof(tag)))
                return last_error();
        if (IsReparseTagNameSurrogate(tag.ReparseTag))
                return -ELOOP;
        *other = true;
        return 0;
}

/* ---- open */

struct opening {
        const WCHAR *path;
        DWORD access, disposition, flags;
        bool no_follow;
        bool made; /* the call created the file */
};

/* Windows says of one that there is no such file. */
static bool has_long_name(const WCHAR *path)
{
        size_t length = 0;

        for (; *path != 0; path++) {
                length = *path == L'\\' ? 0 : length + 1;
                if (length > LONGEST_NAME)
                        return true;
        }
        return false;
}

static bool ends_in_slash(const WCHAR *path)
{
        return path[wcslen(path) - 1] == L'\\';
}

static int open_once(struct opening *opening, DWORD flags, int *fd)
{
        HANDLE handle =
                windows_calls.CreateFileW(opening->path, opening->access, SHARE_ALL, NULL,
                                          opening->disposition, opening->flags | flags, NULL);
        DWORD error = GetLastError(), attributes;

        if (handle != INVALID_HANDLE_VALUE) {
                opening->made =
                        opening->disposition == CREATE_NEW ||
                        (opening->disposition == OPEN_ALWAYS && error != ERROR_ALREADY_EXISTS);
                *fd = fd_of(handle);
                return 0;
        }
        attributes = error == ERROR_FILE_EXISTS ? INVALID_FILE_ATTRIBUTES
                                                : GetFileAttributesW(opening->path);
        if (attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY))
                return -EISDIR;
        if (error_of(error) == -ENOENT && has_long_name(opening->path))
                return -ENAMETOOLONG;
        if (opening->disposition != OPEN_EXISTING && ends_in_slash(opening->path))
                return -EISDIR;
        return error_of(error);
}

static int open_file(struct opening *opening, int *fd)
{
        bool other;
        int err;

        if (!opening->no_follow)
                return open_once(opening, 0, fd);
        err = open_once(opening, FILE_FLAG_OPEN_REPARSE_POINT, fd);
        if (err != 0 || opening->made)
                return err;
        err = check_link(*fd, &other);
        if (err == 0 && !other)
                return 0;
        storage_close(*fd);
        return err != 0 ? err : open_once(opening, 0, fd);
}

static int open_path(const char *name, struct opening *opening, int *fd)
{
        WCHAR *path;
        int err = system_path(name, &path);

        if (err != 0)
                return err;
        opening->path = path;
        err = open_file(opening, fd);
        memory_free(path);
        return err;
}

/* As the C runtime of Windows has it, a file that nobody may write is read-only. */
int path_create(const struct path_request *request, int *fd, bool *made)
{
        const uint32_t write = 0222;
        struct opening opening = {
                .access = GENERIC_READ | GENERIC_WRITE,
                .disposition = request->must_create ? CREATE_NEW : OPEN_ALWAYS,
                .flags = OPEN_FLAGS |
                         (request->mode & write ? FILE_ATTRIBUTE_NORMAL : FILE_ATTRIBUTE_READONLY),
                .no_follow = request->no_follow || request->must_create,
        };
        int err = open_path(request->path, &opening, fd);

        *made = err == 0 && opening.made;
        return err;
}

static int open_existing(const struct path_request *request, DWORD access, DWORD flags, int *fd)
{
        struct opening opening = {
                .access = access,
                .disposition = OPEN_EXISTING,
                .flags = flags,
                .no_follow = request->no_follow,
        };

        return open_path(request->path, &opening, fd);
}

int path_open(const struct path_request *request, int *fd)
{
        return open_existing(request,
                             request->read_only ? GENERIC_READ : GENERIC_READ | GENERIC_WRITE,
                             OPEN_FLAGS, fd);
}

/* ---- what a name means */

struct wide_identity {
        uint64_t volume;
        unsigned char file[16];
};

/* Older file servers don't have the identity of 128 bits. */
static int wide_identity(int fd, struct wide_identity *identity)
{
        BY_HANDLE_FILE_INFORMATION info;
        FILE_ID_INFO id;

        if (windows_calls.GetFileInformationByHandleEx(handle_of(fd), FileIdInfo, &id,
                                                       sizeof(id))) {
                identity->volume = id.VolumeSerialNumber;
                memcpy(identity->file, &id.FileId, sizeof(identity->file));
                return 0;
        }
        if (!windows_calls.GetFileInformationByHandle(handle_of(fd), &info))
                return last_error();
        identity->volume = info.dwVolumeSerialNumber;
        memset(identity->file, 0, sizeof(identity->file));
        memcpy(identity->file, &info.nFileIndexLow, sizeof(info.nFileIndexLow));
        memcpy(identity->file + sizeof(info.nFileIndexLow), &info.nFileIndexHigh,
               sizeof(info.nFileIndexHigh));
        return 0;
}

bool same_file(int a, int b)
{
        struct wide_identity of_a, of_b;

        return wide_identity(a, &of_a) == 0 && wide_identity(b, &of_b) == 0 &&
               of_a.volume == of_b.volume && memcmp(of_a.file, of_b.file, sizeof(of_a.file)) == 0;
}

bool path_names(const struct path_request *request, int fd)
{
        int named;
        bool same;

        if (open_existing(request, FILE_READ_ATTRIBUTES, FILE_FLAG_BACKUP_SEMANTICS, &named) != 0)
                return false;
        same = same_file(named, fd);
        storage_close(named);
        return same;
}

/* A read-only file can't be deleted. */
static bool make_writable(const WCHAR *path)
{
        DWORD attributes = GetFileAttributesW(path);
        DWORD others = attributes & ~(DWORD)FILE_ATTRIBUTE_READONLY;

        return attributes != INVALID_FILE_ATTRIBUTES && attributes != others &&
               SetFileAttributesW(path, others != 0 ? others : FILE_ATTRIBUTE_NORMAL);
}

void remove_file(const WCHAR *path)
{
        if (!windows_calls.DeleteFileW(path) && GetLastError() == ERROR_ACCESS_DENIED &&
            make_writable(path))
                (void)windows_calls.DeleteFileW(path);
}

void path_remove(const struct path_request *request)
{
        WCHAR *path;

        if (system_path(request->path, &path) != 0)
                return;
        remove_file(path);
        memory_free(path);
}
