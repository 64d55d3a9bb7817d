/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What the kernel of this machine can't be brought to answer without root and other disks: these
 * few calls of libc are the program's own, and pass on to libc's unless a scene says otherwise.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../support.h"
#include "scene.h"

#define NFS_MAGIC 0x6969

/* Threads of a queue make these calls, too. */
static atomic_bool no_sync_file_range, other_file_system, immutable, became_read_only, no_fsync,
        no_text, no_locks;
static atomic_int fallocate_error;

void injected_reset(void)
{
        no_sync_file_range = other_file_system = immutable = false;
        became_read_only = no_fsync = no_text = no_locks = false;
        fallocate_error = 0;
}

/* With 64-bit offsets in a 32-bit process libc's calls have other names. */
#if defined(__GLIBC__) && defined(_FILE_OFFSET_BITS) && _FILE_OFFSET_BITS == 64 &&                 \
        !defined(__LP64__)
#define LARGE "64"
#else
#define LARGE ""
#endif

int fstatfs(int fd, struct statfs *facts)
{
        int (*next)(int, struct statfs *) = dlsym(RTLD_NEXT, "fstatfs" LARGE);
        int result = next(fd, facts);

        if (result == 0 && other_file_system)
                facts->f_type = NFS_MAGIC;
        return result;
}

int fstatvfs(int fd, struct statvfs *facts)
{
        int (*next)(int, struct statvfs *) = dlsym(RTLD_NEXT, "fstatvfs" LARGE);
        int result = next(fd, facts);

        if (result == 0 && became_read_only)
                facts->f_flag |= ST_RDONLY;
        return result;
}

#ifdef __GLIBC__
typedef unsigned long request;
#else
typedef int request;
#endif

int ioctl(int fd, request what, ...)
{
        int (*next)(int, request, ...) = dlsym(RTLD_NEXT, "ioctl");
        va_list arguments;
        void *argument;

        va_start(arguments, what);
        argument = va_arg(arguments, void *);
        va_end(arguments);
        if (!immutable || what != (request)FS_IOC_GETFLAGS)
                return next(fd, what, argument);
        *(int *)argument = FS_IMMUTABLE_FL;
        return 0;
}

void injected_no_locks(bool none)
{
        no_locks = none;
}

#if HAVE_DECL_FLOCK
int flock(int fd, int operation)
{
        int (*next)(int, int) = dlsym(RTLD_NEXT, "flock");

        if (!no_locks)
                return next(fd, operation);
        errno = ENOLCK;
        return -1;
}
#elif HAVE_DECL_F_OFD_SETLK
/* One argument of a word's size is all that the library gives. */
int fcntl(int fd, int command, ...)
{
        int (*next)(int, int, ...) = dlsym(RTLD_NEXT, "fcntl");
        va_list arguments;
        long argument;

        va_start(arguments, command);
        argument = va_arg(arguments, long);
        va_end(arguments);
        if (!no_locks || command != F_OFD_SETLK)
                return next(fd, command, argument);
        errno = ENOLCK;
        return -1;
}
#endif

int sync_file_range(int fd, off_t offset, off_t length, unsigned int flags)
{
        int (*next)(int, off_t, off_t, unsigned int) = dlsym(RTLD_NEXT, "sync_file_range");

        if (!no_sync_file_range)
                return next(fd, offset, length, flags);
        errno = ENOSYS;
        return -1;
}

int fallocate(int fd, int mode, off_t offset, off_t length)
{
        int (*next)(int, int, off_t, off_t) = dlsym(RTLD_NEXT, "fallocate" LARGE);

        if (fallocate_error == 0)
                return next(fd, mode, offset, length);
        errno = fallocate_error;
        return -1;
}

/* The first sync of a created file comes here. */
int fsync(int fd)
{
        int (*next)(int) = dlsym(RTLD_NEXT, "fsync");

        if (!no_fsync)
                return next(fd);
        errno = EIO;
        return -1;
}

char *strdup(const char *text)
{
        size_t size = strlen(text) + 1;
        char *copy = no_text ? NULL : malloc(size);

        return copy == NULL ? NULL : memcpy(copy, text, size);
}

void no_strdup(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        no_text = true;
}

/* A network file system: mapping and file may differ. */
void incoherent(struct scene *scene, uint64_t parameter)
{
        (void)parameter;
        other_file_system = true;
        scene_make(scene, NULL);
}

void without_flush(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        no_sync_file_range = true;
}

/* An earlier sync has failed. */
void sticky(struct scene *scene, uint64_t parameter)
{
        good(scene, parameter);
        no_fsync = true;
        if (rmmap_sync_all(scene->handle) != -EIO)
                made(-EPROTO, "a sync that fails");
}

/*
 * A page of the mapping that can't be had, though the file is as long as ever: over it lies an
 * empty file. The parameter is what the disk answers when it is asked for room for that page.
 */
void page_fault(struct scene *scene, uint64_t parameter)
{
        struct rmmap_options options = RMMAP_OPTIONS_INIT;
        int fd;
        void *data;

        if (lacks_addresses(scene))
                return;
        fd = open(test_path("empty"), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        options.flags = RMMAP_CATCH_FAULTS;
        scene_make(scene, &options);
        made(rmmap_raw_data(scene->file, &data), "data");
        if (mmap(data, SCENE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != data)
                made(-errno, "map the empty file");
        close(fd);
        immutable = parameter == EPERM;
        became_read_only = parameter == EROFS;
        fallocate_error = (int)parameter;
}
