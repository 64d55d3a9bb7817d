/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Scenes with a file, a descriptor or a limit that is in the way. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../instrumented.h"
#include "../place.h"
#include "../support.h"
#include "scene.h"

/* The calls that make a handle get this file. */
static void use_file(struct scene *scene, const char *path, int flags)
{
        int fd = open(path, flags | O_CLOEXEC);

        close(scene->fd);
        scene->fd = made(fd < 0 ? -errno : fd, path);
        scene->path = path;
}

/* S_IFDIR or S_IFIFO. */
void of_kind(struct scene *scene, uint64_t parameter)
{
        const char *path = test_path(parameter == S_IFDIR ? "directory" : "fifo");

        good(scene, parameter);
        if ((parameter == S_IFDIR ? mkdir(path, 0700) : mkfifo(path, 0600)) != 0 && errno != EEXIST)
                made(-errno, path);
        use_file(scene, path, parameter == S_IFDIR ? O_RDONLY : O_RDWR);
}

void empty_file(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        made(ftruncate(scene->fd, 0), "truncate");
}

/* By somebody who wants it alone. */
void held(struct scene *scene, uint64_t parameter)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        good(scene, parameter);
        options.flags = RMMAP_LOCK_FILE;
        made(rmmap_open(scene->path, &options, &scene->holder), "open with a lock");
}

/* By a handle that doesn't mind others. */
void in_use(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        use_file(scene, test_path("file"), O_RDWR);
}

void not_writable(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        use_file(scene, scene->path, O_RDONLY);
}

/* The handle copies by pwrite, which the kernel would answer with SIGXFSZ. */
void over_limit(struct scene *scene, uint64_t parameter)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        (void)parameter;
        options.flags = RMMAP_NO_PREALLOCATE;
        options.engine = RMMAP_ENGINE_PWRITE;
        options.max_size = SCENE_GROWN;
        options.grow_step = RMMAP_ALIGNMENT;
        scene_make(scene, &options);
        scene->changes = true;
        LIMIT(RLIMIT_FSIZE, RMMAP_ALIGNMENT);
}

static uint64_t address_space_used(void)
{
        unsigned long long pages = 0;
        FILE *file = fopen("/proc/self/statm", "r");

        if (file == NULL || fscanf(file, "%llu", &pages) != 1)
                made(-ENOSYS, "/proc/self/statm");
        fclose(file);
        return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

/* Room for everything but the mapping of a file of 1 GiB. */
void no_address_space(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        if (test_is_interpreted()) {
                scene->impossible = "what interprets it needs address space of its own";
                return;
        }
        scene->changes = true; /* the file is made anew before it is mapped */
        scene->size = UINT64_C(1) << 30;
        made(ftruncate(scene->fd, (off_t)scene->size), "truncate");
        LIMIT(RLIMIT_AS, address_space_used() + (UINT64_C(64) << 20));
}

/* Room for the queue itself, and for the stack of no thread but one that earlier ones left. */
void no_threads(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        if (TEST_HAS_SANITIZER || test_is_interpreted()) {
                scene->impossible = "a sanitizer or emulator needs address space of its own";
                return;
        }
        scene->queue_options.threads = (uint32_t)parameter;
        LIMIT(RLIMIT_AS, address_space_used() + (UINT64_C(4) << 20));
}

/* A handle of 4 TiB, and no room for two bits for each block of it; nor may all of it be filled. */
void no_bitmaps(struct scene *scene, uint64_t parameter)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *large;

        good(scene, parameter);
        if (sizeof(void *) < 8 || test_is_instrumented()) {
                scene->impossible = "a file of 4 TiB can't be mapped here";
                return;
        }
        options.flags = RMMAP_NO_PREALLOCATE;
        made(rmmap_create(test_path("large"), UINT64_C(1) << 42, &options, &large), "create");
        scene_use(scene, large);
        made(rmmap_allocate(scene->file, SCENE_RANGE, &scene->range), "allocate");
        LIMIT(RLIMIT_FSIZE, UINT64_C(1) << 20);
        /* Less than malloc maps for a new arena when it finds no memory, and keeps. */
        LIMIT(RLIMIT_AS, address_space_used() + (UINT64_C(48) << 20));
}

/* A scene for the guard, and qemu, which tells handlers of s390x wrong addresses of faults. */
bool lacks_addresses(struct scene *scene)
{
#ifdef __s390x__
        if (test_is_interpreted()) {
                good(scene, 0);
                scene->impossible = "the emulator tells wrong addresses of faults";
                return true;
        }
#endif
        (void)scene;
        return false;
}

/* By somebody else, while the handle lives. The parameter is its engine. */
void cut_short(struct scene *scene, uint64_t parameter)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        if (lacks_addresses(scene))
                return;
        options.flags = RMMAP_CATCH_FAULTS;
        options.engine = (uint32_t)parameter;
        options.max_size = SCENE_GROWN;
        options.grow_step = RMMAP_ALIGNMENT;
        scene_make(scene, &options);
        scene->changes = true;
        made(truncate(test_path("file"), 0), "truncate");
}

/* A descriptor that only names the file. */
void names_only(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        use_file(scene, scene->path, O_PATH);
}

void input_ends(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        close(scene->input);
        scene->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* A small tmpfs that only this process sees; NULL where that needs another user. */
static const char *mount_tmpfs(void)
{
        static bool alone;

        alone = alone || place_private();
        return alone ? place_tmpfs("mounted", "size=64k") : NULL;
}

/* A sparse file on a disk that has no page left for it. */
void full_disk(struct scene *scene, uint64_t parameter)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        struct rmmap_file *sparse;
        const char *directory;
        char path[4200];

        if (lacks_addresses(scene))
                return;
        good(scene, parameter);
        directory = mount_tmpfs();
        if (directory == NULL) {
                scene->impossible = "no tmpfs can be mounted";
                return;
        }
        options.flags = RMMAP_CATCH_FAULTS;
        snprintf(path, sizeof(path), "%s/filler", directory);
        made(rmmap_create(path, 65536, &options, &scene->holder), "fill the disk");
        options.flags |= RMMAP_NO_PREALLOCATE;
        snprintf(path, sizeof(path), "%s/sparse", directory);
        made(rmmap_create(path, SCENE_SIZE, &options, &sparse), "create a sparse file");
        scene_use(scene, sparse);
        made(rmmap_allocate(scene->file, SCENE_RANGE, &scene->range), "allocate");
        made(rmmap_mark_written(scene->file, scene->range, &scene->receipt), "commit");
}

/* An enum target. */
void target_is(struct scene *scene, uint64_t parameter)
{
        static char longest[8192];

        good(scene, parameter);
        memset(longest, 'x', sizeof(longest) - 1);
        longest[sizeof(longest) - 3] = '/'; /* the directory is too long */
        scene->target = parameter == OLDER_FILE  ? test_path("other")
                        : parameter == DIRECTORY ? test_directory()
                        : parameter == LONG_PATH ? longest
                                                 : "";
        scene->flags = RMMAP_PUBLISH_NO_REPLACE;
}

/* The name that the file was created with is gone. */
void nameless(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        made(unlink(test_path("file")), "unlink");
}

/* The size is the parameter. */
void published(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        made(rmmap_publish(scene->handle, scene->target, parameter, 0), "publish");
}

void behind_a_link(struct scene *scene, uint64_t parameter)
{
        const char *link = test_path("link");

        good(scene, parameter);
        scene->options.flags = RMMAP_UNNAMED | RMMAP_NO_FOLLOW;
        if (symlink(test_directory(), link) != 0 && errno != EEXIST)
                made(-errno, link);
        scene->path = link;
}
