/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * By flock, or by fcntl's locks of the open file description (POSIX.1-2024); neither conflicts with
 * the other, so all programs on a system must use the same. Not by the older locks of fcntl: they
 * belong to the process, so its handles wouldn't exclude each other, and closing any descriptor of
 * the file drops them.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>

#include "os/os.h"
#include "os/posix/calls.h"

/* Of the lock of growth: far beyond all data, and beyond what the lock of the file covers. */
#define GROWTH_BYTE ((off_t)1 << (sizeof(off_t) * 8 - 2))

/* lock: F_RDLCK, F_WRLCK or F_UNLCK. 0, or -1 and errno. */
#if HAVE_DECL_FLOCK
static int set_lock(int fd, short lock)
{
        int operation = lock == F_WRLCK ? LOCK_EX : lock == F_RDLCK ? LOCK_SH : LOCK_UN;

        return os_calls.flock(fd, operation | LOCK_NB);
}
#elif HAVE_DECL_F_OFD_SETLK
static int set_lock(int fd, short lock)
{
        struct flock data = {.l_type = lock, .l_whence = SEEK_SET, .l_len = GROWTH_BYTE};

        return os_calls.fcntl(fd, F_OFD_SETLK, &data);
}
#else
static int set_lock(int fd, short lock)
{
        (void)fd;
        (void)lock;
        errno = EOPNOTSUPP;
        return -1;
}
#endif

int file_lock_take(int fd, enum file_lock lock)
{
        while (set_lock(fd, lock == FILE_LOCK_EXCLUSIVE ? F_WRLCK : F_RDLCK) != 0) {
                if (errno == EWOULDBLOCK)
                        return -EBUSY;
                if (errno == EBADF) /* NFS requires a writable descriptor for an exclusive lock */
                        return -EOPNOTSUPP;
                if (errno != EINTR)
                        return unavailable_or(errno);
        }
        return 0;
}

void file_lock_drop(int fd)
{
        while (set_lock(fd, F_UNLCK) != 0 && errno == EINTR)
                ;
}

/*
 * A lock of the open file description, so that two handles of a process exclude each other. Not on
 * macOS, where it conflicts with flock of the whole file.
 */
#if HAVE_DECL_F_OFD_SETLK && !defined(__APPLE__)
static int set_growth_lock(int fd, short lock)
{
        struct flock byte = {
                .l_type = lock, .l_whence = SEEK_SET, .l_start = GROWTH_BYTE, .l_len = 1};

        return os_calls.fcntl(fd, F_OFD_SETLK, &byte);
}
#else
static int set_growth_lock(int fd, short lock)
{
        (void)fd;
        (void)lock;
        errno = EOPNOTSUPP;
        return -1;
}
#endif

int growth_lock_try(int fd)
{
        while (set_growth_lock(fd, F_WRLCK) != 0) {
                if (errno == EAGAIN)
                        return -EBUSY;
                if (errno != EINTR)
                        return unavailable_or(errno);
        }
        return 0;
}

void growth_lock_drop(int fd)
{
        while (set_growth_lock(fd, F_UNLCK) != 0 && errno == EINTR)
                ;
}
