/* SPDX-License-Identifier: MIT OR Apache-2.0 */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "os/inside.h"

/*
 * This advice changes nothing, and fails with ENOMEM where nothing is mapped. Every other POSIX
 * call that detects this is a cancellation point. Memory mapped with PROT_NONE counts as readable.
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

/* POSIX doesn't define the names of registers. */
uintptr_t stack_pointer(const ucontext_t *interrupted)
{
        (void)interrupted;
        return 0;
}

/* Nothing to restore: by POSIX the signal stack doesn't change while a handler runs on it. */
void give_back_stack(const ucontext_t *interrupted)
{
        (void)interrupted;
}
