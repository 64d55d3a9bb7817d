/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* space.c - holes. Only a file that is marked as sparse has them. */
#include "rmmap.h"

#include "windows/inside.h"

#include <winioctl.h>

/* The first part of [from, end) with space on the disk: 1; 0: there is none; -1: not known. */
static int first_part(int file, uint64_t from, uint64_t end, uint64_t *start, uint64_t *stop)
{
        FILE_ALLOCATED_RANGE_BUFFER asked = {.FileOffset.QuadPart = (LONGLONG)from,
                                             .Length.QuadPart = (LONGLONG)(end - from)};
        FILE_ALLOCATED_RANGE_BUFFER part;
        DWORD done = 0;

        if (!DeviceIoControl(handle_of(file), FSCTL_QUERY_ALLOCATED_RANGES, &asked, sizeof(asked),
                             &part, sizeof(part), &done, NULL) &&
            GetLastError() != ERROR_MORE_DATA)
                return -1;
        if (done < sizeof(part))
                return 0;
        *start = (uint64_t)part.FileOffset.QuadPart;
        *stop = *start + (uint64_t)part.Length.QuadPart;
        return 1;
}

int has_hole(int file, uint64_t size)
{
        struct file_facts facts;
        uint64_t start = 0, stop = 0;
        int found;

        if (file_facts(file, &facts))
                return -1;
        if (!(facts.mode & FILE_ATTRIBUTE_SPARSE_FILE) || size == 0)
                return 0;
        found = first_part(file, 0, size, &start, &stop);
        return found < 0 ? -1 : !found || start > 0 || stop < size;
}

uint64_t next_data(int file, uint64_t *at, uint64_t end)
{
        uint64_t start = *at, stop = end;
        int found = first_part(file, *at, end, &start, &stop);

        if (found < 0)
                return end;
        if (!found || start >= end)
                start = end;
        if (start > *at)
                *at = start;
        return start == end || stop > end ? end : stop;
}

int extents_of(int file)
{
        (void)file;
        return -1;
}
