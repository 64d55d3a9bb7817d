/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Scenes with a file, a descriptor or a limit that is in the way. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../instrumented.h"
#include "../support.h"
#include "scene.h"

/* The calls that make a handle get this file. */
static void use_file(struct scene *scene, const char *path, int flags)
{
        int fd = open(path, flags | O_CLOEXEC);

        close(scene->fd);
        scene->fd = must(fd < 0 ? -errno : fd, path);
        scene->path = path;
}

/* S_IFDIR or S_IFIFO. */
void of_kind(struct scene *scene, int parameter)
{
        const char *path = test_path(parameter == S_IFDIR ? "directory" : "fifo");

        good(scene, parameter);
        if ((parameter == S_IFDIR ? mkdir(path, 0700) : mkfifo(path, 0600)) != 0 && errno != EEXIST)
                must(-errno, path);
        use_file(scene, path, parameter == S_IFDIR ? O_RDONLY : O_RDWR);
}

void empty_file(struct scene *scene, int parameter)
{
        good(scene, parameter);
        must(ftruncate(scene->fd, 0), "truncate");
}

/* By somebody who wants it alone. */
void held(struct scene *scene, int parameter)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        good(scene, parameter);
        options.flags = RMMAP_LOCK_FILE;
        must(rmmap_open(scene->path, &options, &scene->holder), "open with a lock");
}

void not_writable(struct scene *scene, int parameter)
{
        good(scene, parameter);
        use_file(scene, scene->path, O_RDONLY);
}

/* No mapping is this large. */
void too_large(struct scene *scene, int parameter)
{
        good(scene, parameter);
        scene->size = UINT64_C(1) << 47;
}

/* The handle copies by pwrite, which the kernel would answer with SIGXFSZ. */
void over_limit(struct scene *scene, int parameter)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        (void)parameter;
        options.flags = RMMAP_NO_PREALLOCATE;
        options.engine = RMMAP_ENGINE_PWRITE;
        scene_make(scene, &options);
        LIMIT(RLIMIT_FSIZE, RMMAP_ALIGNMENT);
}

static uint64_t address_space_used(void)
{
        unsigned long long pages = 0;
        FILE *file = fopen("/proc/self/statm", "r");

        if (file == NULL || fscanf(file, "%llu", &pages) != 1)
                must(-ENOSYS, "/proc/self/statm");
        fclose(file);
        return pages * (unsigned long long)sysconf(_SC_PAGESIZE);
}

/* Room for everything but the mapping of a file of 1 GiB. */
void no_address_space(struct scene *scene, int parameter)
{
        good(scene, parameter);
        if (getenv("RMMAP_TOOL") != NULL && getenv("RMMAP_TOOL")[0] != '\0') {
                scene->impossible = "valgrind needs address space of its own";
                return;
        }
        scene->size = UINT64_C(1) << 30;
        must(ftruncate(scene->fd, (off_t)scene->size), "truncate");
        LIMIT(RLIMIT_AS, address_space_used() + (UINT64_C(64) << 20));
}

/* A handle of 4 TiB, and no room for two bits for each block of it; nor may all of it be filled. */
void no_bitmaps(struct scene *scene, int parameter)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        good(scene, parameter);
        if (sizeof(void *) < 8 || test_is_instrumented() ||
            (getenv("RMMAP_TOOL") != NULL && getenv("RMMAP_TOOL")[0] != 0)) {
                scene->impossible = "a file of 4 TiB can't be mapped here";
                return;
        }
        rmmap_release(scene->file);
        options.flags = RMMAP_NO_PREALLOCATE;
        must(rmmap_create(test_path("file"), UINT64_C(1) << 42, &options, &scene->file), "create");
        must(rmmap_allocate(scene->file, SCENE_RANGE, &scene->range), "allocate");
        LIMIT(RLIMIT_FSIZE, UINT64_C(1) << 20);
        LIMIT(RLIMIT_AS, address_space_used() + (UINT64_C(64) << 20));
}

/* By somebody else, while the handle lives. The parameter is its engine. */
void cut_short(struct scene *scene, int parameter)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;

        options.flags = RMMAP_CATCH_FAULTS;
        options.engine = (uint32_t)parameter;
        scene_make(scene, &options);
        must(truncate(test_path("file"), 0), "truncate");
}

/* A descriptor that only names the file. */
void names_only(struct scene *scene, int parameter)
{
        good(scene, parameter);
        use_file(scene, scene->path, O_PATH);
}

void input_ends(struct scene *scene, int parameter)
{
        good(scene, parameter);
        close(scene->input);
        scene->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* A small tmpfs that only this process sees; NULL where that needs another user. */
static const char *mount_tmpfs(void)
{
        static bool alone;
        const char *directory = test_path("mounted");

        if (!alone && unshare(CLONE_NEWNS) != 0)
                return NULL;
        alone = true;
        if ((mkdir(directory, 0700) != 0 && errno != EEXIST) ||
            mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
            mount("tmpfs", directory, "tmpfs", 0, "size=64k") != 0)
                return NULL;
        return directory;
}

/* A sparse file on a disk that has no page left for it. */
void full_disk(struct scene *scene, int parameter)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        const char *directory;
        char path[4200];

        good(scene, parameter);
        directory = mount_tmpfs();
        if (directory == NULL) {
                scene->impossible = "no tmpfs can be mounted";
                return;
        }
        rmmap_release(scene->file);
        options.flags = RMMAP_CATCH_FAULTS;
        snprintf(path, sizeof(path), "%s/filler", directory);
        must(rmmap_create(path, SCENE_SIZE, &options, &scene->holder), "fill the disk");
        options.flags |= RMMAP_NO_PREALLOCATE;
        snprintf(path, sizeof(path), "%s/sparse", directory);
        must(rmmap_create(path, SCENE_SIZE, &options, &scene->file), "create a sparse file");
        must(rmmap_allocate(scene->file, SCENE_RANGE, &scene->range), "allocate");
        must(rmmap_mark_written(scene->file, scene->range, &scene->receipt), "commit");
}
