/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * For programs of the package that aren't built for Windows by themselves: included before them by
 * programs-test.sh. A fork fails, so what they do without one is what can be tested.
 */
#ifndef TEST_WINDOWS_PROGRAMS_H
#define TEST_WINDOWS_PROGRAMS_H

#include <direct.h>
#include <errno.h>
#include <io.h>
#include <process.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>

#define SIGKILL 9
#define SIGALRM 14
#define fork() (errno = ENOSYS, -1)
#define pipe(ends) _pipe(ends, 4096, 0x8000)
#define alarm(seconds) ((void)(seconds))

/* Only for memory that a child would share. */
#undef MAP_FAILED
#define MAP_FAILED NULL
#define mmap(address, length, protection, flags, fd, offset) calloc(1, length)

/* printf is that of mingw's own library, which knows C11's formats. */
#define __printf__ __gnu_printf__

static inline int kill(pid_t process, int number)
{
        (void)process;
        (void)number;
        return -1;
}

/* Where TMPDIR is the program's alone. */
static inline char *mkdtemp(char *pattern)
{
        static int count;

        snprintf(pattern + strlen(pattern) - 6, 7, "%06d", ++count);
        return _mkdir(pattern) == 0 ? pattern : NULL;
}

#endif
