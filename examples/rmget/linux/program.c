/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* program.c - the process, its descriptors and errors, and what has no other place */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "system.h"

#define EKERNEL_NOTSUPP 524 /* internal to the kernel, but NFS and some sandboxes return it */

bool program_begin(int *argc, char ***argv, bool prints)
{
        (void)argc;
        (void)argv;
        for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
                /* In the wrong direction using it still fails. */
                int flags = !prints ? O_RDWR : fd == STDIN_FILENO ? O_WRONLY : O_RDONLY;

                /* open uses the lowest free descriptor: that is fd. */
                if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", flags) != fd &&
                    open("/", O_RDONLY | O_DIRECTORY) != fd)
                        return false;
        }
        return true;
}

void nap(unsigned milliseconds)
{
        struct timespec time = {.tv_sec = milliseconds / 1000,
                                .tv_nsec = (long)(milliseconds % 1000) * 1000000};

        (void)nanosleep(&time, NULL);
}

unsigned processors(void)
{
        long count = sysconf(_SC_NPROCESSORS_ONLN);

        return count < 1 ? 1 : (unsigned)count;
}

uint64_t random_number(void)
{
        struct timespec time;
        uint64_t number;

        if (getrandom(&number, sizeof(number), GRND_NONBLOCK) == sizeof(number))
                return number;
        clock_gettime(CLOCK_REALTIME, &time);
        return (uint64_t)time.tv_sec << 32 ^ (uint64_t)time.tv_nsec ^ (uint64_t)getpid() << 12;
}

int64_t socket_peek(uintptr_t socket, void *buffer, size_t length)
{
        return recv((int)socket, buffer, length, MSG_PEEK | MSG_DONTWAIT);
}

const char *error_text(int error)
{
        return strerror(error < 0 ? -error : error);
}

bool is_missing(int error)
{
        switch (error < 0 ? -error : error) {
        case ENOSYS:
        case EOPNOTSUPP:
        case EINVAL:
        case ENOTTY:
        case EPERM:
        case EACCES:
        case EROFS:
        case ENOLCK:
        case EKERNEL_NOTSUPP:
                return true;
        default:
                return false;
        }
}
