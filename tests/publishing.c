/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "publishing.h"

struct rmmap_file *publishing_begin(const char *name, uint32_t flags)
{
        struct rmmap_options options = test_options(flags, RMMAP_ENGINE_AUTO);
        unsigned char bytes[PUBLISHING_SIZE];
        struct rmmap_file *file;

        for (size_t i = 0; i < sizeof(bytes); i++)
                bytes[i] = test_byte(i);
        ck_ok(rmmap_create(name == NULL ? test_directory() : test_path(name), sizeof(bytes),
                           &options, &file));
        ck_ok(rmmap_raw_write(file, 0, bytes, sizeof(bytes)));
        return file;
}

bool publishing_whole(const char *path, uint64_t size)
{
        unsigned char bytes[PUBLISHING_SIZE + 1];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

        if (fd >= 0)
                close(fd);
        if (got != (ssize_t)size)
                return false;
        for (ssize_t i = 0; i < got; i++)
                if (bytes[i] != test_byte((uint64_t)i))
                        return false;
        return true;
}

static int count(const char *directory, bool hidden)
{
        DIR *names = opendir(directory);
        struct dirent *entry;
        int found = 0;

        ck_assert_ptr_nonnull(names);
        while ((entry = readdir(names)) != NULL)
                if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
                        found += !hidden || entry->d_name[0] == '.';
        closedir(names);
        return found;
}

int publishing_names(const char *directory)
{
        return count(directory, false);
}

int publishing_hidden(const char *directory)
{
        return count(directory, true);
}
