/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* What only the files of windows/ share. Layer 1. */
#ifndef RMMAP_WINDOWS_INSIDE_H
#define RMMAP_WINDOWS_INSIDE_H

#include "os/handle.h"
#include "os/os.h"
#include "os/windows/calls.h"

/* Others may read, write, rename and delete the file: locks, not openings, keep them out. */
#define SHARE_ALL (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

/*
 * Of each handle that the library opens. Without it the kernel runs the operations of a handle one
 * after another: all writers would wait for a flush.
 */
#define OPEN_FLAGS FILE_FLAG_OVERLAPPED

/* The negative errno of a Windows error; -EIO for one that isn't in its table: error.c. */
int error_of(DWORD error);

/* error_of the last error of this thread. */
int last_error(void);

/* reopen.c: was the handle opened with this access? */
bool handle_allows(int fd, ACCESS_MASK access);

/* ---- path.c, for entry.c */

/* path as the system wants it: absolute. The caller frees *made with memory_free. */
int system_path(const char *path, WCHAR **made);

bool same_file(int a, int b);

void remove_file(const WCHAR *path);

/* ---- io.c: an operation of a handle that may be overlapped */

struct io {
        OVERLAPPED overlapped;
};

/* -ENOMEM, -EMFILE: there is no event for it. */
int io_begin(struct io *io, uint64_t offset);

/* Waits for what a call with io began; started: what the call returned. *done may be NULL. */
int io_end(struct io *io, int fd, BOOL started, DWORD *done);

#endif
