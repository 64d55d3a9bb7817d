/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <sys/statvfs.h>

#include "os/os.h"

bool storage_is_sealed(int fd)
{
        (void)fd;
        return false;
}

int storage_probe_fault(int fd, uint64_t offset)
{
        struct statvfs facts;
        unsigned char byte;
        int err = storage_read(fd, offset, &byte, 1);

        if (err != 0)
                return err;
        if (fstatvfs(fd, &facts) == 0 && (facts.f_flag & ST_RDONLY))
                return -EROFS;
        /* The byte can be read, so what failed was to allocate space for it. */
        return -ENOSPC;
}
