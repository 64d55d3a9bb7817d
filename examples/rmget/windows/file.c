/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* file.c - an open file */
#include "windows/inside.h"

#include <errno.h>
#include <rmmap.h>
#include <string.h>

enum { LONGEST = 1 << 30 }; /* bytes that one call reads or writes here */

int file_open(const char *path, unsigned flags)
{
        return open_any(path, flags & FILE_WRITABLE ? GENERIC_READ | GENERIC_WRITE : GENERIC_READ,
                        OPEN_EXISTING,
                        FILE_FLAG_BACKUP_SEMANTICS |
                                (flags & FILE_NO_FOLLOW ? FILE_FLAG_OPEN_REPARSE_POINT : 0));
}

void file_close(int file)
{
        CloseHandle(handle_of(file));
}

static struct timespec time_of(FILETIME time)
{
        /* 100 ns since 1601 */
        int64_t ticks = (int64_t)((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime) -
                        INT64_C(116444736000000000);

        return (struct timespec){.tv_sec = (time_t)(ticks / 10000000),
                                 .tv_nsec = (long)(ticks % 10000000) * 100};
}

static enum file_kind kind_of(DWORD attributes)
{
        if (attributes & FILE_ATTRIBUTE_DIRECTORY)
                return FILE_DIRECTORY;
        return FILE_REGULAR;
}

int file_facts(int file, struct file_facts *facts)
{
        BY_HANDLE_FILE_INFORMATION info;
        FILE_STANDARD_INFO standard;
        FILE_ATTRIBUTE_TAG_INFO tag;
        FILE_ID_INFO id;

        if (GetFileType(handle_of(file)) != FILE_TYPE_DISK) {
                *facts = (struct file_facts){.kind = FILE_OTHER};
                return 0;
        }
        if (!GetFileInformationByHandle(handle_of(file), &info) ||
            !GetFileInformationByHandleEx(handle_of(file), FileStandardInfo, &standard,
                                          sizeof(standard)))
                return last_error();
        *facts = (struct file_facts){
                .kind = kind_of(info.dwFileAttributes),
                .size = (uint64_t)standard.EndOfFile.QuadPart,
                .space = (uint64_t)standard.AllocationSize.QuadPart,
                .identity = {info.dwVolumeSerialNumber,
                             (uint64_t)info.nFileIndexHigh << 32 | info.nFileIndexLow},
                .mode = info.dwFileAttributes,
                .accessed = time_of(info.ftLastAccessTime),
                .modified = time_of(info.ftLastWriteTime),
                .created = time_of(info.ftCreationTime),
        };
        /* A link, not what it leads to. */
        if ((info.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) &&
            GetFileInformationByHandleEx(handle_of(file), FileAttributeTagInfo, &tag,
                                         sizeof(tag)) &&
            IsReparseTagNameSurrogate(tag.ReparseTag))
                facts->kind = FILE_OTHER;
        /* ReFS has identities of 128 bits. */
        if (GetFileInformationByHandleEx(handle_of(file), FileIdInfo, &id, sizeof(id))) {
                facts->identity[0] = id.VolumeSerialNumber;
                memcpy(&facts->identity[1], &id.FileId, sizeof(id.FileId));
        }
        return 0;
}

bool same_facts(const struct file_facts *a, const struct file_facts *b)
{
        return !memcmp(a->identity, b->identity, sizeof(a->identity));
}

static OVERLAPPED at(uint64_t offset)
{
        return (OVERLAPPED){.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
}

static int64_t read_some(int file, void *buffer, size_t length, OVERLAPPED *where)
{
        DWORD done = 0;

        if (ReadFile(handle_of(file), buffer, (DWORD)(length < LONGEST ? length : LONGEST), &done,
                     where))
                return done;
        return GetLastError() == ERROR_HANDLE_EOF ? 0 : last_error();
}

int64_t file_read(int file, void *buffer, size_t length, uint64_t offset)
{
        OVERLAPPED where = at(offset);

        return read_some(file, buffer, length, &where);
}

int64_t file_read_on(int file, void *buffer, size_t length)
{
        return read_some(file, buffer, length, NULL);
}

void file_rewind(int file)
{
        SetFilePointerEx(handle_of(file), (LARGE_INTEGER){.QuadPart = 0}, NULL, FILE_BEGIN);
}

/* The byte that the library locks, so that each sees the other's lock. No file has data there. */
static const uint64_t locked_byte = INT64_MAX - 1;

int file_lock(int file)
{
        OVERLAPPED where = at(locked_byte);

        return LockFileEx(handle_of(file), LOCKFILE_EXCLUSIVE_LOCK | LOCKFILE_FAIL_IMMEDIATELY, 0,
                          1, 0, &where)
                       ? 0
                       : last_error();
}

int file_of(const struct rmmap_file *file)
{
        return file_from(rmmap_handle(file));
}
