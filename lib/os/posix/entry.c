/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Entries by a descriptor of their directory: a process may change its working directory. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/inside.h"
#include "os/posix/calls.h"

/* Opens the directory of which the first length bytes of path are the name; 0: the current one. */
static int open_directory(const char *path, size_t length)
{
        char parent[PATH_MAX] = ".";

        if (length >= sizeof(parent))
                return -ENAMETOOLONG;
        memcpy(parent, path, length);
        return open_retrying(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
}

int entry_at(const char *path, struct entry *entry)
{
        const char *slash = strrchr(path, '/'), *name = slash == NULL ? path : slash + 1;
        int directory;

        if (*path == '\0')
                return -ENOENT;
        if (*name == '\0')
                return -EISDIR;
        directory = open_directory(path, (size_t)(name - path));
        if (directory < 0 && directory != -EACCES)
                return directory;
        entry->directory = directory < 0 ? -1 : directory; /* not to be read, but to be used */
        entry->name = memory_text(directory < 0 ? path : name);
        if (entry->name != NULL)
                return 0;
        entry_free(entry);
        return -ENOMEM;
}

int entry_of_file(const char *path, int fd, struct entry *entry)
{
        int err = entry_at(path, entry);

        if (err != 0)
                return err;
        err = entry_check(entry, fd);
        if (err != 0)
                entry_free(entry);
        return err;
}

int entry_as_given(const struct path_request *request, int fd, struct entry *entry)
{
        if (entry_of_file(request->path, fd, entry) == 0)
                return 0;
        entry->directory = -1;
        entry->name = memory_text(request->path);
        return entry->name == NULL ? -ENOMEM : 0;
}

/* text with a hidden name behind its first length bytes. */
static int append_hidden(const char *text, size_t length, const char *between, char **made)
{
        size_t gap = strlen(between);
        char *result = memory_zeroed(length + gap + HIDDEN_NAME, 1);
        int err;

        if (result == NULL)
                return -ENOMEM;
        memcpy(result, text, length);
        memcpy(result + length, between, gap);
        err = hidden_name(result + length + gap);
        if (err != 0)
                memory_free(result);
        else
                *made = result;
        return err;
}

int entry_hidden_name(const struct entry *beside, char **name)
{
        const char *slash = strrchr(beside->name, '/');

        return append_hidden(beside->name, slash == NULL ? 0 : (size_t)(slash + 1 - beside->name),
                             "", name);
}

int path_hidden_beside(const char *path, char **hidden)
{
        struct entry beside = NO_ENTRY;
        int err = -ENOMEM;

        beside.name = memory_text(path);
        if (beside.name != NULL)
                err = entry_hidden_name(&beside, hidden);
        memory_free(beside.name);
        return err;
}

int check_directory(const struct path_request *request)
{
        struct stat status;

        if (os_calls.fstatat(AT_FDCWD, request->path, &status,
                             request->no_follow ? AT_SYMLINK_NOFOLLOW : 0) != 0)
                return -errno;
        if (S_ISLNK(status.st_mode))
                return -ELOOP;
        return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}

int path_hidden_in(const struct path_request *directory, char **path)
{
        int err = check_directory(directory);

        return err != 0 ? err : append_hidden(directory->path, strlen(directory->path), "/", path);
}

int entry_check(const struct entry *entry, int fd)
{
        struct stat named, opened;

        if (os_calls.fstatat(entry_base(entry), entry->name, &named, AT_SYMLINK_NOFOLLOW) != 0 ||
            os_calls.fstat(fd, &opened) != 0)
                return -errno;
        if (S_ISDIR(named.st_mode))
                return -EISDIR;
        return same_file(&named, &opened) ? 0 : -ESTALE;
}

bool entry_is_beside(const struct entry *a, const struct entry *b)
{
        struct stat of_a, of_b;

        return a->directory >= 0 && b->directory >= 0 && os_calls.fstat(a->directory, &of_a) == 0 &&
               os_calls.fstat(b->directory, &of_b) == 0 && same_file(&of_a, &of_b);
}

int entry_link(const struct entry *from, const struct entry *to)
{
        if (os_calls.linkat(entry_base(from), from->name, entry_base(to), to->name, 0) == 0)
                return 0;
        return errno == EMLINK ? -EOPNOTSUPP : unavailable_or(errno);
}

void entry_remove(const struct entry *entry)
{
        os_calls.unlinkat(entry_base(entry), entry->name, 0);
}

void entry_free(struct entry *entry)
{
        storage_close(entry->directory);
        memory_free(entry->name);
        *entry = NO_ENTRY;
}
