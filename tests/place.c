/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "child.h"
#include "place.h"

static void write_text(const char *path, const char *text)
{
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0)
                return;
        if (write(fd, text, strlen(text)) < 0)
                perror(path);
        close(fd);
}

/* Who isn't root may still be root of a user namespace, if the kernel lets him. */
static bool own_namespace(void)
{
        unsigned int user = getuid(), group = getgid();
        char map[64];

        if (unshare(CLONE_NEWNS) == 0)
                return true;
        if (unshare(CLONE_NEWUSER | CLONE_NEWNS) != 0)
                return false;
        write_text("/proc/self/setgroups", "deny");
        snprintf(map, sizeof(map), "0 %u 1", user);
        write_text("/proc/self/uid_map", map);
        snprintf(map, sizeof(map), "0 %u 1", group);
        write_text("/proc/self/gid_map", map);
        return true;
}

bool place_private(void)
{
        if (own_namespace() && mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0)
                return true;
        skip_part("no mount namespace of its own: %s", strerror(errno));
        return false;
}

const char *place_tmpfs(const char *name, const char *options)
{
        const char *path = test_path(name);

        if ((mkdir(path, 0755) == 0 || errno == EEXIST) &&
            mount("rmmap-test", path, "tmpfs", 0, options) == 0)
                return path;
        skip_part("no tmpfs at %s: %s", name, strerror(errno));
        return NULL;
}

bool place_remount(const char *path, unsigned long flags)
{
        if (mount("none", path, "none", MS_REMOUNT | flags, NULL) == 0)
                return true;
        skip_part("can't remount: %s", strerror(errno));
        return false;
}

static const char *small_disk;
static pid_t mounter;

static void unmount_small_disk(void)
{
        if (getpid() == mounter)
                umount2(small_disk, MNT_DETACH);
}

const char *place_small_disk(void)
{
        const char *given = getenv("TEST_SMALL_DISK");

        if (given != NULL && given[0] != '\0')
                return given;
        if (small_disk != NULL)
                return small_disk;
        test_directory(); /* its removal must come after our unmounting */
        if (!place_private())
                return NULL;
        small_disk = place_tmpfs("small-disk", "size=8m");
        mounter = getpid();
        if (small_disk != NULL)
                atexit(unmount_small_disk);
        return small_disk;
}

bool place_is(const char *path, uint32_t magic)
{
        struct statfs facts;

        return statfs(path, &facts) == 0 && (uint32_t)facts.f_type == magic;
}

bool place_has_only_advice(void)
{
        if (!place_is(test_directory(), PLACE_OVERLAYFS))
                return false;
        skip_part("overlayfs starts write-back by advice");
        return true;
}

uint64_t place_free(const char *path)
{
        struct statvfs facts;

        return statvfs(path, &facts) == 0 ? (uint64_t)facts.f_bfree * facts.f_frsize : 0;
}

/* Writes pieces of this size until there is no room for one. */
static bool fill_by(int fd, size_t piece)
{
        static char zeros[65536];

        for (;;) {
                ssize_t written = write(fd, zeros, piece);

                if (written < 0 && errno == ENOSPC)
                        return true;
                if (written <= 0)
                        return false;
        }
}

/* Some file systems find room again once what is delayed has been written: go on till none does. */
bool place_fill(const char *path)
{
        char name[4096];
        int fd;
        bool full = true;

        snprintf(name, sizeof(name), "%s/filling", path);
        fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fd < 0)
                return errno == ENOSPC; /* no room for the name even */
        for (int round = 0; round < 3 && full; round++) {
                full = fill_by(fd, 65536) && fill_by(fd, 512);
                if (fsync(fd) != 0 && errno != ENOSPC)
                        full = false;
        }
        close(fd);
        return full;
}
