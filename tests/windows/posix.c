/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#define WIN32_LEAN_AND_MEAN
#include <windows.h>

#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "posix.h"

#undef open
#undef unlink
#undef remove
#undef truncate
#undef rename
#undef link
#undef mkdir
#undef stat
#undef fstat

#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)
#define LONGEST_PATH 4096

static int failed(void)
{
        switch (GetLastError()) {
        case ERROR_FILE_NOT_FOUND:
        case ERROR_PATH_NOT_FOUND:
                errno = ENOENT;
                break;
        case ERROR_FILE_EXISTS:
        case ERROR_ALREADY_EXISTS:
                errno = EEXIST;
                break;
        case ERROR_ACCESS_DENIED:
                errno = EACCES;
                break;
        case ERROR_DISK_FULL:
                errno = ENOSPC;
                break;
        default:
                errno = EIO;
        }
        return -1;
}

static const WCHAR *wide(WCHAR *buffer, const char *path)
{
        MultiByteToWideChar(CP_UTF8, 0, path, -1, buffer, LONGEST_PATH);
        return buffer;
}

static HANDLE opened(const char *path, DWORD access, DWORD how)
{
        WCHAR name[LONGEST_PATH];

        return CreateFileW(wide(name, path), access, SHARE_ALL, NULL, how,
                           FILE_FLAG_BACKUP_SEMANTICS, NULL);
}

int posix_open(const char *path, int flags, ...)
{
        static const DWORD accesses[] = {GENERIC_READ, GENERIC_WRITE, GENERIC_READ | GENERIC_WRITE};
        DWORD how = !(flags & O_CREAT) ? OPEN_EXISTING
                    : (flags & O_EXCL) ? CREATE_NEW
                                       : OPEN_ALWAYS;
        HANDLE handle = opened(path, accesses[flags & O_ACCMODE], how);

        if (handle == INVALID_HANDLE_VALUE)
                return failed();
        if (flags & O_TRUNC)
                SetEndOfFile(handle);
        return _open_osfhandle((intptr_t)handle, (flags & (O_APPEND | O_RDONLY)) | O_BINARY);
}

/* A file that is open loses its name at once, as it does elsewhere. */
int posix_unlink(const char *path)
{
        static int count;
        WCHAR name[LONGEST_PATH], other[LONGEST_PATH + 32];

        wide(name, path);
        _snwprintf(other, LONGEST_PATH + 32, L"%ls.gone-%d", name, count++);
        if (!MoveFileExW(name, other, 0))
                return failed();
        return DeleteFileW(other) ? 0 : failed();
}

int posix_remove(const char *path)
{
        WCHAR name[LONGEST_PATH];

        return RemoveDirectoryW(wide(name, path)) ? 0 : posix_unlink(path);
}

/* Where the file of the second name is open, it loses that first. */
int posix_rename(const char *from, const char *to)
{
        WCHAR name[LONGEST_PATH], other[LONGEST_PATH];

        wide(name, from);
        wide(other, to);
        if (MoveFileExW(name, other, MOVEFILE_REPLACE_EXISTING))
                return 0;
        posix_unlink(to);
        return MoveFileExW(name, other, 0) ? 0 : failed();
}

int posix_link(const char *from, const char *to)
{
        WCHAR name[LONGEST_PATH], other[LONGEST_PATH];

        return CreateHardLinkW(wide(other, to), wide(name, from), NULL) ? 0 : failed();
}

int posix_mkdir(const char *path, mode_t mode)
{
        WCHAR name[LONGEST_PATH];

        (void)mode;
        return CreateDirectoryW(wide(name, path), NULL) ? 0 : failed();
}

char *mkdtemp(char *pattern)
{
        char *end = pattern + strlen(pattern) - 6;

        for (unsigned int i = GetCurrentProcessId(); i < UINT_MAX; i += 7919) {
                snprintf(end, 7, "%06x", i & 0xffffff);
                if (posix_mkdir(pattern, 0700) == 0)
                        return pattern;
                if (errno != EEXIST)
                        return NULL;
        }
        return NULL;
}

/* ---- sizes and bytes */

static int stat_handle(HANDLE handle, struct posix_stat *status)
{
        BY_HANDLE_FILE_INFORMATION facts;

        if (!GetFileInformationByHandle(handle, &facts))
                return failed();
        *status = (struct posix_stat){
                .st_ino = (uint64_t)facts.nFileIndexHigh << 32 | facts.nFileIndexLow,
                .st_size = (uint64_t)facts.nFileSizeHigh << 32 | facts.nFileSizeLow,
                .st_mode = facts.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY ? S_IFDIR : S_IFREG,
                .st_nlink = facts.nNumberOfLinks,
        };
        status->st_mode |= facts.dwFileAttributes & FILE_ATTRIBUTE_READONLY ? 0444 : 0666;
        return 0;
}

int posix_stat(const char *path, struct posix_stat *status)
{
        HANDLE handle = opened(path, 0, OPEN_EXISTING);
        int result;

        if (handle == INVALID_HANDLE_VALUE)
                return failed();
        result = stat_handle(handle, status);
        CloseHandle(handle);
        return result;
}

static HANDLE handle_behind(int fd)
{
        return (HANDLE)_get_osfhandle(fd);
}

int posix_fstat(int fd, struct posix_stat *status)
{
        return stat_handle(handle_behind(fd), status);
}

/* Also of a handle for overlapped operations. */
static ssize_t move(int fd, void *buffer, const void *data, size_t length, off_t offset)
{
        OVERLAPPED at = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)((uint64_t)offset >> 32)};
        HANDLE handle = handle_behind(fd);
        DWORD done = 0;
        BOOL good;

        at.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL);
        good = buffer != NULL ? ReadFile(handle, buffer, (DWORD)length, NULL, &at)
                              : WriteFile(handle, data, (DWORD)length, NULL, &at);
        if (good || GetLastError() == ERROR_IO_PENDING)
                good = GetOverlappedResult(handle, &at, &done, TRUE);
        good = good || GetLastError() == ERROR_HANDLE_EOF;
        CloseHandle(at.hEvent);
        return good ? (ssize_t)done : failed();
}

ssize_t pread(int fd, void *buffer, size_t length, off_t offset)
{
        return move(fd, buffer, NULL, length, offset);
}

ssize_t pwrite(int fd, const void *data, size_t length, off_t offset)
{
        return move(fd, NULL, data, length, offset);
}

/*
 * Nobody may cut a mapped file; but under Wine a program of the system may. patience: milliseconds
 * to wait for it at most, which is few where others write to the file and change its size again.
 */
static int cut_by_program(HANDLE file, uint64_t size, int patience)
{
        static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
        STARTUPINFOA startup = {.cb = sizeof(startup)};
        PROCESS_INFORMATION process;
        char path[LONGEST_PATH], line[LONGEST_PATH + 64];
        struct posix_stat status = {.st_size = UINT64_MAX};

        GetFinalPathNameByHandleA(file, path, sizeof(path), 0); /* \\?\Z: and so on */
        snprintf(line, sizeof(line), "truncate -s %llu \"%s\"", (unsigned long long)size, path + 6);
        for (char *at = line; *at != '\0'; at++)
                if (*at == '\\')
                        *at = '/';
        pthread_mutex_lock(&one_at_a_time);
        if (!CreateProcessA("Z:\\usr\\bin\\truncate", line, NULL, NULL, FALSE, 0, NULL, NULL,
                            &startup, &process))
                test_lacks("way to cut a mapped file");
        CloseHandle(process.hThread);
        CloseHandle(process.hProcess);
        for (int tries = 0; tries < patience && status.st_size != size; tries++) {
                Sleep(1);
                stat_handle(file, &status);
        }
        pthread_mutex_unlock(&one_at_a_time);
        return 0;
}

static int cut(HANDLE file, off_t size, int patience)
{
        FILE_END_OF_FILE_INFO end = {.EndOfFile.QuadPart = size};

        if (SetFileInformationByHandle(file, FileEndOfFileInfo, &end, sizeof(end)))
                return 0;
        return GetLastError() == ERROR_USER_MAPPED_FILE
                       ? cut_by_program(file, (uint64_t)size, patience)
                       : failed();
}

int posix_truncate(const char *path, off_t size)
{
        HANDLE file = opened(path, GENERIC_WRITE, OPEN_EXISTING);
        int result;

        if (file == INVALID_HANDLE_VALUE)
                return failed();
        result = cut(file, size, 5000);
        CloseHandle(file);
        return result;
}

int posix_ftruncate(int fd, off_t size)
{
        return cut(handle_behind(fd), size, 20);
}

/* ---- handles of the library */

/* A copy, which lives until the next call. */
int posix_rmmap_fd(const struct rmmap_file *file)
{
        static int last = -1;
        HANDLE copy;

        if (last >= 0)
                close(last);
        if (!DuplicateHandle(GetCurrentProcess(), rmmap_handle(file), GetCurrentProcess(), &copy, 0,
                             FALSE, DUPLICATE_SAME_ACCESS))
                return failed();
        last = _open_osfhandle((intptr_t)copy, O_BINARY);
        return last;
}

int posix_rmmap_open_fd(int fd, const struct rmmap_options *options, struct rmmap_file **file)
{
        return rmmap_open_handle(handle_behind(fd), options, file);
}

/* ---- the process */

long sysconf(int name)
{
        SYSTEM_INFO info;

        (void)name;
        GetSystemInfo(&info);
        return (long)info.dwPageSize;
}

int setenv(const char *name, const char *value, int replace)
{
        return !replace && getenv(name) != NULL ? 0 : _putenv_s(name, value);
}

void *mmap(void *address, size_t length, int protection, int flags, int fd, off_t offset)
{
        void *reserved;

        if (protection != PROT_NONE || !(flags & MAP_ANONYMOUS))
                test_lacks("mmap, nor states of pages");
        (void)address;
        (void)fd;
        (void)offset;
        if ((uint64_t)length >= UINT64_C(1) << 40)
                return MAP_FAILED; /* Wine can reserve that much, but not map it */
        reserved = VirtualAlloc(NULL, length, MEM_RESERVE, PAGE_NOACCESS);
        return reserved != NULL ? reserved : MAP_FAILED;
}

int munmap(void *address, size_t length)
{
        (void)length;
        return VirtualFree(address, 0, MEM_RELEASE) ? 0 : failed();
}

/* ---- signals, of one thread */

static __thread sigset_t its_mask;
static __thread stack_t its_stack;

int posix_sigmask(const sigset_t *set, sigset_t *before)
{
        if (before != NULL)
                *before = its_mask;
        if (set != NULL)
                its_mask |= *set;
        return 0;
}

int sigaltstack(const stack_t *stack, stack_t *before)
{
        if (before != NULL)
                *before = its_stack;
        if (stack != NULL)
                its_stack = *stack;
        return 0;
}
