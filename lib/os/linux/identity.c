/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Only statx tells when a file was made: since Linux 4.11, and not where a sandbox refuses it. By
 * its number, because old libcs have no function for it.
 */
#include <errno.h>
#include <sys/sysmacros.h>

#include "os/linux/calls.h"
#include "os/os.h"

static int ask_fstat(int fd, struct file_identity *identity)
{
        struct stat status;

        if (os_calls.fstat(fd, &status) != 0)
                return -errno;
        *identity = (struct file_identity){.device = (uint64_t)status.st_dev,
                                           .inode = (uint64_t)status.st_ino};
        return 0;
}

#if defined(SYS_statx) && defined(STATX_BTIME)
static bool ask_statx(int fd, struct file_identity *identity)
{
        struct statx facts = {0};

        if (linux_calls.syscall(SYS_statx, fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME,
                                &facts) != 0)
                return false;
        identity->device = (uint64_t)makedev(facts.stx_dev_major, facts.stx_dev_minor);
        identity->inode = facts.stx_ino;
        if (facts.stx_mask & STATX_BTIME) {
                identity->born_seconds = (uint64_t)facts.stx_btime.tv_sec;
                identity->born_nanoseconds = facts.stx_btime.tv_nsec;
        }
        return true;
}
#else
static bool ask_statx(int fd, struct file_identity *identity)
{
        (void)fd;
        (void)identity;
        return false;
}
#endif

/* What fstat knows is the same without statx, so its error is the answer. */
int storage_identity(int fd, struct file_identity *identity)
{
        int err = ask_fstat(fd, identity);

        if (err == 0)
                (void)ask_statx(fd, identity);
        return err;
}
