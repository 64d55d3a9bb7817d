/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What only the files of this layer share. Layer 1. */
#ifndef RMMAP_OS_INSIDE_H
#define RMMAP_OS_INSIDE_H

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>

#include "os/os.h"

/* ---- path.c and entry.c, for reopen.c and unnamed.c */

/* O_NONBLOCK: opening a FIFO would wait for another process. */
#define OPEN_FLAGS (O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

/* A descriptor or a negative errno, never -EINTR. */
int open_retrying(const char *path, int flags, mode_t mode);

bool same_file(const struct stat *a, const struct stat *b);

/* entry.c: entry_at, if the entry leads to the file of fd. */
int entry_of_file(const char *path, int fd, struct entry *entry);

/* entry_find by the request's own path. */
int entry_as_given(const struct path_request *request, int fd, struct entry *entry);

/* For functions like openat. */
static inline int entry_base(const struct entry *entry)
{
        return entry->directory < 0 ? AT_FDCWD : entry->directory;
}

/* -ENOTDIR: no directory; -ELOOP: a link, with no_follow. */
int check_directory(const struct path_request *request);

/* The first check of path_reopen. -EISDIR: a directory; -ENODEV: no regular file. */
int reopen_check_type(int fd, struct stat *status);

/* -EACCES where a descriptor with these flags, from F_GETFL, doesn't allow the access. */
int reopen_check_access(int flags, bool read_only);

/* ---- fault-context.c. A signal handler calls these. */

/* Can the 8 aligned bytes at address be read without a fault? Changes errno. */
bool is_readable(const volatile void *address);

/* Did an access of this thread raise it? Not kill, and not a report of memory lost elsewhere. */
bool is_access_fault(const siginfo_t *info);

/* The stack pointer of the interrupted code; 0 on machines for which that isn't written. */
uintptr_t stack_pointer(const ucontext_t *interrupted);

/* Before a jump out of a handler: restores the signal stack as it was before the handler. */
void give_back_stack(const ucontext_t *interrupted);

/* ---- msync.c, and fsync.c, for sync.c */

/* Writes the pages that [offset, offset + length) touches to the file, and waits for that. */
int msync_pages(const struct mapping *mapping, uint64_t offset, uint64_t length);

/* Waits until what was written to fd, a file or directory, is durable. */
int fsync_device(int fd, bool with_metadata);

#endif
