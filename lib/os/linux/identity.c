/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Which file it is, and since when its page cache can't have been lost. Only statx tells when a
 * file was made: since Linux 4.11, and not where a sandbox refuses it. By its number, because old
 * libcs have no function for it.
 */
#include <errno.h>
#include <sys/sysmacros.h>

#include "base/bytes.h"
#include "os/inside.h"
#include "os/linux/calls.h"

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

/* STATX_MNT_ID_UNIQUE, since Linux 6.8; the number of a mount that is gone isn't used again. */
#define UNIQUE_MOUNT 0x4000U

#if defined(SYS_statx) && defined(STATX_MNT_ID)
static uint64_t mount_of(int fd)
{
        struct statx facts = {0};

        if (linux_calls.syscall(SYS_statx, fd, "", AT_EMPTY_PATH, UNIQUE_MOUNT, &facts) != 0 ||
            !(facts.stx_mask & UNIQUE_MOUNT))
                return 0;
        return facts.stx_mnt_id;
}
#else
static uint64_t mount_of(int fd)
{
        (void)fd;
        return 0;
}
#endif

/* The kernel draws a random one whenever the machine starts. */
#define BOOT_ID "/proc/sys/kernel/random/boot_id"
#define BOOT_ID_LENGTH 36

int storage_session(int fd, uint64_t *session)
{
        unsigned char text[BOOT_ID_LENGTH + 8];
        int boot = open_retrying(BOOT_ID, O_RDONLY | O_CLOEXEC, 0), err;

        if (boot < 0)
                return -EOPNOTSUPP;
        err = storage_read(boot, 0, text, BOOT_ID_LENGTH);
        storage_close(boot);
        if (err != 0)
                return -EOPNOTSUPP;
        store_le64(text + BOOT_ID_LENGTH, mount_of(fd));
        *session = checksum_bytes(text, sizeof(text)) | 1;
        return 0;
}

/* What fstat knows is the same without statx, so its error is the answer. */
int storage_identity(int fd, struct file_identity *identity)
{
        int err = ask_fstat(fd, identity);

        if (err == 0)
                (void)ask_statx(fd, identity);
        return err;
}
