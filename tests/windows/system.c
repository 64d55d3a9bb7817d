/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A process can't list its handles and views, but count them. */
#include "../support.h"

#define WIN32_LEAN_AND_MEAN
#include <windows.h>

size_t test_count_descriptors(void)
{
        DWORD count = 0;

        GetProcessHandleCount(GetCurrentProcess(), &count);
        return count;
}

size_t test_count_mappings(void)
{
        MEMORY_BASIC_INFORMATION region = {0};
        const char *at = NULL;
        size_t count = 0;

        while (VirtualQuery(at, &region, sizeof(region)) != 0) {
                count += region.Type == MEM_MAPPED && region.BaseAddress == region.AllocationBase;
                at = (const char *)region.BaseAddress + region.RegionSize;
        }
        return count;
}

void test_remove_tree(const char *path)
{
        WIN32_FIND_DATAA found;
        char name[4096];
        HANDLE list;

        snprintf(name, sizeof(name), "%s/*", path);
        list = FindFirstFileA(name, &found);
        while (list != INVALID_HANDLE_VALUE) {
                snprintf(name, sizeof(name), "%s/%s", path, found.cFileName);
                if (strcmp(found.cFileName, ".") == 0 || strcmp(found.cFileName, "..") == 0)
                        ;
                else if (found.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY)
                        test_remove_tree(name);
                else if (SetFileAttributesA(name, FILE_ATTRIBUTE_NORMAL))
                        DeleteFileA(name);
                if (!FindNextFileA(list, &found))
                        break;
        }
        FindClose(list);
        RemoveDirectoryA(path);
}
