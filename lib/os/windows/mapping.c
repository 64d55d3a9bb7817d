/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* A view takes the place of reserved addresses only in newer systems: nothing stays reserved. */
#include <errno.h>

#include "base/checked.h"
#include "os/windows/inside.h"

size_t mapping_page_size(void)
{
        SYSTEM_INFO info;

        GetSystemInfo(&info);
        return info.dwPageSize;
}

int mapping_check_size(uint64_t size)
{
        if (size >= MAPPING_LIMIT || size > (uint64_t)PTRDIFF_MAX - mapping_page_size())
                return -EFBIG;
        return 0;
}

/* -ENOMEM is found before a file is touched; another thread may take the addresses after that. */
int mapping_reserve(struct mapping *mapping, uint64_t size, size_t page)
{
        size_t length = (size_t)align_up_to(size, page);
        void *base = windows_calls.VirtualAlloc(NULL, length, MEM_RESERVE, PAGE_NOACCESS);

        if (base == NULL)
                return last_error();
        windows_calls.VirtualFree(base, 0, MEM_RELEASE);
        mapping->base = NULL;
        mapping->length = length;
        return 0;
}

/* A section makes the file as long as itself. */
bool mapping_reaches_beyond(const struct file_system *file_system)
{
        (void)file_system;
        return false;
}

/* A file can't be cut while it has a view, but it may have been cut just before. */
static int check_view(const struct mapping *mapping, int fd)
{
        uint64_t size;
        int err = storage_size(fd, &size);

        if (err != 0)
                return err;
        return align_up_to(size, mapping_page_size()) < mapping->length ? -ESTALE : 0;
}

int mapping_attach(struct mapping *mapping, int fd, bool read_only)
{
        HANDLE section = windows_calls.CreateFileMappingW(
                handle_of(fd), NULL, read_only ? PAGE_READONLY : PAGE_READWRITE, 0, 0, NULL);
        int err = 0;

        if (section == NULL) {
                err = last_error();
                return err == -EOPNOTSUPP ? -ENODEV : err;
        }
        mapping->base = windows_calls.MapViewOfFile(
                section, read_only ? FILE_MAP_READ : FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
        if (mapping->base == NULL)
                err = last_error();
        windows_calls.CloseHandle(section); /* the view keeps the section */
        if (err == 0)
                err = check_view(mapping, fd);
        if (err != 0)
                mapping_free(mapping);
        return err;
}

void mapping_free(struct mapping *mapping)
{
        if (mapping->base != NULL)
                windows_calls.UnmapViewOfFile(mapping->base);
        mapping->base = NULL;
        mapping->length = 0;
}

int mapping_sync(const struct mapping *mapping, int fd, uint64_t offset, uint64_t length)
{
        size_t page = mapping_page_size();
        size_t first = (size_t)align_down_to(offset, page);
        size_t end = (size_t)min_u64(align_up_to(offset + length, page), mapping->length);
        const struct mapping part = {.base = mapping->base + first, .length = end - first};

        return end <= first ? 0 : writeback_sync(fd, &part, false);
}
