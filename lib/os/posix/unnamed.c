/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Only Linux makes files without a name. FILE_FLAG_DELETE_ON_CLOSE can't be taken back on every
 * Windows 10.
 */
#include <errno.h>

#include "os/os.h"

int unnamed_create(const struct path_request *directory, int *fd)
{
        (void)directory;
        (void)fd;
        return -EOPNOTSUPP;
}

int unnamed_link(int fd, const struct entry *to)
{
        (void)fd;
        (void)to;
        return -EOPNOTSUPP;
}
