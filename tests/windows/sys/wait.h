/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/* Where fork fails there is nobody to wait for. */
#ifndef TEST_WINDOWS_WAIT_H
#define TEST_WINDOWS_WAIT_H

#include <sys/types.h>

#define WIFSIGNALED(status) (status)
#define WTERMSIG(status) (status)
#define WEXITSTATUS(status) (status)

static inline pid_t waitpid(pid_t child, int *status, int options)
{
        (void)child;
        (void)status;
        (void)options;
        return -1;
}

#endif
