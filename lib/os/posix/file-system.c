/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * POSIX has no call that says what a file system can do. This file assumes that the mapping of a
 * local file and read/write always see the same bytes: true on FreeBSD, NetBSD and Linux, false on
 * OpenBSD. Where the system doesn't say whether a file is local, it counts as local. A system whose
 * properties are known should have a folder of its own beside this one.
 */
#include <sys/statvfs.h>
#ifdef HAVE_SYS_MOUNT_H
#include <sys/param.h>

#include <sys/mount.h>
#endif

#include "os/os.h"

#if defined(__OpenBSD__)
static bool is_coherent(int fd)
{
        (void)fd;
        return false;
}
#elif defined(ST_LOCAL)
static bool is_coherent(int fd)
{
        struct statvfs facts;

        return fstatvfs(fd, &facts) == 0 && (facts.f_flag & ST_LOCAL);
}
#elif defined(MNT_LOCAL)
static bool is_coherent(int fd)
{
        struct statfs facts;

        return fstatfs(fd, &facts) == 0 && (facts.f_flags & MNT_LOCAL);
}
#else
static bool is_coherent(int fd)
{
        (void)fd;
        return true;
}
#endif

int file_system_of(int fd, struct file_system *file_system)
{
        *file_system = (struct file_system){
                .name = "unknown", .reservation = RESERVES_NOTHING, .coherent = is_coherent(fd)};
        return 0;
}
