/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* As os/posix/calls.h: the calls of Windows that may fail, as a table that a test can replace. */
#ifndef RMMAP_WINDOWS_CALLS_H
#define RMMAP_WINDOWS_CALLS_H

#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>

#include <winioctl.h>

/* In advapi32: RtlGenRandom, whose exported name this is. */
BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length);

/* clang-format off */
#define WINDOWS_CALLS(X) \
        X(HeapAlloc) X(HeapFree) \
        X(CloseHandle) X(CreateFileW) X(DeleteFileW) X(DuplicateHandle) X(MoveFileExW) \
        X(ReOpenFile) \
        X(GetFileInformationByHandle) X(GetFileInformationByHandleEx) X(GetFileType) \
        X(GetFullPathNameW) X(GetVolumeInformationByHandleW) \
        X(SetFileInformationByHandle) X(DeviceIoControl) \
        X(CreateEventW) X(CreateThread) X(GetOverlappedResult) X(ReadFile) X(WriteFile) \
        X(FlushFileBuffers) X(FlushViewOfFile) \
        X(LockFileEx) X(UnlockFileEx) \
        X(CreateFileMappingW) X(MapViewOfFile) X(UnmapViewOfFile) X(VirtualAlloc) X(VirtualFree) \
        X(AddVectoredExceptionHandler) X(TlsAlloc) \
        X(SystemFunction036)
/* clang-format on */

#define WINDOWS_CALL_MEMBER(name) __typeof__(&name) name;
#define WINDOWS_CALL_VALUE(name) .name = name,

struct windows_calls {
        WINDOWS_CALLS(WINDOWS_CALL_MEMBER)
};
extern const struct windows_calls windows_calls;

#endif
