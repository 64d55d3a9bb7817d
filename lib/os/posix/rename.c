/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* POSIX's rename always replaces. */
#include <errno.h>

#include "os/inside.h"
#include "os/posix/calls.h"

int entry_rename(const struct entry *from, const struct entry *to, bool replace)
{
        if (!replace)
                return -EOPNOTSUPP;
        if (os_calls.renameat(entry_base(from), from->name, entry_base(to), to->name) == 0)
                return 0;
        return -errno;
}
