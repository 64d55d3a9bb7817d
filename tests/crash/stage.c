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
#include "crash/forgetful.h"
#include "crash/stage.h"
#include "place.h"

/* Of linux/fs.h since 6.17; of ext4, xfs and f2fs since long before. */
#ifndef FS_IOC_SHUTDOWN
#define FS_IOC_SHUTDOWN _IOR('X', 125, __u32)
#endif
/* What ioctl takes a request as: glibc unsigned long, musl int. */
#ifdef __GLIBC__
#define SHUT_DOWN FS_IOC_SHUTDOWN
#else
#define SHUT_DOWN ((int)FS_IOC_SHUTDOWN)
#endif
#define WITHOUT_LOG 2

#define PLAIN_FILE_MOST ((uint64_t)32 << 20)

#define WITH_ROOM "size=1g"

struct stage {
        char kind[16];       /* of the file system on the image; empty: none */
        struct store *store; /* NULL: the image is a plain file */
        enum forgetful_caching caching;
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

const char *stage_directory(const struct stage *stage)
{
        return stage->directory;
}

struct store *stage_store(const struct stage *stage)
{
        return stage->store;
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

static int mount_below(struct stage *stage)
{
        if (stage->store == NULL)
                return 0;
        stage->server = forgetful_mount(stage->store, stage->below, stage->caching);
        return stage->server < 0 ? (int)stage->server : 0;
}

static int mount_image(const struct stage *stage)
{
        const char *const arguments[] = {"mount", "-t",         stage->kind,      "-o",
                                         "loop",  stage->image, stage->directory, NULL};

        return stage->kind[0] == '\0' ? 0 : run(arguments);
}

static int mount_all(struct stage *stage)
{
        int err = mount_below(stage);

        if (err == 0)
                err = mount_image(stage);
        stage->mounted = err == 0;
        return err;
}

static int unmount_all(struct stage *stage)
{
        int err = stage->kind[0] != '\0' && stage->mounted ? unmount(stage->directory) : 0;

        stage->mounted = false;
        if (err != 0 || stage->store == NULL)
                return err;
        err = unmount(stage->below);
        if (err == 0 && waitpid(stage->server, NULL, 0) != stage->server)
                err = -errno;
        return err;
}

int stage_cut(struct stage *stage)
{
        __u32 how = WITHOUT_LOG;
        int fd, err;

        if (stage->store != NULL) {
                atomic_store(&stage->store->off, true);
                return 0;
        }
        fd = open(stage->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        err = fd < 0 || ioctl(fd, SHUT_DOWN, &how) != 0 ? -errno : 0;
        if (fd >= 0)
                close(fd);
        return err;
}

int stage_again(struct stage *stage, uint64_t *random)
{
        int err = unmount_all(stage);

        if (err == 0 && stage->store != NULL)
                store_cut(stage->store, random);
        return err != 0 ? err : mount_all(stage);
}

/* ---- writes that fail ----------------------------------------------------------------------- */

/* A tmpfs that is made as small as what is in it is full. */
static bool make_full(const struct stage *stage)
{
        struct statvfs facts;
        char size[32];

        if (statvfs(stage->below, &facts) != 0)
                return false;
        snprintf(size, sizeof(size), "size=%llu",
                 (unsigned long long)(facts.f_blocks - facts.f_bfree) * facts.f_bsize);
        return mount("none", stage->below, "none", MS_REMOUNT, size) == 0;
}

bool stage_refuse(struct stage *stage, uint64_t word)
{
        if (stage->store == NULL)
                return make_full(stage);
        if (stage->caching == FORGETFUL_WRITE_THROUGH)
                atomic_store(&stage->store->fail_syncs, true);
        else
                atomic_store(&stage->store->fail_writes, word);
        return true;
}

bool stage_accept(struct stage *stage)
{
        if (stage->store == NULL)
                return mount("none", stage->below, "none", MS_REMOUNT, WITH_ROOM) == 0;
        atomic_store(&stage->store->fail_syncs, false);
        atomic_store(&stage->store->fail_writes, 0);
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

bool stage_begin(void)
{
        test_directory(); /* its removal must come after our unmounting */
        if (!place_private())
                return false;
        beginner = getpid();
        return atexit(detach_all) == 0;
}

/* ---- the first time ------------------------------------------------------------------------- */

static int make_image(const struct stage *stage)
{
        char program[32];
        const char *const arguments[] = {program, "-q", strcmp(stage->kind, "ext4") ? "-f" : "-F",
                                         stage->image, NULL};
        int fd = open(stage->image, O_RDWR | O_CREAT | O_CLOEXEC, 0600), err = 0;

        snprintf(program, sizeof(program), "mkfs.%s", stage->kind);
        if (fd < 0 || ftruncate(fd, (off_t)image_size(stage->kind)) != 0)
                err = -errno;
        if (err == 0)
                err = run(arguments);
        /* On a disk that forgets, the image itself must stay. */
        if (err == 0 && fsync(fd) != 0)
                err = -errno;
        if (fd >= 0)
                close(fd);
        if (err == 0 && stage->store != NULL)
                store_sync_names(stage->store);
        return err;
}

static bool parse(struct stage *stage, const char *name)
{
        const char *colon = strchr(name, ':');

        stage->caching = FORGETFUL_DIRECT;
        if (strcmp(name, "forgetful") == 0)
                stage->caching = FORGETFUL_WRITE_THROUGH;
        else if (strcmp(name, "forgetful-cached") == 0)
                stage->caching = FORGETFUL_WRITE_BACK;
        else if (colon == NULL || strlen(colon) > sizeof(stage->kind))
                return false;
        if (colon != NULL)
                strcpy(stage->kind, colon + 1);
        return true;
}

/* Another one each time, should an earlier stage not have been taken down. */
static const char *make_directory(const char *name)
{
        char unique[64];
        const char *path;

        snprintf(unique, sizeof(unique), "%s-XXXXXX", name);
        path = test_path(unique);
        return mkdtemp((char *)(uintptr_t)path);
}

static int prepare_below(struct stage *stage, const char *name)
{
        bool image = stage->kind[0] != '\0';

        stage->below = make_directory("below");
        if (stage->below != NULL && image && strncmp(name, "disk:", 5) != 0)
                return mount("rmmap-test", stage->below, "tmpfs", 0, WITH_ROOM) == 0 ? 0 : -errno;
        stage->store = image ? store_new(image_size(stage->kind), 1)
                             : store_new(PLAIN_FILE_MOST, STORE_NODES);
        if (stage->below == NULL || stage->store == NULL)
                return -ENOMEM;
        return mount_below(stage);
}

static int prepare(struct stage *stage, const char *name)
{
        int err = prepare_below(stage, name);

        if (err != 0)
                return err;
        stage->mounted = true;
        stage->directory = stage->below;
        if (stage->kind[0] == '\0')
                return 0;
        snprintf(stage->image, sizeof(stage->image), "%s/image", stage->below);
        err = make_image(stage);
        if (err != 0)
                return err;
        stage->directory = make_directory("top");
        return stage->directory == NULL ? -errno : mount_image(stage);
}

struct stage *stage_new(const char *name)
{
        struct stage *stage = calloc(1, sizeof(*stage));
        int err;

        while (detach_one())
                ;
        err = stage == NULL ? -ENOMEM : !parse(stage, name) ? -EINVAL : prepare(stage, name);
        if (err == 0)
                return stage;
        skip_part("%s: can't be set up: %s", name, strerror(-err));
        if (stage != NULL && stage->below != NULL)
                umount2(stage->below, MNT_DETACH);
        free(stage);
        return NULL;
}

void stage_free(struct stage *stage)
{
        if (stage->mounted)
                unmount_all(stage);
        if (stage->store == NULL)
                unmount(stage->below);
        free(stage);
}
