/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* RENAME_EXCL: APFS and HFS+, not every other file system. */
#include <errno.h>
#include <stdio.h>

#include "os/inside.h"
#include "os/posix/calls.h"

int entry_rename(const struct entry *from, const struct entry *to, bool replace)
{
        if (replace) {
                if (os_calls.renameat(entry_base(from), from->name, entry_base(to), to->name) == 0)
                        return 0;
                return -errno;
        }
        if (os_calls.renameatx_np(entry_base(from), from->name, entry_base(to), to->name,
                                  RENAME_EXCL) == 0)
                return 0;
        return unavailable_or(errno);
}
