/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <sys/resource.h>

#include "os/os.h"
#include "os/posix/calls.h"

int storage_check_limit(uint64_t end)
{
        struct rlimit limit = {0};

        if (os_calls.getrlimit(RLIMIT_FSIZE, &limit) != 0)
                return is_unavailable(errno) ? 0 : -errno;
        if (limit.rlim_cur != RLIM_INFINITY && end > limit.rlim_cur)
                return -EFBIG;
        return 0;
}
