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

/* Far beyond all data and what the lock of the file covers. Not adjacent: conflicting_lock(). */
#define GROWTH_BYTE ((off_t)1 << (sizeof(off_t) * 8 - 2))
#define GUARD_BYTE (GROWTH_BYTE + 2)

/* Attempts for the guard while it is gone each time when one looks who has it. */
#define GUARD_TRIES 100

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

/*
 * The kind of the lock that conflicts; F_UNLCK: there is none any more. *foreign: it covers more
 * than this byte, so it is another program's, and no guard. The kernel tells of adjacent locks of
 * one handle as of one.
 */
static short conflicting_lock(int fd, short lock, bool *foreign)
{
        struct flock other = {
                .l_type = lock, .l_whence = SEEK_SET, .l_start = GUARD_BYTE, .l_len = 1};

        if (os_calls.fcntl(fd, F_OFD_GETLK, &other) != 0)
                other.l_len = 0; /* nobody can know: as another program's */
        *foreign = other.l_type != F_UNLCK && (other.l_start != GUARD_BYTE || other.l_len != 1);
        return other.l_type;
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

static short conflicting_lock(int fd, short lock, bool *foreign)
{
        (void)fd;
        *foreign = true;
        return lock;
}
#endif

static int byte_lock_try(int fd, off_t at, short lock)
{
        while (set_byte_lock(fd, at, lock) != 0) {
                if (errno == EAGAIN)
                        return -EBUSY;
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
 * flock may give up the lock that a handle has before it takes the other kind, and has given it up
 * if it can't take that. So that no other handle gets an exclusive lock in between, a call that
 * changes a lock holds the write lock of a byte meanwhile, the guard; and a call that takes an
 * exclusive one holds a read lock of that byte. A lock of another program that covers the byte is
 * no guard; then flock does without one, as where none can be had. Not over a network, where the
 * two kinds of locks may be one. *held: to be dropped.
 */
static int guard_try(int fd, short lock, int most, bool *held)
{
        struct file_system file_system;
        bool foreign;
        int err;

        *held = false;
        if (!HAVE_DECL_FLOCK || file_system_of(fd, &file_system) != 0 || !file_system.coherent)
                return 0;
        err = byte_lock_try(fd, GUARD_BYTE, lock);
        for (int tries = 1; err == -EBUSY; tries++) {
                if (conflicting_lock(fd, lock, &foreign) != F_UNLCK)
                        return foreign ? 0 : -EBUSY;
                if (tries == most)
                        break;
                err = byte_lock_try(fd, GUARD_BYTE, lock);
        }
        *held = err == 0;
        return err == -EBUSY ? err : 0;
}

/* Others have it for a moment only; unless one is stopped just then, it isn't missed. */
static void guard_wait(int fd, bool *held)
{
        for (unsigned int tries = 0;
             guard_try(fd, F_WRLCK, 1, held) == -EBUSY && tries < LOCK_TRIES_SHORT; tries++)
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
        int err;

        if (lock == FILE_LOCK_SHARED)
                return take(fd, F_RDLCK);
        err = guard_try(fd, F_RDLCK, GUARD_TRIES, &held);
        if (err != 0)
                return err; /* the other handle keeps the file */
        err = take(fd, F_WRLCK);
        guard_drop(fd, held);
        return err;
}

int file_lock_change(int fd, enum file_lock lock)
{
        bool held;
        int err;

        guard_wait(fd, &held);
        err = take(fd, lock == FILE_LOCK_EXCLUSIVE ? F_WRLCK : F_RDLCK);
        if (err == -EBUSY && lock == FILE_LOCK_EXCLUSIVE)
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
