/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What the files of this layer share, and nobody else uses. Layer 1. */
#ifndef RMMAP_OS_INSIDE_H
#define RMMAP_OS_INSIDE_H

#include <signal.h>
#include <sys/stat.h>

#include "os/os.h"

/* ---- path.c, for reopen.c */

/* Not blocking: what turns out to be a FIFO must not hold the caller up. */
#define OPEN_FLAGS (O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* A descriptor or a negative errno, never -EINTR. */
int open_retrying(const char *path, int flags, mode_t mode);

bool same_file(const struct stat *a, const struct stat *b);

/* path_open_directory for the directory part of this path, which is changed. */
int open_parent(char *path, int fd);

/* What path_reopen asks first: -EISDIR, -ENODEV for what isn't a regular file. */
int reopen_check_type(int fd, struct stat *status);

/* -EACCES where what F_GETFL told doesn't allow what is asked. */
int reopen_check_access(int flags, bool read_only);

/* ---- fault-context.c. A signal handler calls these. */

/* Would a load of the 8 aligned bytes at address find memory? Changes errno. */
bool is_readable(const volatile void *address);

/* Raised by an access just now, not sent by somebody nor told of memory lost elsewhere. */
bool is_access_fault(const siginfo_t *info);

/* Of what was interrupted; 0 where it isn't known how to tell. */
uintptr_t stack_pointer(const ucontext_t *interrupted);

/* To be called before a jump out of a handler: the stack for signals is as it was before it. */
void give_back_stack(const ucontext_t *interrupted);

#endif
