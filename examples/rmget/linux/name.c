/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* name.c - names of files */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#ifndef _FILE_OFFSET_BITS
#define _FILE_OFFSET_BITS 64
#endif
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "linux/facts.h"

const char *last_name(const char *path)
{
        const char *slash = strrchr(path, '/');

        return slash ? slash + 1 : path;
}

char *directory_of(const char *path)
{
        const char *slash = strrchr(path, '/');

        if (!slash)
                return strdup(".");
        return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

char *path_in(const char *directory, const char *name)
{
        char *path;

        return asprintf(&path, "%s/%s", directory, name) < 0 ? NULL : path;
}

size_t longest_name(const char *directory)
{
        long most = pathconf(directory, _PC_NAME_MAX);

        return most > 0 ? (size_t)most : 255;
}

int path_facts(const char *path, bool follow, struct file_facts *facts)
{
        struct stat found;

        if (follow ? stat(path, &found) : lstat(path, &found))
                return -errno;
        facts_from(facts, &found);
        return 0;
}

bool name_means(const char *path, int file)
{
        struct file_facts a, b;

        return !file_facts(file, &a) && !path_facts(path, false, &b) && same_facts(&a, &b);
}

int name_remove(const char *path)
{
        return unlink(path) ? -errno : 0;
}

int directory_make(const char *path)
{
        return mkdir(path, 0700) ? -errno : 0;
}

int directory_remove(const char *path)
{
        return rmdir(path) ? -errno : 0;
}

uint64_t free_space(const char *directory)
{
        struct statvfs facts;

        if (statvfs(directory, &facts))
                return UINT64_MAX;
        return (uint64_t)facts.f_frsize * (geteuid() ? facts.f_bavail : facts.f_bfree);
}
