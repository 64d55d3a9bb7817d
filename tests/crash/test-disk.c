/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "crash/test-disk.h"
#include "crash/volatile-fs.h"
#include "os/linux/calls.h"
#include "place.h"

/* Of linux/fs.h since 6.17; of ext4, xfs and f2fs since long before. */
#ifndef FS_IOC_SHUTDOWN
#define FS_IOC_SHUTDOWN _IOR('X', 125, __u32)
#endif
#define WITHOUT_LOG 2

#define PLAIN_FILE_MOST ((uint64_t)32 << 20)

#define WITH_ROOM "size=1g"

struct test_disk {
        char kind[16];       /* of the file system on the image; empty: none */
        struct store *store; /* NULL: the image is a plain file */
        enum volatile_fs_caching caching;
        const char *below; /* where the store or the tmpfs is mounted */
        char image[4096];
        const char *directory; /* where the writer works */
        pid_t server;
        bool mounted;
};

static uint64_t image_size(const char *kind)
{
        /* The least that mkfs.xfs takes is 300 MiB. */
        return (uint64_t)(strcmp(kind, "ext4") == 0 ? 256 : 384) << 20;
}

const char *test_disk_directory(const struct test_disk *disk)
{
        return disk->directory;
}

struct store *test_disk_store(const struct test_disk *disk)
{
        return disk->store;
}

/* A program; its output is of no interest while it works. */
static int run(const char *const arguments[])
{
        pid_t child = fork();
        int status;

        if (child == 0) {
                setenv("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", 1);
                if (freopen("/dev/null", "w", stdout) == NULL)
                        _exit(126);
                execvp(arguments[0], (char *const *)(uintptr_t)arguments);
                _exit(127);
        }
        if (child < 0 || waitpid(child, &status, 0) != child)
                return -errno;
        if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
                return -ENOENT;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

static int unmount(const char *directory)
{
        /* A loop device lets go of its image a moment after the last user did. */
        for (int tries = 0; tries < 5000; tries++) {
                if (umount2(directory, 0) == 0)
                        return 0;
                if (errno != EBUSY)
                        break;
                test_pause();
        }
        return -errno;
}

static int mount_below(struct test_disk *disk)
{
        if (disk->store == NULL)
                return 0;
        disk->server = volatile_fs_mount(disk->store, disk->below, disk->caching);
        return disk->server < 0 ? (int)disk->server : 0;
}

static int mount_image(const struct test_disk *disk)
{
        const char *const arguments[] = {"mount", "-t",        disk->kind,      "-o",
                                         "loop",  disk->image, disk->directory, NULL};

        return disk->kind[0] == '\0' ? 0 : run(arguments);
}

static int mount_all(struct test_disk *disk)
{
        int err = mount_below(disk);

        if (err == 0)
                err = mount_image(disk);
        disk->mounted = err == 0;
        return err;
}

static int unmount_all(struct test_disk *disk)
{
        int err = disk->kind[0] != '\0' && disk->mounted ? unmount(disk->directory) : 0;

        disk->mounted = false;
        if (err != 0 || disk->store == NULL)
                return err;
        err = unmount(disk->below);
        if (err == 0 && waitpid(disk->server, NULL, 0) != disk->server)
                err = -errno;
        return err;
}

int test_disk_cut(struct test_disk *disk)
{
        __u32 how = WITHOUT_LOG;
        int fd, err;

        if (disk->store != NULL) {
                atomic_store(&disk->store->off, true);
                return 0;
        }
        fd = open(disk->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        err = fd < 0 || ioctl(fd, IOCTL_REQUEST(FS_IOC_SHUTDOWN), &how) != 0 ? -errno : 0;
        if (fd >= 0)
                close(fd);
        return err;
}

int test_disk_again(struct test_disk *disk, uint64_t *random)
{
        int err = unmount_all(disk);

        if (err == 0 && disk->store != NULL)
                store_cut(disk->store, random);
        return err != 0 ? err : mount_all(disk);
}

/* ---- writes that fail ----------------------------------------------------------------------- */

/* A tmpfs that is made as small as what is in it is full. */
static bool make_full(const struct test_disk *disk)
{
        struct statvfs facts;
        char size[32];

        if (statvfs(disk->below, &facts) != 0)
                return false;
        snprintf(size, sizeof(size), "size=%llu",
                 (unsigned long long)(facts.f_blocks - facts.f_bfree) * facts.f_bsize);
        return mount("none", disk->below, "none", MS_REMOUNT, size) == 0;
}

bool test_disk_refuse(struct test_disk *disk, uint64_t word)
{
        if (disk->store == NULL)
                return make_full(disk);
        if (disk->caching == VOLATILE_FS_WRITE_THROUGH)
                atomic_store(&disk->store->fail_syncs, true);
        else
                atomic_store(&disk->store->fail_writes, word);
        return true;
}

bool test_disk_accept(struct test_disk *disk)
{
        if (disk->store == NULL)
                return mount("none", disk->below, "none", MS_REMOUNT, WITH_ROOM) == 0;
        atomic_store(&disk->store->fail_syncs, false);
        atomic_store(&disk->store->fail_writes, 0);
        return true;
}

/* ---- what a failed test left mounted --------------------------------------------------------- */

static pid_t beginner;

/* The last one first; the list changes meanwhile, so it is read anew for each. */
static bool detach_one(void)
{
        FILE *mounts = fopen("/proc/self/mounts", "re");
        char line[8192], last[4096] = "", where[4096];

        while (mounts != NULL && fgets(line, sizeof(line), mounts) != NULL)
                if (sscanf(line, "%*s %4095s", where) == 1 &&
                    strncmp(where, test_directory(), strlen(test_directory())) == 0)
                        strcpy(last, where);
        if (mounts != NULL)
                fclose(mounts);
        return last[0] != '\0' && umount2(last, MNT_DETACH) == 0;
}

static void detach_all(void)
{
        while (getpid() == beginner && detach_one())
                ;
}

bool test_disk_begin(void)
{
        test_directory(); /* its removal must come after our unmounting */
        if (!place_private())
                return false;
        beginner = getpid();
        return atexit(detach_all) == 0;
}

/* ---- the first time ------------------------------------------------------------------------- */

static int make_image(const struct test_disk *disk)
{
        char program[32];
        const char *const arguments[] = {program, "-q", strcmp(disk->kind, "ext4") ? "-f" : "-F",
                                         disk->image, NULL};
        int fd = open(disk->image, O_RDWR | O_CREAT | O_CLOEXEC, 0600), err = 0;

        snprintf(program, sizeof(program), "mkfs.%s", disk->kind);
        if (fd < 0 || ftruncate(fd, (off_t)image_size(disk->kind)) != 0)
                err = -errno;
        if (err == 0)
                err = run(arguments);
        /* On a disk that forgets, the image itself must stay. */
        if (err == 0 && fsync(fd) != 0)
                err = -errno;
        if (fd >= 0)
                close(fd);
        if (err == 0 && disk->store != NULL)
                store_sync_names(disk->store);
        return err;
}

static bool parse(struct test_disk *disk, const char *name)
{
        const char *colon = strchr(name, ':');

        disk->caching = VOLATILE_FS_DIRECT;
        if (strcmp(name, "volatile") == 0)
                disk->caching = VOLATILE_FS_WRITE_THROUGH;
        else if (strcmp(name, "volatile-cached") == 0)
                disk->caching = VOLATILE_FS_WRITE_BACK;
        else if (colon == NULL || strlen(colon) > sizeof(disk->kind))
                return false;
        if (colon != NULL)
                strcpy(disk->kind, colon + 1);
        return true;
}

/* Another one each time, should an earlier disk not have been taken down. */
static const char *make_directory(const char *name)
{
        char unique[64];
        const char *path;

        snprintf(unique, sizeof(unique), "%s-XXXXXX", name);
        path = test_path(unique);
        return mkdtemp((char *)(uintptr_t)path);
}

static int prepare_below(struct test_disk *disk, const char *name)
{
        bool image = disk->kind[0] != '\0';

        disk->below = make_directory("below");
        if (disk->below != NULL && image && strncmp(name, "disk:", 5) != 0)
                return mount("rmmap-test", disk->below, "tmpfs", 0, WITH_ROOM) == 0 ? 0 : -errno;
        disk->store = image ? store_new(image_size(disk->kind), 1)
                            : store_new(PLAIN_FILE_MOST, STORE_NODES);
        if (disk->below == NULL || disk->store == NULL)
                return -ENOMEM;
        return mount_below(disk);
}

static int prepare(struct test_disk *disk, const char *name)
{
        int err = prepare_below(disk, name);

        if (err != 0)
                return err;
        disk->mounted = true;
        disk->directory = disk->below;
        if (disk->kind[0] == '\0')
                return 0;
        snprintf(disk->image, sizeof(disk->image), "%s/image", disk->below);
        err = make_image(disk);
        if (err != 0)
                return err;
        disk->directory = make_directory("top");
        return disk->directory == NULL ? -errno : mount_image(disk);
}

struct test_disk *test_disk_new(const char *name)
{
        struct test_disk *disk = calloc(1, sizeof(*disk));
        int err;

        while (detach_one())
                ;
        err = disk == NULL ? -ENOMEM : !parse(disk, name) ? -EINVAL : prepare(disk, name);
        if (err == 0)
                return disk;
        skip_part("%s: can't be set up: %s", name, strerror(-err));
        if (disk != NULL && disk->below != NULL)
                umount2(disk->below, MNT_DETACH);
        free(disk);
        return NULL;
}

void test_disk_free(struct test_disk *disk)
{
        if (disk->mounted)
                unmount_all(disk);
        if (disk->store == NULL)
                unmount(disk->below);
        free(disk);
}
