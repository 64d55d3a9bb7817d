/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* An entry is an absolute path, so the working directory may change; no directory is open. */
#include <errno.h>
#include <string.h>
#include <wchar.h>

#include "os/windows/inside.h"

/* From newer headers than those of some compilers. */
#define RENAME_INFO_EX ((FILE_INFO_BY_HANDLE_CLASS)22)
#define RENAME_REPLACE_IF_EXISTS 0x1
#define RENAME_POSIX_SEMANTICS 0x2

struct rename_info {
        DWORD flags;
        HANDLE root;
        DWORD length; /* of name, in bytes */
        WCHAR name[];
};

static const WCHAR *wide(const struct entry *entry)
{
        return (const WCHAR *)(const void *)entry->name;
}

static int check_attributes(DWORD attributes)
{
        if (attributes == INVALID_FILE_ATTRIBUTES)
                return last_error();
        return attributes & FILE_ATTRIBUTE_DIRECTORY ? 0 : -ENOTDIR;
}

/* Changes name for a moment. -EISDIR: it ends in a slash. */
static int check_parent(WCHAR *name)
{
        WCHAR *last = wcsrchr(name, L'\\') + 1, first = *last;
        DWORD attributes;

        if (first == 0)
                return -EISDIR;
        *last = 0;
        attributes = GetFileAttributesW(name);
        *last = first;
        return check_attributes(attributes);
}

int entry_at(const char *path, struct entry *entry)
{
        WCHAR *name;
        int err = system_path(path, &name);

        if (err != 0)
                return err;
        err = check_parent(name);
        if (err != 0) {
                memory_free(name);
                return err;
        }
        *entry = (struct entry){.name = (char *)name, .directory = -1};
        return 0;
}

/* A file created through a link has its entry elsewhere: entry_check then sees another one. */
int entry_find(const struct path_request *request, int fd, struct entry *entry)
{
        (void)fd;
        return entry_at(request->path, entry);
}

int entry_hidden_name(const struct entry *beside, char **made)
{
        const WCHAR *path = wide(beside), *slash = wcsrchr(path, L'\\');
        size_t length = slash == NULL ? 0 : (size_t)(slash + 1 - path);
        WCHAR *name = memory_zeroed(length + HIDDEN_NAME, sizeof(*name));
        char hidden[HIDDEN_NAME];
        int err = name == NULL ? -ENOMEM : hidden_name(hidden);

        if (err != 0) {
                memory_free(name);
                return err;
        }
        memcpy(name, path, length * sizeof(*name));
        for (size_t i = 0; hidden[i] != '\0'; i++)
                name[length + i] = (WCHAR)hidden[i];
        *made = (char *)name;
        return 0;
}

static int check_directory(const struct path_request *request)
{
        DWORD attributes;
        WCHAR *path;
        int err = system_path(request->path, &path);

        if (err != 0)
                return err;
        attributes = GetFileAttributesW(path);
        err = check_attributes(attributes);
        if (err == 0 && request->no_follow && (attributes & FILE_ATTRIBUTE_REPARSE_POINT))
                err = -ELOOP;
        memory_free(path);
        return err;
}

int path_hidden_in(const struct path_request *directory, char **made)
{
        size_t length = strlen(directory->path);
        int err = check_directory(directory);
        char *path;

        if (err != 0)
                return err;
        path = memory_zeroed(length + 1 + HIDDEN_NAME, 1);
        if (path == NULL)
                return -ENOMEM;
        memcpy(path, directory->path, length);
        path[length] = '\\';
        err = hidden_name(path + length + 1);
        if (err != 0)
                memory_free(path);
        else
                *made = path;
        return err;
}

int path_hidden_beside(const char *path, char **made)
{
        size_t length = strlen(path);
        char *hidden = memory_zeroed(length + HIDDEN_NAME, 1);
        int err;

        if (hidden == NULL)
                return -ENOMEM;
        memcpy(hidden, path, length);
        while (length > 0 && strchr("/\\:", path[length - 1]) == NULL)
                length--;
        err = hidden_name(hidden + length);
        if (err != 0)
                memory_free(hidden);
        else
                *made = hidden;
        return err;
}

/* A link is opened itself. */
static int open_entry(const struct entry *entry, DWORD access, int *fd)
{
        HANDLE handle = windows_calls.CreateFileW(
                wide(entry), access, SHARE_ALL, NULL, OPEN_EXISTING,
                FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT, NULL);

        if (handle == INVALID_HANDLE_VALUE)
                return last_error();
        *fd = fd_of(handle);
        return 0;
}

int entry_check(const struct entry *entry, int fd)
{
        uint64_t size;
        int named = -1, err = open_entry(entry, FILE_READ_ATTRIBUTES, &named);

        if (err != 0)
                return err;
        err = storage_size(named, &size) == -EISDIR ? -EISDIR : same_file(named, fd) ? 0 : -ESTALE;
        storage_close(named);
        return err;
}

bool entry_is_beside(const struct entry *a, const struct entry *b)
{
        (void)a;
        (void)b;
        return true; /* no directory is synced */
}

/*
 * Replaces a file too that others have open. -EOPNOTSUPP: a file system other than NTFS; the handle
 * needs an access of its own.
 */
static int rename_open(const struct entry *from, const struct entry *to)
{
        size_t length = wcslen(wide(to)) * sizeof(WCHAR);
        size_t size = sizeof(struct rename_info) + length + sizeof(WCHAR);
        struct rename_info *info = memory_zeroed(size, 1);
        int fd = -1, err = info == NULL ? -ENOMEM : open_entry(from, DELETE | SYNCHRONIZE, &fd);

        if (err == 0) {
                info->flags = RENAME_REPLACE_IF_EXISTS | RENAME_POSIX_SEMANTICS;
                info->length = (DWORD)length;
                memcpy(info->name, wide(to), length);
                if (!windows_calls.SetFileInformationByHandle(handle_of(fd), RENAME_INFO_EX, info,
                                                              (DWORD)size))
                        err = unavailable_or(-last_error());
                storage_close(fd);
        }
        memory_free(info);
        return err;
}

/* Through the journal to the disk, as far as the file system does that. */
int entry_rename(const struct entry *from, const struct entry *to, bool replace)
{
        DWORD flags = MOVEFILE_WRITE_THROUGH | (replace ? MOVEFILE_REPLACE_EXISTING : 0);
        int err = replace ? rename_open(from, to) : -EOPNOTSUPP;

        if (err != -EOPNOTSUPP)
                return err;
        return windows_calls.MoveFileExW(wide(from), wide(to), flags) ? 0 : last_error();
}

/* Never needed: entry_rename can refuse to replace. */
int entry_link(const struct entry *from, const struct entry *to)
{
        (void)from;
        (void)to;
        return -EOPNOTSUPP;
}

void entry_remove(const struct entry *entry)
{
        remove_file(wide(entry));
}

void entry_free(struct entry *entry)
{
        memory_free(entry->name);
        *entry = NO_ENTRY;
}
