/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * As fault/inject.c, of lib/os/windows/calls.h. A test knows the calls by their names elsewhere.
 *
 * Wine has no FileAllocationInfo, sparse files or FSCTL_QUERY_ALLOCATED_RANGES, and so no reserved
 * space. Here they do what they do on NTFS, as far as the library sees: without a disk that becomes
 * full all files that aren't sparse have their space.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <wchar.h>

#include "../support.h"

#include "../fault/rules.h"
#include "os/windows/inside.h"

#define DECLARE(type, name, arguments) static type NTAPI injected_##name arguments
#define MOST_SPARSE 1024
#define RENAME_INFO_EX ((FILE_INFO_BY_HANDLE_CLASS)22)

/* ---- errors */

/* Those that no code of Windows stands for mean that there is no such call. */
static DWORD code_of(int error)
{
        for (DWORD code = 1; code < 2000; code++)
                if (error_of(code) == -error)
                        return code;
        return ERROR_NOT_SUPPORTED;
}

static bool fails(enum injected call)
{
        int error = inject_meddle(call);

        if (error != 0)
                SetLastError(code_of(error));
        return error != 0;
}

static bool fails_or_shortens(enum injected call, DWORD *length)
{
        int error = inject_meddle(call);

        if (error == INJECT_SHORT) {
                *length = (*length + 1) / 2;
                return false;
        }
        if (error != 0)
                SetLastError(code_of(error));
        return error != 0;
}

#define FAILS(type, name, as, failed, parameters, ...)                                             \
        DECLARE(type, name, parameters)                                                            \
        {                                                                                          \
                return fails(INJECT_##as) ? (failed) : name(__VA_ARGS__);                          \
        }

/* ---- which files are sparse */

static uint64_t sparse_files[MOST_SPARSE];
static pthread_mutex_t sparse_lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t number_of(HANDLE file, uint64_t *size)
{
        BY_HANDLE_FILE_INFORMATION facts;

        if (!GetFileInformationByHandle(file, &facts))
                return 0;
        if (size != NULL)
                *size = (uint64_t)facts.nFileSizeHigh << 32 | facts.nFileSizeLow;
        return (uint64_t)facts.nFileIndexHigh << 32 | facts.nFileIndexLow;
}

/* The entry of that number; 0: a free one. */
static uint64_t *entry_of(uint64_t number)
{
        for (size_t i = 0; i < MOST_SPARSE; i++)
                if (sparse_files[i] == number)
                        return &sparse_files[i];
        return NULL;
}

static bool is_sparse(HANDLE file)
{
        bool sparse;

        pthread_mutex_lock(&sparse_lock);
        sparse = entry_of(number_of(file, NULL)) != NULL;
        pthread_mutex_unlock(&sparse_lock);
        return sparse;
}

static void set_sparse(HANDLE file, bool sparse)
{
        uint64_t number = number_of(file, NULL), *entry;

        pthread_mutex_lock(&sparse_lock);
        entry = entry_of(number);
        if (sparse && entry == NULL)
                entry = entry_of(0);
        if (entry != NULL)
                *entry = sparse ? number : 0;
        else if (sparse)
                abort();
        pthread_mutex_unlock(&sparse_lock);
}

/* ---- space */

DECLARE(BOOL, GetVolumeInformationByHandleW,
        (HANDLE file, LPWSTR volume, DWORD volume_size, LPDWORD serial, LPDWORD longest,
         LPDWORD flags, LPWSTR name, DWORD name_size))
{
        (void)file;
        (void)volume;
        (void)volume_size;
        (void)serial;
        (void)longest;
        (void)flags;
        if (fails(INJECT_FSTATFS))
                return FALSE;
        wcsncpy(name, L"NTFS", name_size);
        return TRUE;
}

DECLARE(BOOL, SetFileInformationByHandle,
        (HANDLE file, FILE_INFO_BY_HANDLE_CLASS class, LPVOID info, DWORD size))
{
        if (class == RENAME_INFO_EX) /* Wine doesn't know it */
                return fails(INJECT_RENAME_NEW)
                               ? FALSE
                               : SetFileInformationByHandle(file, class, info, size);
        if (class != FileAllocationInfo)
                return fails(INJECT_FTRUNCATE)
                               ? FALSE
                               : SetFileInformationByHandle(file, class, info, size);
        inject_reserve(((FILE_ALLOCATION_INFO *)info)->AllocationSize.QuadPart);
        return !fails(INJECT_FALLOCATE);
}

DECLARE(BOOL, GetFileInformationByHandleEx,
        (HANDLE file, FILE_INFO_BY_HANDLE_CLASS class, LPVOID info, DWORD size))
{
        if (fails(INJECT_FSTAT) || !GetFileInformationByHandleEx(file, class, info, size))
                return FALSE;
        if (class == FileBasicInfo && is_sparse(file))
                ((FILE_BASIC_INFO *)info)->FileAttributes |= FILE_ATTRIBUTE_SPARSE_FILE;
        if (class == FileStandardInfo && !is_sparse(file)) {
                FILE_STANDARD_INFO *facts = info;

                facts->AllocationSize = facts->EndOfFile;
        }
        return TRUE;
}

/* Of a sparse file nothing has its space. */
DECLARE(BOOL, DeviceIoControl,
        (HANDLE file, DWORD code, LPVOID in, DWORD in_size, LPVOID out, DWORD out_size,
         LPDWORD done, LPOVERLAPPED overlapped))
{
        if (fails(INJECT_IOCTL))
                return FALSE;
        if (code == FSCTL_SET_SPARSE) {
                set_sparse(file, ((FILE_SET_SPARSE_BUFFER *)in)->SetSparse);
        } else if (code != FSCTL_QUERY_ALLOCATED_RANGES) {
                return DeviceIoControl(file, code, in, in_size, out, out_size, done, overlapped);
        }
        overlapped->Internal = 0;
        overlapped->InternalHigh = 0;
        SetEvent(overlapped->hEvent);
        return TRUE;
}

/* ---- memory: counted, to see what is left over */

DECLARE(LPVOID, HeapAlloc, (HANDLE heap, DWORD flags, SIZE_T size))
{
        LPVOID block = fails(INJECT_CALLOC) ? NULL : HeapAlloc(heap, flags, size);

        if (block != NULL)
                inject_take(1, (long long)HeapSize(heap, 0, block));
        return block;
}

DECLARE(BOOL, HeapFree, (HANDLE heap, DWORD flags, LPVOID block))
{
        inject_take(-1, -(long long)HeapSize(heap, 0, block));
        return HeapFree(heap, flags, block);
}

/* Only of whole files. */
static SIZE_T view_size(LPCVOID base)
{
        MEMORY_BASIC_INFORMATION region;

        return VirtualQuery(base, &region, sizeof(region)) ? region.RegionSize : 0;
}

DECLARE(LPVOID, MapViewOfFile, (HANDLE section, DWORD access, DWORD high, DWORD low, SIZE_T length))
{
        LPVOID base = fails(INJECT_MMAP) ? NULL : MapViewOfFile(section, access, high, low, length);

        if (base != NULL)
                inject_map((long long)view_size(base));
        return base;
}

DECLARE(BOOL, UnmapViewOfFile, (LPCVOID base))
{
        inject_map(-(long long)view_size(base));
        return UnmapViewOfFile(base);
}

/* ---- handles */

FAILS(HANDLE, CreateFileW, OPEN, INVALID_HANDLE_VALUE,
      (LPCWSTR name, DWORD access, DWORD share, LPSECURITY_ATTRIBUTES security, DWORD how,
       DWORD flags, HANDLE like),
      name, access, share, security, how, flags, like)
FAILS(BOOL, DeleteFileW, UNLINK, FALSE, (LPCWSTR name), name)
FAILS(BOOL, MoveFileExW, RENAME, FALSE, (LPCWSTR old, LPCWSTR new, DWORD flags), old, new, flags)
FAILS(BOOL, GetFileInformationByHandle, FSTAT, FALSE,
      (HANDLE file, LPBY_HANDLE_FILE_INFORMATION facts), file, facts)
FAILS(BOOL, LockFileEx, FLOCK, FALSE,
      (HANDLE file, DWORD flags, DWORD reserved, DWORD low, DWORD high, LPOVERLAPPED at), file,
      flags, reserved, low, high, at)
FAILS(BOOLEAN, SystemFunction036, GETENTROPY, FALSE, (PVOID buffer, ULONG length), buffer, length)

/* To close one twice is a mistake of ours. */
DECLARE(BOOL, CloseHandle, (HANDLE handle))
{
        bool failed = fails(INJECT_CLOSE);
        BOOL result = CloseHandle(handle);

        if (!result)
                abort();
        return !failed;
}

/* ---- bytes */

DECLARE(BOOL, ReadFile,
        (HANDLE file, LPVOID buffer, DWORD length, LPDWORD done, LPOVERLAPPED overlapped))
{
        return fails_or_shortens(INJECT_PREAD, &length)
                       ? FALSE
                       : ReadFile(file, buffer, length, done, overlapped);
}

DECLARE(BOOL, WriteFile,
        (HANDLE file, LPCVOID data, DWORD length, LPDWORD done, LPOVERLAPPED overlapped))
{
        return fails_or_shortens(INJECT_PWRITE, &length)
                       ? FALSE
                       : WriteFile(file, data, length, done, overlapped);
}

/* ---- what makes data durable. FlushViewOfFile alone doesn't, so only its errors count */

FAILS(BOOL, FlushViewOfFile, MSYNC, FALSE, (LPCVOID base, SIZE_T length), base, length)

/* fdatasync and fsync are the same here. */
DECLARE(BOOL, FlushFileBuffers, (HANDLE file))
{
        uint64_t number = number_of(file, NULL);

        inject_enter((struct inject_record){.call = INJECT_FDATASYNC, .inode = number});
        if (fails(INJECT_FDATASYNC) || fails(INJECT_FSYNC))
                return FALSE;
        return inject_synced(FlushFileBuffers(file) ? 0 : -1) == 0;
}

FAILS(HANDLE, CreateThread, PTHREAD_CREATE, NULL,
      (LPSECURITY_ATTRIBUTES security, SIZE_T stack, LPTHREAD_START_ROUTINE body, LPVOID arg,
       DWORD flags, LPDWORD number),
      security, stack, body, arg, flags, number)

/* ---- passed on */

#define injected_AddVectoredExceptionHandler AddVectoredExceptionHandler
#define injected_CreateEventW CreateEventW
#define injected_CreateFileMappingW CreateFileMappingW
#define injected_DuplicateHandle DuplicateHandle
#define injected_GetFileType GetFileType
#define injected_GetFullPathNameW GetFullPathNameW
#define injected_GetOverlappedResult GetOverlappedResult
#define injected_ReOpenFile ReOpenFile
#define injected_TlsAlloc TlsAlloc
#define injected_UnlockFileEx UnlockFileEx
#define injected_VirtualAlloc VirtualAlloc
#define injected_VirtualFree VirtualFree

/* clang-format off */
#define INJECTED(name) .name = injected_##name,
/* clang-format on */

const struct windows_calls windows_calls = {WINDOWS_CALLS(INJECTED)};
