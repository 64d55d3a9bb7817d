/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* POSIX has no word for memory that could be freed. */
#include "os/os.h"

uint64_t memory_room(void)
{
        return UINT64_MAX;
}
