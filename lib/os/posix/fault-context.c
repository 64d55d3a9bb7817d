/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/inside.h"

/*
 * The advice changes nothing, and is refused where nothing is mapped. No other call of POSIX says
 * so without being a cancellation point. Memory that is mapped without access isn't seen.
 */
bool is_readable(const volatile void *address)
{
        uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
        uintptr_t start = (uintptr_t)address & ~(page - 1);

        return start != 0 && posix_madvise((void *)start, page, POSIX_MADV_NORMAL) != ENOMEM;
}

bool is_access_fault(const siginfo_t *info)
{
        return info->si_code == BUS_ADRALN || info->si_code == BUS_ADRERR ||
               info->si_code == BUS_OBJERR;
}

/* The names of the registers are each system's own. */
uintptr_t stack_pointer(const ucontext_t *interrupted)
{
        (void)interrupted;
        return 0;
}

/* It is still that: only a jump within it is made, by POSIX. */
void give_back_stack(const ucontext_t *interrupted)
{
        (void)interrupted;
}
