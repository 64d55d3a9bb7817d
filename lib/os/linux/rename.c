/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* RENAME_NOREPLACE: not on NFS, nor on every FUSE file system. */
#include <errno.h>

#include "os/inside.h"
#include "os/linux/calls.h"

/* From the kernel's headers, which may be older than the libc's. */
#define NOREPLACE 1

int entry_rename(const struct entry *from, const struct entry *to, bool replace)
{
        if (replace) {
                if (os_calls.renameat(entry_base(from), from->name, entry_base(to), to->name) == 0)
                        return 0;
                return -errno;
        }
#ifdef SYS_renameat2
        if (linux_calls.syscall(SYS_renameat2, entry_base(from), from->name, entry_base(to),
                                to->name, NOREPLACE) == 0)
                return 0;
        return unavailable_or(errno);
#else
        return -EOPNOTSUPP;
#endif
}
