/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <sys/vfs.h>

#include "os/linux/calls.h"
#include "os/linux/file-system.h"
#include "os/os.h"

#define OVERLAYFS_MAGIC 0x794c7630

struct kind {
        uint64_t magic;
        const char *name;
        enum reservation reservation;
        bool coherent;
};

/*
 * Coherent only where mappings, reads and writes all use the kernel's page cache, and no server or
 * other process has a copy of the data. The magic numbers are those of statfs(2). ext2 and ext3
 * have the same as ext4, but no fallocate, so nothing is ever reserved there.
 */
static const struct kind kinds[] = {
        {EXT4_MAGIC, "ext4", RESERVES_EXTENTS, true},
        {0x58465342, "xfs", RESERVES_EXTENTS, true},
        {TMPFS_MAGIC, "tmpfs", RESERVES_PAGES, true},
        {0x958458f6, "hugetlbfs", RESERVES_BY_MAP, true},
        {0x858458f6, "ramfs", RESERVES_NOTHING, true},
        {0x9123683e, "btrfs", RESERVES_NOTHING, true},
        {0xca451a4e, "bcachefs", RESERVES_NOTHING, true},
        {OVERLAYFS_MAGIC, "overlayfs", RESERVES_AS_UPPER, true},
        {0xf2f52010, "f2fs", RESERVES_NOTHING, true},
        {0x3153464a, "jfs", RESERVES_NOTHING, true},
        {0x52654973, "reiserfs", RESERVES_NOTHING, true},
        {0x3434, "nilfs2", RESERVES_NOTHING, true},
        {0x4d44, "vfat", RESERVES_NOTHING, true},
        {0x2011bab0, "exfat", RESERVES_NOTHING, true},
        {0x7366746e, "ntfs3", RESERVES_NOTHING, true},
        {0x73717368, "squashfs", RESERVES_NOTHING, true},
        {0xe0f5e1e2, "erofs", RESERVES_NOTHING, true},
        {0x9660, "iso9660", RESERVES_NOTHING, true},
        {0x2fc12fc1, "zfs", RESERVES_NOTHING, false},
        {0x65735546, "fuse", RESERVES_NOTHING, false},
        {0x6969, "nfs", RESERVES_NOTHING, false},
        {0xff534d42, "cifs", RESERVES_NOTHING, false},
        {0xfe534d42, "smb2", RESERVES_NOTHING, false},
        {0x01021997, "9p", RESERVES_NOTHING, false},
        {0x00c36400, "ceph", RESERVES_NOTHING, false},
        {0x5346414f, "afs", RESERVES_NOTHING, false},
        {0x0bd00bd0, "lustre", RESERVES_NOTHING, false},
        {0x47504653, "gpfs", RESERVES_NOTHING, false},
        {0x7461636f, "ocfs2", RESERVES_NOTHING, false},
        {0x01161970, "gfs2", RESERVES_NOTHING, false},
};

/* An unknown file system gets the properties that are safe everywhere. */
static const struct kind unknown_kind = {0, "unknown", RESERVES_NOTHING, false};

static const struct kind *kind_of(uint64_t magic)
{
        for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
                if (kinds[i].magic == magic)
                        return &kinds[i];
        return &unknown_kind;
}

int file_system_of(int fd, struct file_system *file_system)
{
        const struct kind *kind;
        struct statfs facts = {.f_type = 0};

        while (linux_calls.fstatfs(fd, &facts) != 0) {
                if (is_unavailable(errno))
                        break; /* as an unknown file system */
                if (errno != EINTR)
                        return -errno;
        }
        /* f_type is a signed word on some machines; the magic numbers are 32 bits. */
        file_system->magic = (uint32_t)facts.f_type;
        kind = kind_of(file_system->magic);
        file_system->name = kind->name;
        file_system->reservation = kind->reservation;
        file_system->coherent = kind->coherent;
        file_system->layered = kind->magic == OVERLAYFS_MAGIC;
        file_system->page = kind->reservation == RESERVES_BY_MAP ? (size_t)facts.f_bsize : 0;
        return 0;
}
