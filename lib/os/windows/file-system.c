/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <wchar.h>

#include "os/windows/inside.h"

/*
 * Where the size of a file that isn't sparse is set, these take the space for all of it. ReFS may
 * write elsewhere than where a file's bytes are.
 */
static const struct {
        const WCHAR *name;
        struct file_system is;
} known[] = {
        {L"NTFS", {.name = "NTFS", .reservation = RESERVES_EXTENTS}},
        {L"exFAT", {.name = "exFAT", .reservation = RESERVES_EXTENTS}},
        {L"FAT32", {.name = "FAT32", .reservation = RESERVES_EXTENTS}},
        {L"FAT", {.name = "FAT", .reservation = RESERVES_EXTENTS}},
        {L"ReFS", {.name = "ReFS", .reservation = RESERVES_NOTHING}},
};

/* Only a file of another machine has a remote protocol. */
static bool is_remote(int fd)
{
        FILE_REMOTE_PROTOCOL_INFO info;

        return windows_calls.GetFileInformationByHandleEx(handle_of(fd), FileRemoteProtocolInfo,
                                                          &info, sizeof(info));
}

int file_system_of(int fd, struct file_system *file_system)
{
        WCHAR name[MAX_PATH + 1];

        *file_system = (struct file_system){.name = "unknown", .reservation = RESERVES_NOTHING};
        if (windows_calls.GetVolumeInformationByHandleW(handle_of(fd), NULL, 0, NULL, NULL, NULL,
                                                        name, MAX_PATH + 1))
                for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
                        if (wcscmp(known[i].name, name) == 0)
                                *file_system = known[i].is;
        file_system->coherent = !is_remote(fd);
        return 0;
}
