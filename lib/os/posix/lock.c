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

/* Far beyond all data, and beyond what the lock of the file covers. */
#define GROWTH_BYTE ((off_t)1 << (sizeof(off_t) * 8 - 2))
#define GUARD_BYTE (GROWTH_BYTE + 1)

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

/*
 * Locks of the open file description, so that two handles of a process exclude each other. Not on
 * macOS, where they conflict with flock of the whole file.
 */
#if HAVE_DECL_F_OFD_SETLK && !defined(__APPLE__)
static int set_byte_lock(int fd, off_t at, short lock)
{
        struct flock byte = {.l_type = lock, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};

        return os_calls.fcntl(fd, F_OFD_SETLK, &byte);
}

/* Or does a lock of the whole file conflict, which is some other program's? */
static bool just_this_byte(int fd, off_t at, short lock)
{
        struct flock other = {.l_type = lock, .l_whence = SEEK_SET, .l_start = at, .l_len = 1};

        return os_calls.fcntl(fd, F_OFD_GETLK, &other) == 0 && other.l_type != F_UNLCK &&
               other.l_start == at && other.l_len == 1;
}
#else
static int set_byte_lock(int fd, off_t at, short lock)
{
        (void)fd;
        (void)at;
        (void)lock;
        errno = EOPNOTSUPP;
        return -1;
}

static bool just_this_byte(int fd, off_t at, short lock)
{
        (void)fd;
        (void)at;
        (void)lock;
        return false;
}
#endif

static int byte_lock_try(int fd, off_t at, short lock)
{
        while (set_byte_lock(fd, at, lock) != 0) {
                if (errno == EAGAIN)
                        return -EBUSY;
                if (errno == EBADF) /* an exclusive one needs a descriptor that can write */
                        return -EBADF;
                if (errno != EINTR)
                        return unavailable_or(errno);
        }
        return 0;
}

static void byte_lock_drop(int fd, off_t at)
{
        while (set_byte_lock(fd, at, F_UNLCK) != 0 && errno == EINTR)
                ;
}

/*
 * flock gives up the lock that a handle has before it takes the other kind. So that no other handle
 * gets an exclusive lock in between, each call here holds a lock of this byte meanwhile. Where it
 * can't be had, flock does without. Not over a network, where the two may be one. *held: to be
 * dropped.
 */
static int guard_try(int fd, bool *held)
{
        struct file_system file_system;
        short lock = F_WRLCK;
        int err;

        *held = false;
        if (!HAVE_DECL_FLOCK || file_system_of(fd, &file_system) != 0 || !file_system.coherent)
                return 0;
        err = byte_lock_try(fd, GUARD_BYTE, lock);
        if (err == -EBADF) {
                lock = F_RDLCK;
                err = byte_lock_try(fd, GUARD_BYTE, lock);
        }
        *held = err == 0;
        return err == -EBUSY && just_this_byte(fd, GUARD_BYTE, lock) ? -EBUSY : 0;
}

/* Another handle has it for a moment only; unless it is stopped just then, it isn't missed. */
static void guard_wait(int fd, bool *held)
{
        for (unsigned int tries = 0; guard_try(fd, held) == -EBUSY && tries < LOCK_TRIES_SHORT;
             tries++)
                backoff(tries);
}

static void guard_drop(int fd, bool held)
{
        if (held)
                byte_lock_drop(fd, GUARD_BYTE);
}

static int take(int fd, short lock)
{
        while (set_lock(fd, lock) != 0) {
                if (errno == EWOULDBLOCK)
                        return -EBUSY;
                if (errno == EBADF) /* NFS requires a writable descriptor for an exclusive lock */
                        return -EOPNOTSUPP;
                if (errno != EINTR)
                        return unavailable_or(errno);
        }
        return 0;
}

int file_lock_take(int fd, enum file_lock lock)
{
        bool held;
        int err = 0;

        if (lock == FILE_LOCK_EXCLUSIVE)
                err = guard_try(fd, &held); /* else another handle has the file */
        else
                guard_wait(fd, &held);
        if (err != 0)
                return err;
        err = take(fd, lock == FILE_LOCK_EXCLUSIVE ? F_WRLCK : F_RDLCK);
        guard_drop(fd, held);
        return err;
}

int file_lock_upgrade(int fd)
{
        bool held;
        int err;

        guard_wait(fd, &held);
        err = take(fd, F_WRLCK);
        if (err == -EBUSY)
                (void)take(fd, F_RDLCK); /* the caller does it again, and sees whether it is lost */
        guard_drop(fd, held);
        return err;
}

void file_lock_drop(int fd)
{
        while (set_lock(fd, F_UNLCK) != 0 && errno == EINTR)
                ;
}

int growth_lock_try(int fd)
{
        return byte_lock_try(fd, GROWTH_BYTE, F_WRLCK);
}

void growth_lock_drop(int fd)
{
        byte_lock_drop(fd, GROWTH_BYTE);
}
