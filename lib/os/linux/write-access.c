/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/statvfs.h>

#include "os/linux/calls.h"
#include "os/os.h"

/* Linux 5.1; older headers lack the name. */
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

bool storage_is_sealed(int fd)
{
        int seals = os_calls.fcntl(fd, F_GET_SEALS);

        return seals >= 0 && (seals & F_SEAL_FUTURE_WRITE);
}

static bool is_immutable(int fd)
{
        int flags = 0;

        return linux_calls.ioctl(fd, IOCTL_REQUEST(FS_IOC_GETFLAGS), &flags) == 0 &&
               (flags & FS_IMMUTABLE_FL);
}

/* A file system may become read-only by itself, when it finds damage. */
static bool is_read_only(int fd)
{
        struct statvfs facts;

        return fstatvfs(fd, &facts) == 0 && (facts.f_flag & ST_RDONLY);
}

int storage_probe_fault(int fd, uint64_t offset)
{
        unsigned char byte;
        int err = storage_read(fd, offset, &byte, 1);

        if (err != 0)
                return err;
        /* Queried, because a sandbox may fail a call with the same errors. */
        if (is_immutable(fd))
                return -EPERM;
        if (is_read_only(fd))
                return -EROFS;
        /*
         * The byte can be read, so what failed was to allocate space for it. On tmpfs a load from a
         * hole allocates, too.
         */
        while (linux_calls.fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, 1) != 0) {
                if (errno == EINTR)
                        continue;
                return errno == EDQUOT || errno == EIO || errno == ESTALE ? -errno : -ENOSPC;
        }
        return -ENOSPC;
}
