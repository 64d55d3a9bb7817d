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

/* The kernel's struct statx and its flags: the headers of some libcs have none, or older ones. */
struct kernel_time {
        int64_t seconds;
        uint32_t nanoseconds;
        int32_t unused;
};

struct kernel_statx {
        uint32_t mask, block_size;
        uint64_t attributes;
        uint32_t links, user, group;
        uint16_t mode, unused;
        uint64_t inode, size, blocks, attributes_mask;
        struct kernel_time accessed, born, changed, modified;
        uint32_t special_major, special_minor, device_major, device_minor;
        uint64_t mount;
        uint64_t rest[13];
};

_Static_assert(sizeof(struct kernel_statx) == 256, "the kernel's has 256 bytes");

#define BASIC_FACTS 0x7ffU
#define BIRTH_TIME 0x800U
/* Since Linux 6.8; the number of a mount that is gone isn't used again. */
#define UNIQUE_MOUNT 0x4000U

static bool ask_kernel(int fd, uint32_t mask, struct kernel_statx *facts)
{
        *facts = (struct kernel_statx){.mask = 0};
#ifdef SYS_statx
        return linux_calls.syscall(SYS_statx, fd, "", AT_EMPTY_PATH, mask, facts) == 0;
#else
        (void)fd;
        (void)mask;
        return false;
#endif
}

static void ask_statx(int fd, struct file_identity *identity)
{
        struct kernel_statx facts;

        if (!ask_kernel(fd, BASIC_FACTS | BIRTH_TIME, &facts))
                return;
        identity->device = (uint64_t)makedev(facts.device_major, facts.device_minor);
        identity->inode = facts.inode;
        if (facts.mask & BIRTH_TIME) {
                identity->born_seconds = (uint64_t)facts.born.seconds;
                identity->born_nanoseconds = facts.born.nanoseconds;
        }
}

static uint64_t mount_of(int fd)
{
        struct kernel_statx facts;

        return ask_kernel(fd, UNIQUE_MOUNT, &facts) && (facts.mask & UNIQUE_MOUNT) ? facts.mount
                                                                                   : 0;
}

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
                ask_statx(fd, identity);
        return err;
}
