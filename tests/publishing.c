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
                        found += !hidden || strncmp(entry->d_name, ".rmmap-", 7) == 0;
        closedir(names);
        return found;
}

bool publishing_first_hidden(const char *directory, char *path, size_t size)
{
        DIR *names = opendir(directory);
        struct dirent *entry;
        bool found = false;

        while (names != NULL && !found && (entry = readdir(names)) != NULL)
                found = strncmp(entry->d_name, ".rmmap-", 7) == 0;
        if (found)
                snprintf(path, size, "%s/%s", directory, entry->d_name);
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

/* ---- versions: each word of the file is the version, and the size belongs to it, too */

#define MOST_WORDS 8192

static size_t size_of(uint64_t version)
{
        return (size_t)(8 + version * 4093 % (MOST_WORDS * 8 - 8) / 8 * 8);
}

int publishing_version(const char *directory, uint64_t version)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        bool unnamed = version % 2 == 0;
        static uint64_t words[MOST_WORDS];
        char part[4200], path[4200];
        struct rmmap_file *file;
        int err;

        snprintf(part, sizeof(part), "%s/current.part", directory);
        snprintf(path, sizeof(path), "%s/current", directory);
        options.flags = unnamed ? RMMAP_UNNAMED : 0;
        err = rmmap_create(unnamed ? directory : part, sizeof(words), &options, &file);
        if (err != 0)
                return err;
        for (size_t i = 0; i < MOST_WORDS; i++)
                words[i] = version;
        err = rmmap_raw_write(file, 0, words, size_of(version));
        if (err == 0)
                err = rmmap_publish(file, path, size_of(version), 0);
        rmmap_release(file);
        return err;
}

uint64_t publishing_read_version(const char *path)
{
        static uint64_t words[MOST_WORDS];
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        ssize_t got = fd < 0 ? -1 : read(fd, words, sizeof(words));

        if (fd >= 0)
                close(fd);
        if (got < 8 || words[0] == 0 || (size_t)got != size_of(words[0]))
                return 0;
        for (size_t i = 0; i < (size_t)got / 8; i++)
                if (words[i] != words[0])
                        return 0;
        return words[0];
}
