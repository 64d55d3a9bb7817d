/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "os/inside.h"
#include "os/linux/calls.h"

/* Not in every C library. */
#ifndef BUS_MCEERR_AR
#define BUS_MCEERR_AR 4
#endif
#ifndef SS_AUTODISARM
#define SS_AUTODISARM (1U << 31)
#endif

/*
 * The kernel reads a signal set at address first: EFAULT if it can't. Then it refuses the unknown
 * change with EINVAL, so the mask stays as it is.
 */
bool is_readable(const volatile void *address)
{
        const int no_such_change = -1;

        return linux_calls.syscall(SYS_rt_sigprocmask, no_such_change, address, NULL,
                                   sizeof(uint64_t)) == 0 ||
               errno != EFAULT;
}

bool is_access_fault(const siginfo_t *info)
{
        switch (info->si_code) {
        case BUS_ADRALN:
        case BUS_ADRERR:
        case BUS_OBJERR:
        case BUS_MCEERR_AR:
                return true;
        default:
                return false;
        }
}

#if defined(__x86_64__)
#define STACK_POINTER(machine) ((machine)->gregs[REG_RSP])
#elif defined(__i386__)
#define STACK_POINTER(machine) ((machine)->gregs[REG_ESP])
#elif defined(__aarch64__)
#define STACK_POINTER(machine) ((machine)->sp)
#else
#define STACK_POINTER(machine) ((void)(machine), 0)
#endif

uintptr_t stack_pointer(const ucontext_t *interrupted)
{
        return (uintptr_t)STACK_POINTER(&interrupted->uc_mcontext);
}

/*
 * With SS_AUTODISARM the kernel disables the signal stack while a handler runs on it, and enables
 * it at the return, which a jump skips.
 */
void give_back_stack(const ucontext_t *interrupted)
{
        if ((unsigned int)interrupted->uc_stack.ss_flags & SS_AUTODISARM)
                (void)sigaltstack(&interrupted->uc_stack, NULL);
}
