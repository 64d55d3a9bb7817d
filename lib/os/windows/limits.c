/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Windows limits the size of no file for a process. */
#include "os/os.h"

int storage_check_limit(uint64_t end)
{
        (void)end;
        return 0;
}
