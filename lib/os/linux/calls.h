/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* As posix/calls.h, for the calls that only Linux has. Layer 1. */
#ifndef RMMAP_LINUX_CALLS_H
#define RMMAP_LINUX_CALLS_H

#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/vfs.h>

#include "os/posix/calls.h"

#ifdef HAVE_PWRITEV2
#define LINUX_CALL_PWRITEV2(X) X(pwritev2)
#else
#define LINUX_CALL_PWRITEV2(X)
#endif

/* clang-format off */
#define LINUX_CALLS(X) \
        X(eventfd) X(fallocate) X(fstatfs) X(ioctl) X(madvise) X(mincore) X(readlink) \
        X(sync_file_range) X(syscall) \
        LINUX_CALL_PWRITEV2(X)
/* clang-format on */

struct linux_calls {
        LINUX_CALLS(OS_CALL_MEMBER)
};
extern const struct linux_calls linux_calls;

/* ioctl's request is unsigned long in glibc; int in POSIX and musl, with the same 32 bits. */
#ifdef __GLIBC__
#define IOCTL_REQUEST(request) (request)
#else
#define IOCTL_REQUEST(request) ((int)(request))
#endif

#endif
