/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * What is available includes clean cache, and modified pages that wait for nothing but the disk. A
 * job's limit of memory doesn't count the file cache.
 */
#include "os/windows/inside.h"

uint64_t memory_room(void)
{
        MEMORYSTATUSEX status = {.dwLength = sizeof(status)};

        return GlobalMemoryStatusEx(&status) ? status.ullAvailPhys : UINT64_MAX;
}
